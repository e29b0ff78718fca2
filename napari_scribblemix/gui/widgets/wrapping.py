"""Widgets side by side as long as there is room, else in several lines: a panel of large letters.

Qt's own rows force their width on the panel, the panel on the window, and with a large font the
window becomes wider than the screen.  superqt's flow layout wraps, but lets nothing take what is
left of a line, and keeps room for what is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtWidgets import QLayout, QLayoutItem, QWidget

_GAP = 4
"""Pixels between two widgets of a line."""

_BETWEEN = 3
"""Pixels between two lines."""


class _Wrapping(QLayout):
    """What all have in common: the items, and a height that depends on the width."""

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            self.addWidget(widget)

    def addItem(self, item: QLayoutItem | None) -> None:  # noqa: N802
        """Called by Qt for each widget."""
        if item is not None:
            self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """The item at a place."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """Give an item back."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        """Sideways only."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Yes."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """The height of all lines in such a width."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        """Place all widgets."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def minimumSize(self) -> QSize:  # noqa: N802
        """The widest widget alone in its line."""
        sizes = [item.minimumSize() for item in self._seen()]
        return QSize(
            max((size.width() for size in sizes), default=0),
            max((size.height() for size in sizes), default=0),
        )

    def sizeHint(self) -> QSize:  # noqa: N802
        """All in one line."""
        raise NotImplementedError

    def _seen(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, move: bool) -> int:
        """Place the widgets from the top left of ``rect``, if they are to move; the height."""
        raise NotImplementedError


class Row(_Wrapping):
    """One line, or more; the widget at index ``stretch`` takes what is left of its line.

    Where that one stands in another line, all of a line grow alike.
    """

    def __init__(self, widgets: Sequence[QWidget], stretch: int | None) -> None:
        super().__init__(widgets)
        self._stretch = stretch

    def sizeHint(self) -> QSize:  # noqa: N802
        """All in one line."""
        sizes = [item.sizeHint() for item in self._seen()]
        width = sum(size.width() for size in sizes) + _GAP * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        left = 0
        for item in self._seen():
            need = item.minimumSize().width()
            if not lines or need + _GAP > left:
                lines.append([])
                left = width + _GAP
            lines[-1].append(item)
            left -= need + _GAP
        return lines

    def _place(self, rect: QRect, *, move: bool) -> int:
        y = rect.y()
        for line in self._lines(rect.width()):
            widths = self._widths(line, rect.width())
            high = max(map(_height, line, widths))
            x = rect.x()
            for item, wide in zip(line, widths, strict=True):
                if move:
                    item.setGeometry(QRect(x, y, wide, high))
                x += wide + _GAP
            y += high + _BETWEEN
        return int(max(0, y - _BETWEEN - rect.y()))

    def _widths(self, line: Sequence[QLayoutItem], width: int) -> list[int]:
        """As wide as each likes to be; what is left, or lacks, is the stretching one's."""
        least = [item.minimumSize().width() for item in line]
        room = width - _GAP * (len(line) - 1)
        chosen = None if self._stretch is None else self._items[self._stretch]
        takers = [place for place, item in enumerate(line) if item is chosen] or range(len(line))
        liked = [
            low if place in takers else max(low, item.sizeHint().width())
            for place, (item, low) in enumerate(zip(line, least, strict=True))
        ]
        widths = liked if sum(liked) <= room else least
        share = max(0, room - sum(widths)) // len(takers)
        return [wide + share * (place in takers) for place, wide in enumerate(widths)]


def _height(item: QLayoutItem, width: int) -> int:
    return int(item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height())


class Pairs(_Wrapping):
    """Names and fields in turn: two pairs a line where there is room, else one; fields stretch."""

    def sizeHint(self) -> QSize:  # noqa: N802
        """Two pairs a line."""
        width = sum(max(item.sizeHint().width() for item in column) for column in self._columns(2))
        return QSize(width + 3 * _GAP, self._place(QRect(0, 0, width + 3 * _GAP, 0), move=False))

    def minimumSize(self) -> QSize:  # noqa: N802
        """One pair a line."""
        width = self._least(1)
        return QSize(width, super().minimumSize().height())

    def _columns(self, pairs: int) -> list[list[QLayoutItem]]:
        """The items of each column, with ``pairs`` a line."""
        columns = [self._items[place :: 2 * pairs] for place in range(2 * pairs)]
        return [column for column in columns if column]

    def _names(self, pairs: int) -> list[int]:
        """How wide the names of each pair of columns are."""
        return [
            max(item.sizeHint().width() for item in column) for column in self._columns(pairs)[::2]
        ]

    def _least(self, pairs: int) -> int:
        names = self._names(pairs)
        # All fields are as wide as the widest has to be.
        field = max((item.minimumSize().width() for item in self._items[1::2]), default=0)
        return int(sum(names)) + len(names) * int(field) + _GAP * max(0, 2 * len(names) - 1)

    def _place(self, rect: QRect, *, move: bool) -> int:
        pairs = 2 if self._least(2) <= rect.width() else 1
        names = self._names(pairs)
        room = rect.width() - sum(names) - _GAP * (2 * len(names) - 1)
        y = rect.y()
        for first in range(0, len(self._items), 2 * pairs):
            line = self._items[first : first + 2 * pairs]
            high = max(item.sizeHint().height() for item in line)
            x = rect.x()
            for place, item in enumerate(line):
                wide = room // len(names) if place % 2 else names[place // 2]
                if move:
                    item.setGeometry(QRect(x, y, wide, high))
                x += wide + _GAP
            y += high + _BETWEEN
        return int(max(0, y - _BETWEEN - rect.y()))


class Cells(_Wrapping):
    """Widgets alike in columns of one width: up to ``most`` a line, fewer where it is narrow."""

    def __init__(self, most: int) -> None:
        super().__init__(())
        self._most = most

    def sizeHint(self) -> QSize:  # noqa: N802
        """As many a line as there may be."""
        columns = min(self._most, len(self._items))
        width = columns * (self.minimumSize().width() + _GAP) - _GAP
        return QSize(width, self._place(QRect(0, 0, width, 0), move=False))

    def _place(self, rect: QRect, *, move: bool) -> int:
        items, least = self._seen(), self.minimumSize()
        columns = max(1, min(self._most, (rect.width() + _GAP) // (least.width() + _GAP)))
        # Whole lines look better than one alone in the last.
        lines = -(-len(items) // columns)
        columns = max(1, -(-len(items) // lines)) if lines > 1 else columns
        wide = (rect.width() - _GAP * (columns - 1)) // columns
        for place, item in enumerate(items):
            corner = (place % columns * (wide + _GAP), place // columns * (least.height() + _GAP))
            if move:
                size = QSize(wide, least.height())
                item.setGeometry(QRect(rect.topLeft() + QPoint(*corner), size))
        return int(max(0, lines * (least.height() + _GAP) - _GAP))
