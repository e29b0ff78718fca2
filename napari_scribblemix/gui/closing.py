"""Before the panel goes: the question in a training, and the wait while the training saves.

Nothing is taken apart before it is sure that the window, or the dock, really closes: napari asks a
question of its own, and *Cancel* there leaves everything as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from napari.settings import get_settings
from qtpy.QtCore import QEventLoop, Qt
from qtpy.QtWidgets import QApplication, QMessageBox, QProgressDialog, QWidget

from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.worker.client import SAVING_SECONDS

_TURN_SECONDS = 0.02


def may_end_training(window: QWidget) -> bool:
    """Whether the training that runs may be saved and ended."""
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.question(
        window,
        "A training is running",
        "A training is running. Close, and save it? It can be gone on with later.",
        buttons.Yes | buttons.Cancel,
        buttons.Yes,
    )
    return bool(answer == buttons.Yes)


@contextmanager
def no_more_questions() -> Iterator[None]:
    """Let napari close without asking whether it shall; of its own tasks it still asks."""
    application = get_settings().application
    before = application.confirm_close_window
    # Unheard: a setting that somebody hears of is written to the disk.
    with application.events.blocker_all():
        application.confirm_close_window = False
    try:
        yield
    finally:
        with application.events.blocker_all():
            application.confirm_close_window = before


def wait_for_end(
    relay: WorkerRelay, window: QWidget, words: str, seconds: float = SAVING_SECONDS
) -> None:
    """Stop the worker and wait while it saves, saying so in ``window``; no longer than ``seconds``.

    A worker that is still there then is ended by force, and that is said too.
    """
    relay.stop()
    notice = QProgressDialog(plain(words), "", 0, 0, window)
    notice.setWindowTitle("ScribbleMix")
    notice.setCancelButton(None)
    notice.setWindowModality(Qt.WindowModality.ApplicationModal)
    # There is nothing to close it for: it goes by itself.
    notice.setWindowFlag(Qt.WindowType.WindowCloseButtonHint, False)
    notice.show()
    end = time.monotonic() + seconds
    while relay.running and time.monotonic() < end:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        time.sleep(_TURN_SECONDS)
    late = relay.running
    relay.close(0.0 if late else seconds)
    notice.hide()
    notice.deleteLater()
    if late:
        QMessageBox.warning(
            window,
            "Not all was saved",
            f"The training process did not end within {seconds:.0f} s and was ended by force. What "
            "it saved before is kept; the training can be gone on with from there.",
        )


def at_cross(dock: Any, close: Callable[[], bool]) -> None:
    """Let ``close`` decide, and do its work, before the cross of napari's ``dock`` takes it out."""
    take_out = dock.destroyOnClose

    def close_first() -> None:
        if close():
            take_out()

    # What the cross calls; napari has no signal that comes before.
    dock.destroyOnClose = close_first
