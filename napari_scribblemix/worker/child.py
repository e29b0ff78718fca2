"""The training process: the loop of the command line, with commands and previews between its steps.

It reads the project without the lock and writes only what programs write there: runs and
predictions.  Every error ends as a ``failed`` event and an exit code, the traceback of a defect on
standard error.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from napari_scribblemix.data.links import real
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ImageError, ScribbleMixError, SettingsError
from napari_scribblemix.events import (
    Event,
    Failed,
    Finished,
    Preparing,
    Preview,
    Segmented,
    Warned,
    describe_kept,
)
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.project_cases import (
    Maker,
    class_map,
    maker_of,
    predict_case,
)
from napari_scribblemix.inference.segment import LOOK, Look
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.claim import claimed_output
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.device import (
    choose_device,
    is_out_of_memory,
    set_threads,
)
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.record import describe_failure, recorded
from napari_scribblemix.training.scribble_job import ScribbleJob, prepare
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    Job,
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    SegmentJob,
    Stop,
    TrainJob,
)
from napari_scribblemix.worker.previews import PreviewPlan

DEFECT = 70
"""Exit code of an error nobody foresaw (EX_SOFTWARE)."""

_GLANCE = Look(mirror=False)
"""How a preview looks at a case: once, so that it is soon there."""

_FRESH_SECONDS = 2.0
"""Weights drawn at random are given this long before they are shown."""


def run(job: Job, folder: Path, inbox: Inbox, tell: Callable[[Event], None]) -> int:
    """Do ``job`` in the project at ``folder``, telling what happens; the exit code."""
    failed = False
    if isinstance(job, TrainJob):
        events = _train(job, folder, inbox, tell)
    else:
        events = _segment(job, folder, inbox)
    try:
        for event in events:
            failed = failed or isinstance(event, Failed)
            tell(event)
    # The one place where every error of the process ends.
    except Exception as error:  # noqa: BLE001
        if not isinstance(error, ScribbleMixError):
            traceback.print_exc()
        if not failed:
            tell(_describe(error, job))
        return error.exit_code if isinstance(error, ScribbleMixError) else DEFECT
    return 0


def _describe(error: Exception, job: Job) -> Failed:
    """What to tell of an error outside the steps of a training."""
    if is_out_of_memory(error):
        return Failed(
            what="The memory is full.",
            why=" ".join(str(error).split()) or type(error).__name__,
            next="Close other programs or choose another device, and start again.",
        )
    if isinstance(error, ScribbleMixError):
        what = "training" if isinstance(job, TrainJob) else "segmentation"
        return Failed(
            what=f"The {what} could not start.", why=str(error), next="Mend it and start again."
        )
    return describe_failure(error)


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


def _train(
    job: TrainJob, folder: Path, inbox: Inbox, tell: Callable[[Event], None]
) -> Iterator[Event]:
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
    inbox.on_arrival = control.wake
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
            yield self._preview(case_id, training, _GLANCE)

    def preview_last(self, training: Training) -> Iterator[Event]:
        """The case on screen once more, as carefully as ``segment`` would."""
        if self._plan.shown is not None:
            yield self._preview(self._plan.shown, training, LOOK)

    def _take_scribbles(self, case_id: str, step: int) -> Event:
        try:
            return self._job.take_scribbles(case_id, step)
        except ScribbleMixError as error:
            return Warned(message=str(error))

    def _preview(self, case_id: str, training: Training, look: Look) -> Event:
        begun, step = time.monotonic(), training.state.step
        try:
            # Opened anew: cases may have been added.
            project = Project.open(self._folder, write=False)
            found = predict_case(
                project,
                case_id,
                training.model(),
                maker=Maker("run", training.run.name, step),
                look=look,
                turn=self._job.turn_of(case_id),
            )
        except ScribbleMixError as error:
            self._plan.drop(case_id)
            return Warned(message=f"{case_id} cannot be shown: {error}")
        seconds = time.monotonic() - begun
        self._plan.done(seconds)
        return Preview(
            case=case_id,
            file=found.file,
            step=step,
            mean_dice=found.mean_dice,
            uncertainty_file=found.uncertainty_file,
            seconds=round(seconds, 3),
        )


def _segment(job: SegmentJob, folder: Path, inbox: Inbox) -> Iterator[Event]:
    set_threads(job.threads)
    project = Project.open(folder, write=False)
    waiting = list(job.cases) or [record.id for record in project.cases]
    for case_id in waiting:
        project.case(case_id)
    model = load_model(job.model, choose_device(job.device))
    class_map(model.card.labels, project.labels)
    for note in model.notes:
        yield Warned(message=note)
    begun, of, done, stopped = time.monotonic(), len(waiting), 0, False
    while waiting and not stopped:
        for command in inbox.take():
            stopped = stopped or isinstance(command, Stop)
            if isinstance(command, PreviewCase) and command.case in waiting:
                waiting.remove(command.case)
                waiting.insert(0, command.case)
        if not stopped:
            event = _segment_case(job, project, waiting.pop(0), model)
            if isinstance(event, Segmented):
                done += 1
                event = event.model_copy(update={"number": done, "of": of})
                for note in project.change_notes(event.case):
                    yield Warned(message=f"{event.case}: {note}")
                if event.corrected and not event.replaced:
                    yield Warned(message=describe_kept(event))
            yield event
    if of and not done and not stopped:
        raise ImageError(
            f"Got {counted(of, 'case')}, of which none could be segmented; see the warnings."
        )
    yield Finished(
        step=done, elapsed=time.monotonic() - begun, stopped=stopped, model=str(job.model)
    )


def _segment_case(job: SegmentJob, project: Project, case_id: str, model: Model) -> Event:
    try:
        found = predict_case(
            project,
            case_id,
            model,
            maker=maker_of(job.model, model.card.steps, project),
            look=Look(mirror=job.mirror),
            over_corrections=job.over_corrections,
        )
    except ScribbleMixError as error:
        return Warned(message=f"{case_id} was not segmented: {error}")
    return Segmented(
        case=case_id,
        file=found.file,
        number=0,
        of=0,
        mean_dice=found.mean_dice,
        uncertainty_file=found.uncertainty_file,
        corrected=list(found.corrected),
        replaced=job.over_corrections,
    )
