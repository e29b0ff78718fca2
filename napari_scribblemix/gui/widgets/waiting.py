"""A small window that tells how far a piece of work is, and ends it if the user likes."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QProgressDialog, QWidget

from napari_scribblemix.gui.widgets.plain import plain

_AFTER_MS = 300
"""What is done sooner shows no window."""


class Waiting(QProgressDialog):
    """In front of ``window`` until ``take_away``; *Cancel* calls ``cancel``."""

    def __init__(self, title: str, words: str, window: QWidget, cancel: Callable[[], None]) -> None:
        super().__init__(plain(words), "Cancel", 0, 0, window)
        self.setWindowTitle(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAutoReset(False)
        self.setAutoClose(False)
        self.setMinimumDuration(_AFTER_MS)
        self.canceled.connect(cancel)

    def tell(self, done: int, of: int) -> None:
        """So much is done, of so much."""
        self.setMaximum(of)
        self.setValue(done)

    def take_away(self) -> None:
        """It is over; once."""
        # Closing counts as *Cancel*.
        self.canceled.disconnect()
        self.close()
        self.deleteLater()
