"""From the training process to Qt: what its reader thread tells arrives in the window's thread.

Qt carries a signal that is emitted in another thread over to the thread of the object that receives
it; nothing else of this plugin runs in a second thread.  What is still on its way when the worker
is closed arrives nowhere: by then there may be no project, no layer and no window.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_scribblemix.events import Event
from napari_scribblemix.worker.client import SAVING_SECONDS, Exit, WorkerClient
from napari_scribblemix.worker.messages import Command, Job

ClientFactory = Callable[[Path, Callable[[Event], None], Callable[[Exit], None]], Any]


class WorkerRelay(QObject):
    """One worker at a time, for whichever project the job is of."""

    told = Signal(object)
    """An ``Event``."""
    ended = Signal(object)
    """An ``Exit``, once, after the last event."""
    _came = Signal(int, object)
    _went = Signal(int, object)

    def __init__(
        self, make_client: ClientFactory = WorkerClient, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._make_client = make_client
        self._client: Any = None
        self._project: Path | None = None
        self._number = 0
        """Of the client that is listened to."""
        self._came.connect(self._on_event)
        self._went.connect(self._on_exit)

    @property
    def running(self) -> bool:
        """Whether a child process is there."""
        return self._client is not None and bool(self._client.running)

    def prepare(self, project: Path) -> None:
        """Have a process ready for the next job in ``project``; nothing while one runs."""
        if not self.running:
            self._client_for(project).prepare()

    def release(self) -> None:
        """End the process that waits for a job, if there is one."""
        if self._client is not None:
            self._client.release()

    def discard(self) -> None:
        """End the worker by force and forget it: for one that holds nothing to be saved."""
        self._number += 1
        if self._client is not None:
            self._client.discard()
            self._client = None

    def start(self, project: Path, job: Job) -> None:
        """Start a worker; ``ProjectError`` if one runs, ``FileError`` if none can be started."""
        self._client_for(project).start(job)

    def _client_for(self, project: Path) -> Any:
        if self._client is None or (project != self._project and not self.running):
            self.close(0.0)
            number = self._number
            self._client = self._make_client(
                project,
                lambda event: self._came.emit(number, event),
                lambda end: self._went.emit(number, end),
            )
            self._project = project
        return self._client

    def send(self, command: Command) -> None:
        """Send a command; does nothing if no worker runs."""
        if self._client is not None:
            self._client.send(command)

    def stop(self) -> None:
        """Ask the worker to save and end."""
        if self._client is not None:
            self._client.stop()

    def close(self, timeout: float = SAVING_SECONDS) -> None:
        """Stop the worker, which saves first, and wait for its end; nothing more is told of it."""
        self._number += 1
        if self._client is not None:
            self._client.close(timeout)
            self._client = None

    def _on_event(self, number: int, event: Event) -> None:
        if number == self._number:
            self.told.emit(event)

    def _on_exit(self, number: int, end: Exit) -> None:
        if number == self._number:
            self.ended.emit(end)
