"""``python -m napari_scribblemix.worker PROJECT``: one job, told on stdin as a JSON line.

What listens to the parent is up before the slow import of torch, so that a parent that goes away
meanwhile leaves no orphan, and a stop ends it at once.  With ``--ready`` torch is loaded before
there is a job, so that the job begins at once when it comes.  The worker is gentle: its priority is
lower than the window's, much lower for a training, and unless the user says otherwise it leaves a
core free.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from napari_scribblemix.errors import ScribbleMixError, SettingsError
from napari_scribblemix.events import Failed, Finished, Preparing
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import READY, TrainJob, parse_job
from napari_scribblemix.worker.streams import EventWriter, take_pipes

_NICENESS = 2
_MORE_TO_TRAIN = 8
"""Somebody waits for a mask; a training takes minutes and must not be felt."""


def _step_back(by: int) -> None:
    if hasattr(os, "nice"):
        os.nice(by)


def _be_gentle() -> None:
    """Step back behind the window; before NumPy and PyTorch start threads that would not."""
    _step_back(_NICENESS)
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(max(1, cores - 1)))


def _leave_if_asked(inbox: Inbox, writer: EventWriter) -> None:
    """End at once if a stop was asked for: nothing was begun, and nobody waits for PyTorch."""
    if inbox.stop_asked:
        writer.write(Finished(step=0, elapsed=0.0, stopped=True, model=""))
        os._exit(0)


def main(arguments: list[str]) -> int:
    """Do the job of the first line of stdin in the project named; the exit code."""
    _be_gentle()
    reading, writing = take_pipes()
    writer = EventWriter(writing)
    inbox = Inbox(reading, writer.write)
    in_its_turn = inbox.on_arrival
    inbox.on_arrival = partial(_leave_if_asked, inbox, writer)
    inbox.start()
    ready = READY in arguments
    folders = [argument for argument in arguments if argument != READY]
    if ready:
        from napari_scribblemix.worker.child import work  # noqa: F401
    line = inbox.first_line()
    if line is None:
        return 0
    try:
        if len(folders) != 1:
            raise SettingsError(f"Got {len(folders)} folders; expected one: a project folder.")
        job = parse_job(line)
    except ScribbleMixError as error:
        writer.write(
            Failed(
                what="The work could not start.", why=str(error), next="Mend it and start again."
            )
        )
        return error.exit_code
    if isinstance(job, TrainJob):
        _step_back(_MORE_TO_TRAIN)
    if not ready:
        writer.write(Preparing(message="Starting the worker: loading PyTorch"))
    from napari_scribblemix.worker.child.work import run

    inbox.on_arrival = in_its_turn
    return run(job, Path(folders[0]), inbox, writer.write)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
