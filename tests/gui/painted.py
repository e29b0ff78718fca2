"""Where the controls of a panel are seen: their places at the moments when they are painted.

Between two paintings a layout may pass through anything; what is painted is seen, and clicked on.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QSlider,
    QWidget,
)

_KINDS = (QAbstractButton, QComboBox, QAbstractSpinBox, QSlider)


class Painted(QObject):
    """Watches ``panel``; ``moved`` are the controls painted elsewhere than before, and where."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self._panel = panel
        self._seen: dict[QWidget, tuple[int, int, int, int]] = {}
        self.moved: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []
        QApplication.instance().installEventFilter(self)

    def close(self) -> None:
        """Watch no more."""
        QApplication.instance().removeEventFilter(self)

    @property
    def seen(self) -> int:
        """How many controls were painted."""
        return len(self._seen)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Called by Qt."""
        ours = isinstance(watched, _KINDS)
        if ours and event.type() == QEvent.Type.Paint and self._panel.isAncestorOf(watched):
            corner = watched.mapTo(self._panel, QPoint())
            place = (corner.x(), corner.y(), watched.width(), watched.height())
            if place != self._seen.setdefault(watched, place):
                name = watched.accessibleName() or getattr(watched, "text", watched.toolTip)()
                self.moved.append((name, self._seen[watched], place))
            self._seen[watched] = place
        return False
