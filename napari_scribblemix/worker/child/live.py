"""Masks follow the strokes: first on the case on screen, until the parent says stop.

It reads the project without the lock and writes only predictions.  A new stroke is taken at once; a
case that was left while its strokes were learnt is finished when there is nothing else to do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.events import Event, Finished, Followed, Preparing, Warned
from napari_scribblemix.inference.model import load_model
from napari_scribblemix.project.makers import maker_of
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.device import choose_device, set_threads
from napari_scribblemix.worker.child.following import Following, Guide
from napari_scribblemix.worker.child.idle import wait_for
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    LiveJob,
    PreviewCase,
    ScribblesChanged,
    Stop,
)

_KEPT = 2
"""Cases beside that on screen of which is kept what was learnt."""


def live(job: LiveJob, folder: Path, inbox: Inbox) -> Iterator[Event]:
    """Follow the strokes as ``job`` says, in the project at ``folder``; errors as they come."""
    set_threads(job.threads)
    arrived = threading.Event()
    inbox.on_arrival = arrived.set
    begun, told = time.monotonic(), 0
    cases = _Cases(job, folder)
    yield Preparing(message=f"Following the strokes with {job.model.name}")
    while True:
        arrived.clear()
        for command in inbox.take():
            match command:
                case Stop():
                    yield Finished(
                        step=told,
                        elapsed=time.monotonic() - begun,
                        stopped=True,
                        model=str(job.model),
                    )
                    return
                case PreviewCase():
                    cases.show(command.case, command.slice)
                case ScribblesChanged():
                    cases.strokes_changed(command.case)
        following = cases.next()
        if following is None:
            wait_for(arrived)
            continue
        if following.pause > 0 and arrived.wait(following.pause):
            continue
        try:
            for event in following.work(cases.slice):
                told += 1
                yield event
        except ScribbleMixError as error:
            following.give_up()
            yield Warned(message=f"{following.id} is not followed: {error}")
            yield Followed(case=following.id, words="Not followed.")


class _Cases:
    """The case on screen, and others: those left half learnt, and those last looked at.

    Who comes back to a case goes on where they were, as long as it is among the last few.
    """

    def __init__(self, job: LiveJob, folder: Path) -> None:
        model = load_model(job.model, choose_device(job.device))
        project = Project.open(folder, write=False)
        maker = replace(maker_of(job.model, model.card.steps, project), live=True)
        self._guide = Guide(model, maker, folder)
        self._shown = Following(job.case, self._guide)
        self._others: dict[str, Following] = {}
        self.slice = job.slice

    def show(self, case_id: str, number: int | None) -> None:
        """That case is on screen, and that slice of it."""
        if case_id != self._shown.id:
            self._others[self._shown.id] = self._shown
            known = self._others.pop(case_id, None)
            self._shown = Following(case_id, self._guide) if known is None else known
        if number is not None:
            self.slice = number

    def strokes_changed(self, case_id: str) -> None:
        """Strokes or accepted slices of a case are new on the disk."""
        following = self._shown if case_id == self._shown.id else self._others.get(case_id)
        if following is not None:
            following.strokes_changed()

    def next(self) -> Following | None:
        """The case to work on now: that on screen first."""
        if self._shown.busy:
            return self._shown
        busy = next((other for other in self._others.values() if other.busy), None)
        if busy is None:
            for name in list(self._others)[:-_KEPT]:
                del self._others[name]
        return busy
