"""A worker process that waits, so that *Segment* and *Train* begin at once.

Loading PyTorch takes seconds.  So a process that has done so is kept ready while a project is open
in which it could write, and given up when nobody has drawn, changed the case or asked for a mask
for long; the next of these brings one back.  For how long is a preference.
"""

from __future__ import annotations

from qtpy.QtCore import QObject, QTimer

from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.session import Session

_SETTLED = 1500
"""Milliseconds after which the window has shown what was opened."""

_MINUTE = 60_000


class ReadyWorker(QObject):
    """Keeps a process ready for the open project of ``session``."""

    def __init__(self, session: Session, relay: WorkerRelay, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._relay = session, relay
        self._soon = self._timer(self._prepare)
        self._idle = self._timer(relay.release)
        session.project_changed.connect(self._on_project)
        for signal in (session.case_changed, session.scribble_changed, session.masks_changed):
            signal.connect(self._on_use)
        relay.ended.connect(self._on_use)

    def _timer(self, do: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(do)
        return timer

    def close(self) -> None:
        """Start no process any more; who made the relay closes the one that waits."""
        self._soon.stop()
        self._idle.stop()

    def _on_project(self) -> None:
        # One that waits is for the project before.
        if not self._relay.running:
            self._relay.release()
        self._on_use()

    def _on_use(self, *_: object) -> None:
        minutes = preferences.ready_minutes()
        if minutes <= 0 or not self._session.writable:
            self.close()
            self._relay.release()
            return
        self._idle.start(round(minutes * _MINUTE))
        if not self._soon.isActive():
            self._soon.start(_SETTLED)

    def _prepare(self) -> None:
        if self._session.project is not None:
            self._relay.prepare(self._session.project.folder.absolute())
