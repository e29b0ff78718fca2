"""One training a run folder: the folder is chosen and held before anything slow begins.

Two trainings that were started together took the same name, and two that went on with one run saved
over each other.  A new folder is made under a name that only one can make; the lock in it falls
with the process that holds it, however that ends.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from napari_scribblemix.errors import FileError, ProjectLocked, TrainingError
from napari_scribblemix.project.durable import FileLock
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.cases import default_output
from napari_scribblemix.training.record import check_run_folder

LOCK_NAME = "run.lock"


@contextlib.contextmanager
def claimed(run: Path, *, resume: bool) -> Iterator[Path]:
    """Hold the folder ``run`` for one training.

    A folder in which nothing was begun is taken away again.  Errors as ``check_run_folder``;
    ``TrainingError`` if another training holds it.
    """
    check_run_folder(run, resume=resume)
    made = _make(run, alone=False)
    with _held(run, made=made):
        # Another training may have ended here since.
        check_run_folder(run, resume=resume)
        yield run


@contextlib.contextmanager
def claimed_output(settings: TrainSettings, run: Path | None = None) -> Iterator[Path]:
    """Hold the folder for a training by ``settings``: ``run``, theirs, or one of a free name.

    Errors as ``claimed``.
    """
    named = run or settings.output
    if named is not None or settings.resume:
        with claimed(named or default_output(settings), resume=settings.resume) as folder:
            yield folder
        return
    folder = default_output(settings)
    check_run_folder(folder, resume=False)
    while not _make(folder, alone=True):
        folder = default_output(settings)
    with _held(folder, made=True):
        yield folder


def _make(run: Path, *, alone: bool) -> bool:
    """Make the folder; whether it was not there.  ``alone``: it must not be taken by another."""
    try:
        run.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        # A link to nowhere, or a file in the way, is told by what comes next where it may be one.
        if not alone and run.is_dir():
            return False
        raise FileError(
            f"The run folder {run} could not be made ({error.strerror}); choose another."
        ) from error
    return True


@contextlib.contextmanager
def _held(run: Path, *, made: bool) -> Iterator[None]:
    try:
        lock = FileLock(run / LOCK_NAME)
    except ProjectLocked as error:
        raise TrainingError(
            f"{run} is being trained by another program; wait for it or stop it there, or choose "
            "another --output."
        ) from error
    try:
        yield
    finally:
        if made and [path.name for path in run.iterdir()] == [LOCK_NAME]:
            with contextlib.suppress(OSError):
                (run / LOCK_NAME).unlink()
                run.rmdir()
        lock.release()
