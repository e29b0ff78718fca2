"""A worker client without a process: it remembers what it was told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_scribblemix.events import Event
from napari_scribblemix.worker.client import SAVING_SECONDS, Exit
from napari_scribblemix.worker.messages import Command, Job


class FakeClient:
    """Has the methods of ``WorkerClient``; a test lets it ``tell`` and ``end``."""

    made: Any = None

    def __init__(
        self, project: Path, on_event: Callable[[Event], None], on_exit: Callable[[Exit], None]
    ) -> None:
        self.project, self.tell, self._on_exit = project, on_event, on_exit
        self.jobs: list[Job] = []
        self.commands: list[Command] = []
        self.running = False
        self.stopped = self.closed = self.prepared = self.released = self.discarded = 0
        self.stubborn = False
        """Whether it stays although it was told to stop."""
        self._tell_of_itself()

    def _tell_of_itself(self) -> None:
        FakeClient.made = self

    def prepare(self) -> None:
        self.prepared += 1

    def release(self) -> None:
        self.released += 1

    def start(self, job: Job) -> None:
        self.jobs.append(job)
        self.running = True

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def discard(self) -> None:
        self.discarded += 1
        self.running = False

    def stop(self) -> None:
        self.stopped += 1
        self.running = self.stubborn

    def close(self, timeout: float = SAVING_SECONDS) -> None:
        self.closed += 1
        self.running = False

    def end(self, code: int = 0, sentence: str = "The training finished.") -> None:
        self.running = False
        self._on_exit(Exit(code, sentence))


class QuietClient(FakeClient):
    """The same for the worker that follows strokes; ``FakeClient.made`` stays the other one."""

    made: Any = None

    def _tell_of_itself(self) -> None:
        QuietClient.made = self
