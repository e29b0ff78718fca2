"""The loop of the command line, with commands and previews between its steps.

It reads the project without the lock and writes only what programs write there: runs and
predictions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from napari_scribblemix.data.links import real
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ScribbleMixError, SettingsError
from napari_scribblemix.events import (
    Event,
    Finished,
    Preparing,
    Preview,
    Warned,
)
from napari_scribblemix.inference.look import LOOK, Look
from napari_scribblemix.inference.project_cases import predict_case
from napari_scribblemix.inference.stoppable import LeftEarly, stoppable
from napari_scribblemix.project.makers import Maker
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.claim import claimed_output
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.record import recorded
from napari_scribblemix.training.scribble_job import ScribbleJob, prepare
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    Stop,
    TrainJob,
)
from napari_scribblemix.worker.previews import PreviewPlan

_GLANCE = Look(mirror=False)
"""How a preview looks at a case: once, so that it is soon there."""

_FRESH_SECONDS = 2.0
"""Weights drawn at random are given this long before they are shown."""


class _StopAsked(Exception):
    """The parent wants an end before there is a first step."""


def _prepare(
    settings: TrainSettings, run: Path, inbox: Inbox, tell: Callable[[Event], None]
) -> ScribbleJob | None:
    """The training, ready to begin; ``None`` if a stop was asked for meanwhile."""

    def say(message: str) -> None:
        if inbox.stop_asked:
            raise _StopAsked
        tell(Preparing(message=message))

    try:
        job = None if inbox.stop_asked else prepare(settings, run, say)
    except _StopAsked:
        return None
    return None if inbox.stop_asked else job


def train(
    job: TrainJob, folder: Path, inbox: Inbox, tell: Callable[[Event], None]
) -> Iterator[Event]:
    """Train as ``job`` says, on the project at ``folder``; errors as they come."""
    settings = job.settings
    if real(settings.folder) != real(folder):
        raise SettingsError(
            f"Got settings for {settings.folder}, but this process works on {folder}; give the "
            "project's own folder."
        )
    with claimed_output(settings, job.run) as run_folder:
        yield from _train_in(job, folder, run_folder, inbox, tell)


def _train_in(
    job: TrainJob, folder: Path, run_folder: Path, inbox: Inbox, tell: Callable[[Event], None]
) -> Iterator[Event]:
    settings = job.settings
    project = Project.open(folder, write=False)
    yield Preparing(message=f"Reading {counted(len(project.cases), 'case')}")
    prepared = _prepare(settings, run_folder, inbox, tell)
    if prepared is None:
        # Nothing is written for a training that never began.
        yield Finished(step=0, elapsed=0.0, stopped=True, model="")
        return
    knows_hearts = settings.resume or prepared.recipe.start != "scratch"
    plan = PreviewPlan(
        [record.id for record in project.cases],
        job.preview_case,
        first=0.0 if knows_hearts else _FRESH_SECONDS,
    )
    company = _Company(prepared, folder, inbox, plan)
    control = Control()

    def look() -> None:
        # At once, not only between two steps: a validation or a preview may be going on.
        if inbox.stop_asked:
            control.stop()
        control.wake()

    inbox.on_arrival = look
    training = Training(prepared, run_folder, control, company.between_steps)
    yield from recorded(_with_last_preview(training, company), run_folder)


def _with_last_preview(training: Training, company: _Company) -> Iterator[Event]:
    """The events, and before the last one the final weights' answer for the case on screen."""
    for event in training.events():
        if isinstance(event, Finished) and not event.stopped:
            yield from company.preview_last(training)
        yield event


class _Company:
    """What goes on between the steps: commands, new scribbles, previews."""

    def __init__(self, job: ScribbleJob, folder: Path, inbox: Inbox, plan: PreviewPlan) -> None:
        self._job, self._folder, self._inbox, self._plan = job, folder, inbox, plan

    def between_steps(self, training: Training) -> Iterator[Event]:
        """Do what was asked for since the last step."""
        changed: dict[str, None] = {}
        control = training.control
        for command in self._inbox.take():
            match command:
                case Pause():
                    control.pause()
                case Resume():
                    control.resume()
                case Stop():
                    control.stop()
                case ScribblesChanged():
                    changed[command.case] = None
                case PreviewCase():
                    self._plan.show(command.case)
        if control.stopping:
            return
        for case in changed:
            yield self._take_scribbles(case, training.state.step)
        case_id = self._plan.next(only_asked=control.paused)
        if case_id is not None:
            yield from self._preview(case_id, training, _GLANCE)

    def preview_last(self, training: Training) -> Iterator[Event]:
        """The case on screen once more, as carefully as ``segment`` would."""
        if self._plan.shown is not None:
            yield from self._preview(self._plan.shown, training, LOOK)

    def _take_scribbles(self, case_id: str, step: int) -> Event:
        try:
            return self._job.take_scribbles(case_id, step)
        except ScribbleMixError as error:
            return Warned(message=str(error))

    def _preview(self, case_id: str, training: Training, look: Look) -> Iterator[Event]:
        """What a look at a case gives; nothing if a stop is asked for meanwhile."""
        begun, step, model = time.monotonic(), training.state.step, training.model()
        try:
            # Opened anew: cases may have been added.
            project = Project.open(self._folder, write=False)
            with stoppable(model.network, lambda: self._inbox.stop_asked):
                found = predict_case(
                    project,
                    case_id,
                    model,
                    maker=Maker("run", training.run.name, step),
                    look=look,
                    turn=self._job.turn_of(case_id),
                )
        except LeftEarly:
            return
        except ScribbleMixError as error:
            self._plan.drop(case_id)
            yield Warned(message=f"{case_id} cannot be shown: {error}")
            return
        seconds = time.monotonic() - begun
        self._plan.done(seconds)
        yield Preview(
            case=case_id,
            file=found.file,
            step=step,
            mean_dice=found.mean_dice,
            uncertainty_file=found.uncertainty_file,
            seconds=round(seconds, 3),
        )
