"""A line one types into to see fewer rows of a list: Escape empties it, Down goes to the list."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QLineEdit, QToolButton, QWidget


class FilterLine(QLineEdit):
    """What is typed is told by ``textChanged``."""

    def __init__(self, of: QWidget, placeholder: str) -> None:
        """``of``: the list, to which Down leads."""
        super().__init__()
        self._list = of
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        for clear in self.findChildren(QToolButton):
            clear.setToolTip("See the whole list again (Escape).")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Escape with nothing typed is left to others."""
        if event is None:
            return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self._list.setFocus()
        else:
            super().keyPressEvent(event)
