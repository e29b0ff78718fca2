"""Room for so many lines of text that stays the same: no button moves when something is said.

What has no room is said in brief first (of a path the last part), then it ends in an ellipsis.  The
tooltip, a click and a copy have all of it.
"""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QTextLayout,
)
from qtpy.QtWidgets import QApplication, QLabel, QMenu, QSizePolicy, QToolTip

from napari_scribblemix.data.wording import brief
from napari_scribblemix.gui.widgets.fonts import FittedToFont
from napari_scribblemix.gui.widgets.plain import plain

_SHOWN_MS = 60_000
"""So long a click shows what was cut."""

_ELLIPSIS = Qt.TextElideMode.ElideRight


def wrapped(text: str, width: int, font: QFont) -> list[str]:
    """``text`` in lines no wider than ``width`` pixels; its own line ends stay."""
    lines = []
    for paragraph in text.split("\n"):
        layout = QTextLayout(paragraph, font)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            lines.append(paragraph[line.textStart() :][: line.textLength()].rstrip())
        layout.endLayout()
    return lines


class Lines(FittedToFont, QLabel):
    """A label as high as ``count`` lines, whatever it says; ``text()`` is all of it."""

    def __init__(self, count: int, tone: str = "") -> None:
        super().__init__()
        self._count, self._full, self._cut = count, "", False
        self._looks, self._high = ("", 0, 0), 0
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # Under a style sheet's frame a label indents its text by half a letter, downwards too.
        self.setIndent(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setProperty("tone", tone)
        self.fit()

    def give_room(self, count: int) -> None:
        """Be as high as so many lines from now on."""
        if count != self._count:
            self._count, self._looks = count, ("", 0, 0)
            self.fit()

    def text(self) -> str:
        """All that was said, whether or not there is room for it."""
        return self._full

    def setText(self, text: str | None) -> None:  # noqa: N802
        """Say something else, or nothing."""
        self._full = text or ""
        self.fit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """A copy is of what is marked, else of all that was said, whatever there was room for."""
        all_of_it = self._cut and not self.hasSelectedText()
        if event is not None and all_of_it and event.matches(QKeySequence.StandardKey.Copy):
            self.copy_all()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """A click on what was cut shows all of it, as long as the mouse stays there."""
        super().mouseReleaseEvent(event)
        left = event is not None and event.button() == Qt.MouseButton.LeftButton
        if left and self._cut and not self.hasSelectedText():
            # Not Qt's "What's this", which swallows the next click, whatever it was for.
            below = self.mapToGlobal(self.rect().bottomLeft())
            QToolTip.showText(below, plain(self._full), self, self.rect(), _SHOWN_MS)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:  # noqa: N802
        """Copy all."""
        if event is not None and self._full:
            menu = QMenu(self)
            menu.addAction("Copy all of it").triggered.connect(lambda _on=False: self.copy_all())
            menu.popup(event.globalPos())

    def copy_all(self) -> None:
        """Put all that was said on the clipboard."""
        QApplication.clipboard().setText(self._full)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As high as it is, and no width of its own."""
        return QSize(0, self.height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Another width, other lines."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """As high as the lines are, and of the text what has room in them."""
        measure, margins = QFontMetrics(self.font()), self.contentsMargins()
        looks = (self.font().key(), margins.top(), margins.bottom())
        if looks != self._looks:
            # The label itself knows best: heights of lines are no whole pixels.
            self._looks, shown = looks, super().text()
            super().setText("\n".join("X" * self._count))
            self._high = super().sizeHint().height()
            super().setText(shown)
        high = self._high
        if self.height() != high or self.minimumHeight() != high:
            self.setFixedHeight(high)
        width = self.contentsRect().width()
        lines = wrapped(self._full, width, self.font()) if width > 0 else [self._full]
        cut = len(lines) > self._count
        if cut:
            lines = wrapped(brief(self._full), width, self.font())
        if len(lines) > self._count:
            rest = " ".join(lines[self._count - 1 :])
            lines = [*lines[: self._count - 1], measure.elidedText(rest, _ELLIPSIS, width)]
        shown = "\n".join(lines)
        if shown != super().text():
            super().setText(shown)
        if cut or self._cut:
            self.setToolTip(plain(self._full if cut else ""))
        self._cut = cut
