"""The masks of one case after the other, those that are looked at first.

It reads the project without the lock and writes only predictions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ImageError, ScribbleMixError
from napari_scribblemix.events import (
    Event,
    Finished,
    Segmented,
    Warned,
    describe_kept,
)
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.project_cases import class_map, predict_case
from napari_scribblemix.inference.stoppable import LeftEarly, stoppable
from napari_scribblemix.project.makers import maker_of
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.device import (
    choose_device,
    set_threads,
)
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    PreviewCase,
    SegmentJob,
    Stop,
)


def segment(job: SegmentJob, folder: Path, inbox: Inbox) -> Iterator[Event]:
    """Write the masks of the job's cases in the project at ``folder``; errors as they come."""
    set_threads(job.threads)
    project = Project.open(folder, write=False)
    waiting = list(job.cases) or [record.id for record in project.cases]
    for case_id in waiting:
        project.case(case_id)
    model = load_model(job.model, choose_device(job.device))
    class_map(model.card.labels, project.labels)
    for note in model.notes:
        yield Warned(message=note)
    begun, of, stopped = time.monotonic(), len(waiting), False
    done: dict[str, int] = {}
    while waiting and not stopped:
        for command in inbox.take():
            stopped = stopped or isinstance(command, Stop)
            if isinstance(command, PreviewCase) and command.case in waiting:
                waiting.remove(command.case)
                waiting.insert(0, command.case)
        if not stopped:
            case_id = waiting.pop(0)
            try:
                # A case takes seconds: who presses Stop does not wait for its end.
                with stoppable(model.network, lambda: inbox.stop_asked):
                    event, changes = _segment_case(job, project, case_id, model)
            except LeftEarly:
                stopped = True
                break
            if isinstance(event, Segmented):
                again = event.case in done
                number = done.setdefault(event.case, len(done) + 1)
                event = event.model_copy(update={"number": number, "of": of})
                if not again:
                    # Frames of the same heart that came before it agree with it now.
                    waiting += [c for c in changes if c in done and c not in waiting]
                    yield from _notes(project, event)
            yield event
    if of and not done and not stopped:
        raise ImageError(
            f"Got {counted(of, 'case')}, of which none could be segmented; see the warnings."
        )
    yield Finished(
        step=len(done), elapsed=time.monotonic() - begun, stopped=stopped, model=str(job.model)
    )


def _notes(project: Project, event: Segmented) -> Iterator[Warned]:
    """What else there is to say of a case that was segmented."""
    for note in project.change_notes(event.case):
        yield Warned(message=f"{event.case}: {note}")
    if event.corrected and not event.replaced:
        yield Warned(message=describe_kept(event))


def _segment_case(
    job: SegmentJob, project: Project, case_id: str, model: Model
) -> tuple[Event, tuple[str, ...]]:
    """What became of a case, and which others should be segmented again because of it."""
    try:
        found = predict_case(
            project,
            case_id,
            model,
            maker=maker_of(job.model, model.card.steps, project),
            look=Look(mirror=job.mirror),
            over_corrections=job.over_corrections,
            strokes_win=True,
        )
    except ScribbleMixError as error:
        return Warned(message=f"{case_id} was not segmented: {error}"), ()
    segmented = Segmented(
        case=case_id,
        file=found.file,
        number=0,
        of=0,
        mean_dice=found.mean_dice,
        uncertainty_file=found.uncertainty_file,
        corrected=list(found.corrected),
        replaced=job.over_corrections,
    )
    return segmented, found.changes
