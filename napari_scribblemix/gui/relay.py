"""From the training process to Qt: what its reader thread tells arrives in the window's thread.

Qt carries a signal that is emitted in another thread over to the thread of the object that receives
it; nothing else of this plugin runs in a second thread.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_scribblemix.events import Event
from napari_scribblemix.worker.client import Exit, WorkerClient
from napari_scribblemix.worker.messages import Command, Job

ClientFactory = Callable[[Path, Callable[[Event], None], Callable[[Exit], None]], Any]


class WorkerRelay(QObject):
    """One worker at a time, for whichever project the job is of."""

    told = Signal(object)
    """An ``Event``."""
    ended = Signal(object)
    """An ``Exit``, once, after the last event."""

    def __init__(
        self, make_client: ClientFactory = WorkerClient, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._make_client = make_client
        self._client: Any = None
        self._project: Path | None = None

    @property
    def running(self) -> bool:
        """Whether a child process is there."""
        return self._client is not None and bool(self._client.running)

    def start(self, project: Path, job: Job) -> None:
        """Start a worker; ``ProjectError`` if one runs, ``FileError`` if none can be started."""
        if self._client is None or (project != self._project and not self.running):
            self.close(0.0)
            self._client = self._make_client(project, self.told.emit, self.ended.emit)
            self._project = project
        self._client.start(job)

    def send(self, command: Command) -> None:
        """Send a command; does nothing if no worker runs."""
        if self._client is not None:
            self._client.send(command)

    def stop(self) -> None:
        """Ask the worker to save and end."""
        if self._client is not None:
            self._client.stop()

    def close(self, timeout: float = 10.0) -> None:
        """Stop the worker, which saves first, and wait for its end."""
        if self._client is not None:
            self._client.close(timeout)
            self._client = None
