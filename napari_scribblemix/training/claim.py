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
from napari_scribblemix.training.run_folder import check_run_folder

LOCK_NAME = "run.lock"


@contextlib.contextmanager
def claimed(run: Path, *, resume: bool) -> Iterator[Path]:
    """Hold the folder ``run`` for one training.

    A folder in which nothing was begun is taken away again.  Errors as ``check_run_folder``;
    ``TrainingError`` if another training holds it.
    """
    check_run_folder(run, resume=resume)
    made = _make(run)
    with _held(run, made or []):
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
    while True:
        folder = default_output(settings)
        check_run_folder(folder, resume=False)
        made = _make(folder)
        if made is not None:
            break
    with _held(folder, made):
        yield folder


def _make(run: Path) -> list[Path] | None:
    """Make the folder; what was made for it, itself first, or ``None`` if it is there already."""
    missing = [path for path in (run, *run.parents) if not path.exists()]
    try:
        run.mkdir(parents=True)
    except FileExistsError:
        if run.is_dir():
            return None
        raise FileError(
            f"{run} is no folder; expected one for the run: choose another --output."
        ) from None
    except OSError as error:
        raise FileError(
            f"The run folder {run} could not be made ({error.strerror}); choose another --output."
        ) from error
    return missing


@contextlib.contextmanager
def _held(run: Path, made: list[Path]) -> Iterator[None]:
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
            # Windows removes no open file.
            lock.release()
            with contextlib.suppress(OSError):
                (run / LOCK_NAME).unlink()
                for folder in made:
                    folder.rmdir()
        lock.release()
