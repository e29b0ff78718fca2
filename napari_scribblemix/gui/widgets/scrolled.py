"""The steps in a column that scrolls, in which nothing moves away under the mouse.

When text above grows or goes, the column scrolls by as much, so that what the mouse is on (else
the first control in sight) stays where it is; where the content would end sooner it keeps its
height until somebody scrolls up.
"""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QPoint, QSize, Qt
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QMainWindow,
    QScrollArea,
    QWidget,
)

_WIDEST = 3
"""The part of the window's width that the panel takes by itself: the third."""

_CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox)


class Column(QScrollArea):
    """Scrolls up and down only, and is always wide enough for what is in it."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # It takes the clicks that no control takes (see ``keyboard``), and is no stop of Tab.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setWidget(inside)
        inside.installEventFilter(self)
        self._places: dict[QWidget, int] = {}
        self._room = QSize()
        self._holding = False
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as it likes to be, but the image has more."""
        hint = super().sizeHint()
        inside, bar = self.widget(), self.verticalScrollBar().sizeHint().width()
        window = self.window()
        of = window if isinstance(window, QMainWindow) else self.screen().availableGeometry()
        return QSize(min(inside.sizeHint().width() + bar, of.width() // _WIDEST), hint.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The content was laid out anew, perhaps by another theme."""
        inside = self.widget()
        if watched is inside and event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            bar = self.verticalScrollBar().sizeHint().width()
            self.setMinimumWidth(inside.minimumSizeHint().width() + bar)
            if not self._holding and self._is_settled(inside):
                self._hold(inside)
        # Qt's own: text that wraps anew makes the content higher.
        return bool(super().eventFilter(watched, event))

    def _is_settled(self, inside: QWidget) -> bool:
        """Whether the content has the height it asks for; if not, it will have it in a moment."""
        needed = inside.heightForWidth(inside.width())
        least = max(inside.minimumHeight(), inside.minimumSizeHint().height())
        return bool(inside.height() == max(needed, least, self.viewport().height()))

    def _hold(self, inside: QWidget) -> None:
        """Scroll by as much as what is looked at has moved."""
        before, self._places = self._places, self._placed(inside)
        room, self._room = self._room, self.viewport().size()
        bar = self.verticalScrollBar()
        anchor = self._anchor(before, bar.value())
        # In a panel of another size everything may lie elsewhere.
        if anchor is None or room != self._room:
            return
        wanted = max(0, bar.value() + self._places[anchor] - before[anchor])
        end = inside.height() - self._room.height()
        if wanted == bar.value() and wanted <= end:
            return
        self._holding = True
        if wanted > end:
            inside.setMinimumHeight(wanted + self._room.height())
        bar.setRange(0, max(end, wanted))
        bar.setValue(wanted)
        self._holding = False

    def _placed(self, inside: QWidget) -> dict[QWidget, int]:
        """How far below the top of the content each control in it is."""
        controls = [w for kind in _CONTROLS for w in inside.findChildren(kind) if w.isVisible()]
        return {control: control.mapTo(inside, QPoint()).y() for control in controls}

    def _anchor(self, before: dict[QWidget, int], top: int) -> QWidget | None:
        """What must not move: the control that the mouse is on, else the first in sight."""
        under = QApplication.widgetAt(QCursor.pos())
        while under is not None and under not in before:
            under = under.parentWidget()
        if under is not None and under in self._places:
            return under
        mouse = self.viewport().mapFromGlobal(QCursor.pos())
        near = top + mouse.y() if self.viewport().rect().contains(mouse) else top
        below = [w for w, place in before.items() if place >= near and w in self._places]
        return min(below, key=lambda control: before[control], default=None)

    def _on_scrolled(self, value: int) -> None:
        """Somebody scrolls: height that was kept for nothing's sake goes."""
        inside = self.widget()
        if not self._holding and inside is not None:
            inside.setMinimumHeight(min(inside.minimumHeight(), value + self.viewport().height()))
