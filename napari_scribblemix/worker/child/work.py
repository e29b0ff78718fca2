"""One job from its beginning to its exit code.

Every error ends as a ``failed`` event and an exit code, the traceback of a defect on standard
error.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.events import (
    Event,
    Failed,
)
from napari_scribblemix.training.device import (
    is_out_of_memory,
)
from napari_scribblemix.training.record import describe_failure
from napari_scribblemix.worker.child.live import live
from napari_scribblemix.worker.child.segmenting import segment
from napari_scribblemix.worker.child.training import train
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    Job,
    SegmentJob,
    TrainJob,
    name_of,
)

DEFECT = 70
"""Exit code of an error nobody foresaw (EX_SOFTWARE)."""


def run(job: Job, folder: Path, inbox: Inbox, tell: Callable[[Event], None]) -> int:
    """Do ``job`` in the project at ``folder``, telling what happens; the exit code."""
    failed = False
    if isinstance(job, TrainJob):
        events = train(job, folder, inbox, tell)
    elif isinstance(job, SegmentJob):
        events = segment(job, folder, inbox)
    else:
        events = live(job, folder, inbox)
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
        return Failed(
            what=f"The {name_of(job)} could not start.",
            why=str(error),
            next="Mend it and start again.",
        )
    return describe_failure(error)
