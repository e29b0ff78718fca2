"""A bar for each slice: how good its mask probably is, which ones a person answers for.

A high blue bar is a mask that is expected to be good, a low orange one a poor one; green with a
tick is what was accepted or corrected.  A click goes to the slice, as do the arrow keys.  Colours
are three of Okabe and Ito's, told apart by the colour-blind.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from qtpy.QtCore import QEvent, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.gui.widgets.fonts import FittedToFont
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.project.expected import LOW, Expected, expected_of

GOOD, POOR, ANSWERED = QColor("#56b4e9"), QColor("#e69f00"), QColor("#009e73")

_LINES = 1.6
"""Height in lines of text."""

_GAP = 1.0

_HINT = (
    "A bar for each slice, from the first to the last: how good its mask probably is. Blue: good; "
    "orange and low: probably poor; green: accepted or corrected; nothing: no mask there. Click a "
    "bar to go to its slice."
)


@dataclass(frozen=True)
class StripState:
    """What is shown: so many ``slices``, the one on screen, and what is known of each."""

    slices: int = 0
    number: int = 0
    expected: Expected = field(default_factory=Expected)
    answered: Collection[int] = frozenset()

    @property
    def warning(self) -> str:
        """What must be said of the mask of the slice on screen, if anything."""
        known = self.expected.of_slice(self.number)
        if known is None or known >= LOW or self.number in self.answered:
            return ""
        return (
            f"The mask of this slice is probably poor (expected Dice {known:.2f}): draw where it "
            "is wrong, or correct it."
        )

    def words(self, number: int) -> str:
        """What is said of one slice."""
        known = self.expected.of_slice(number)
        if number in self.answered:
            return f"Slice {number}: a person answers for it."
        if known is None:
            return f"Slice {number}: no mask to judge."
        poor = " Probably poor: look at it." if known < LOW else ""
        return f"Slice {number}: expected Dice {known:.2f}.{poor}"


def strip_of(case: OpenCase | None, number: int) -> StripState:
    """What is known of the slices of the case on screen; ``number`` is the slice."""
    if case is None or case.prediction is None:
        return StripState()
    answered = case.accepted | case.corrected
    return StripState(case.slices, number, expected_of(case.origin), answered)


class SliceStrip(FittedToFont, QWidget):
    """Shows what it is given; tells which slice is wanted."""

    slice_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._state = StripState()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Slices")
        self.setToolTip(plain(_HINT))
        self.fit()

    @property
    def state(self) -> StripState:
        """What is shown."""
        return self._state

    def show_state(self, state: StripState) -> None:
        """Show another state."""
        if state != self._state:
            self._state = state
            self.setAccessibleDescription(plain(state.words(state.number) if state.slices else ""))
            self.update()

    def bar(self, number: int) -> QRectF:
        """Where the bar of a slice may be, in pixels."""
        wide = self.width() / max(1, self._state.slices)
        return QRectF(number * wide, 0, wide, self.height())

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its font asks for."""
        return QSize(120, self.minimumHeight())

    def fit(self) -> None:
        """Be as high as so many lines of the font."""
        self.setFixedHeight(round(_LINES * self.fontMetrics().height()))

    def paintEvent(self, _event: QPaintEvent | None) -> None:  # noqa: N802
        """Called by Qt."""
        painter = QPainter(self)
        state = self._state
        quiet = QColor(self.palette().color(self.foregroundRole()))
        quiet.setAlphaF(0.18)
        for number in range(state.slices):
            room = self.bar(number).adjusted(_GAP, _GAP, -_GAP, -_GAP)
            painter.fillRect(room, quiet)
            known = state.expected.of_slice(number)
            if number in state.answered:
                painter.fillRect(room, ANSWERED)
                self._tick(painter, room)
            elif known is not None:
                bar = QRectF(room)
                bar.setTop(room.bottom() - known * room.height())
                painter.fillRect(bar, POOR if known < LOW else GOOD)
        if state.slices:
            pen = QPen(self.palette().color(self.foregroundRole()))
            pen.setWidthF(2.0)
            painter.setPen(pen)
            painter.drawRect(self.bar(state.number).adjusted(1, 1, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """A click goes to the slice."""
        if event is not None and (number := self._at(event.pos().x())) is not None:
            self.slice_wanted.emit(number)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """The arrows go to the slice beside."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = 0 if event is None else steps.get(event.key(), 0)
        number = self._state.number + step
        if step and 0 <= number < self._state.slices:
            self.slice_wanted.emit(number)
        elif not step:
            super().keyPressEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """The tooltip of a bar says what is known of its slice."""
        if event is not None and event.type() == QEvent.Type.ToolTip:
            number = self._at(event.pos().x())
            words = _HINT if number is None else f"{self._state.words(number)}\n\n{_HINT}"
            QToolTip.showText(event.globalPos(), plain(words), self)
            return True
        return bool(super().event(event))

    def _at(self, x: int) -> int | None:
        if not self._state.slices or not 0 <= x < self.width():
            return None
        return min(self._state.slices - 1, int(x * self._state.slices / self.width()))

    @staticmethod
    def _tick(painter: QPainter, room: QRectF) -> None:
        """A tick in the bar, where there is room for one."""
        side = min(room.width(), room.height()) * 0.5
        if side < 3:
            return
        center = room.center()
        pen = QPen(QColor("white"))
        pen.setWidthF(max(1.0, side / 5))
        painter.setPen(pen)
        left, low = center.x() - side / 2, center.y()
        corner = (center.x() - side / 8, center.y() + side / 2.5)
        painter.drawLine(round(left), round(low), round(corner[0]), round(corner[1]))
        painter.drawLine(
            round(corner[0]), round(corner[1]), round(center.x() + side / 2),
            round(center.y() - side / 2),
        )  # fmt: skip
