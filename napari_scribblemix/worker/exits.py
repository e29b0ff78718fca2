"""How a worker ended, in one sentence for the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_scribblemix.events import Checkpoint, Event, Failed, Finished, Started
from napari_scribblemix.worker.messages import Job, LiveJob, TrainJob, name_of

_LONGEST = 300


@dataclass(frozen=True)
class Exit:
    """``code`` of the process (negative: the signal that killed it; ``None``: never started)."""

    code: int | None
    sentence: str


@dataclass
class Story:
    """What the events of a job said about its end."""

    job: Job
    failed: Failed | None = None
    finished: Finished | None = None
    saved: bool = False

    def add(self, event: Event) -> None:
        """Take note of one event."""
        if isinstance(event, Failed):
            self.failed = event
        elif isinstance(event, Finished):
            self.finished = event
        elif isinstance(event, Checkpoint) or (isinstance(event, Started) and event.step > 0):
            self.saved = True

    def end(self, code: int, complaints: Sequence[str]) -> Exit:
        """The end, where ``complaints`` are the last lines of the process's standard error."""
        training = isinstance(self.job, TrainJob)
        what = name_of(self.job)
        if self.failed is not None:
            parts = (self.failed.what, self.failed.why, self.failed.next)
            return Exit(code, " ".join(part for part in parts if part))
        if self.finished is not None and code == 0:
            if not self.finished.stopped:
                return Exit(code, f"The {what} finished.")
            if not training:
                return Exit(code, f"The {what} was stopped.")
            how = "; go on from the checkpoint with Resume" if self.saved else " before it began"
            return Exit(code, f"The training was stopped{how}.")
        if code == 0:
            return Exit(code, f"The {what} ended before it began; start it again.")
        if code < 0:
            how = f"was killed (signal {-code})"
        else:
            last = next((line.strip() for line in reversed(complaints) if line.strip()), "")
            more = f", {last[:_LONGEST]}" if last else ""
            how = f"ended unexpectedly (exit code {code}{more})"
        return Exit(code, f"The {what} process {how}; {self._advice(training)}")

    def _advice(self, training: bool) -> str:
        if isinstance(self.job, LiveJob):
            return "the strokes are safe, and the next one starts it again."
        if not training:
            return "the masks written so far are whole: start it again."
        if self.saved:
            return "nothing is lost: go on from the checkpoint with Resume."
        return "it had saved no checkpoint yet, the scribbles are safe: start it again."
