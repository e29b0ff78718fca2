"""Yes or no, as a person says: what Enter means is the answer that loses nothing."""

from __future__ import annotations

from qtpy.QtWidgets import QMessageBox, QWidget

from napari_scribblemix.gui.widgets.plain import plain


def ask(parent: QWidget, title: str, words: str) -> bool | None:
    """The answer to a question; ``None`` if it was cancelled.  *No* is what Enter means."""
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.question(
        parent, title, plain(words), buttons.Yes | buttons.No | buttons.Cancel, buttons.No
    )
    return None if answer == buttons.Cancel else bool(answer == buttons.Yes)
