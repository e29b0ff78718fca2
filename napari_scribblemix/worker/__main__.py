"""``python -m napari_scribblemix.worker PROJECT``: one job, told on stdin as a JSON line.

What listens to the parent is up before the slow import of torch, so that a parent that goes away
meanwhile leaves no orphan.  The worker is gentle: its priority is lower than the window's, and
unless the user says otherwise it leaves a core free.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from napari_scribblemix.errors import ScribbleMixError, SettingsError
from napari_scribblemix.events import Failed, Preparing
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import parse_job
from napari_scribblemix.worker.streams import EventWriter, take_pipes

_NICENESS = 10


def _be_gentle() -> None:
    """Step back behind the window; before NumPy and PyTorch start threads that would not."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(max(1, cores - 1)))


def main(arguments: list[str]) -> int:
    """Do the job of the first line of stdin in the project named; the exit code."""
    _be_gentle()
    reading, writing = take_pipes()
    writer = EventWriter(writing)
    inbox = Inbox(reading, writer.write)
    inbox.start()
    line = inbox.first_line()
    if line is None:
        return 0
    try:
        if len(arguments) != 1:
            raise SettingsError(f"Got {len(arguments)} arguments; expected one: a project folder.")
        job = parse_job(line)
    except ScribbleMixError as error:
        writer.write(
            Failed(
                what="The work could not start.", why=str(error), next="Mend it and start again."
            )
        )
        return error.exit_code
    writer.write(Preparing(message="Starting the worker: loading PyTorch"))
    from napari_scribblemix.worker.child.work import run

    return run(job, Path(arguments[0]), inbox, writer.write)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
