"""One long piece of work beside the window, in a thread: it tells how far it is, and can be ended.

The thread touches no widget: what it says waits in a queue, which a timer of the window empties.
Only for work that shares nothing with the window (files to read, files to write).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_scribblemix.errors import ScribbleMixError

_LOOK_MS = 40
_PATIENCE_S = 20.0

Step = Callable[[int, int], None]
"""To be called by the work with how much is done, and of how much."""


class _EndedError(Exception):
    """The work was told to end; raised in its thread by ``Step``."""


class Background(QObject):
    """``work(step)`` in a thread; its result, its error or nothing comes as a signal, once."""

    progressed = Signal(int, int)
    done = Signal(object)
    failed = Signal(str)
    ended = Signal()
    """It is over: done, failed, or ended by ``end``; always the last signal."""

    def __init__(self, work: Callable[[Step], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.reached = 0
        """How much the work had done when it told last."""
        self._work, self._stop = work, threading.Event()
        self._said: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="ScribbleMix")
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()
        self._timer.start()

    def end(self) -> None:
        """Let the work end at its next step; its result is not wanted any more."""
        self._stop.set()

    def close(self) -> None:
        """End the work and wait for its thread; no signal comes any more."""
        self._timer.stop()
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)

    def _step(self, done: int, of: int) -> None:
        self._said.put(("progress", (done, of)))
        if self._stop.is_set():
            raise _EndedError

    def _run(self) -> None:
        try:
            self._said.put(("done", self._work(self._step)))
        except _EndedError:
            self._said.put(("ended", None))
        except ScribbleMixError as error:
            self._said.put(("failed", str(error)))
        # A defect of ours is raised again where the window sees it, not lost with the thread.
        except Exception as error:  # noqa: BLE001
            self._said.put(("defect", error))

    def _look(self) -> None:
        latest: tuple[int, int] | None = None
        while True:
            try:
                kind, what = self._said.get_nowait()
            except Empty:
                break
            if kind == "progress":
                latest, self.reached = what, what[0]
                continue
            self._finish(kind, what)
            return
        if latest is not None and not self._stop.is_set():
            self.progressed.emit(*latest)

    def _finish(self, kind: str, what: Any) -> None:
        self._timer.stop()
        self._thread.join()
        wanted = not self._stop.is_set()
        try:
            if kind == "done" and wanted:
                self.done.emit(what)
            elif kind == "failed" and wanted:
                self.failed.emit(what)
            elif kind == "defect":
                raise what
        finally:
            self.ended.emit()
