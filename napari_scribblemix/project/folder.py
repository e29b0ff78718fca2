"""An open project folder: its record, its lock, and what may be written where.

Which cases it has is in ``case_list``; what people and programs put into the folder (scribbles,
predictions, reviews, runs) in ``scribbles``, ``corrections`` and ``project``.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from napari_scribblemix.data.durable import remove_strays
from napari_scribblemix.data.labels import CARDIAC, LabelScheme
from napari_scribblemix.data.links import inside, is_taken, real
from napari_scribblemix.errors import FileError, ProjectError, ProjectLocked
from napari_scribblemix.project.durable import FileLock
from napari_scribblemix.project.record import (
    ProjectRecord,
    find_record,
    mend_record,
    write_record,
)

PROJECT_FILE = "project.json"
PROJECT_SUFFIX = ".scribblemix"
_LOCK_FILE = "project.lock"
# What is in a project, and how deep: a run has a folder for its checkpoint and for each task.
_FOLDERS = {"images": 0, "masks": 0, "scribbles": 0, "predictions": 0, "reviews": 1, "runs": 2}


class ProjectFolder:
    """An open project; a context manager that gives the lock back.

    ``writable`` is false for the second opener; ``read_only_reason`` then says who writes.
    ``notes`` say what was mended in opening it.
    """

    def __init__(
        self, folder: Path, record: ProjectRecord, lock: FileLock | None, reason: str | None
    ) -> None:
        """Use ``create`` or ``open``."""
        self.folder, self._record, self._lock = folder, record, lock
        self.read_only_reason = reason
        self.notes: tuple[str, ...] = ()

    @classmethod
    def create(cls, folder: Path, labels: LabelScheme = CARDIAC) -> Self:
        """A new, empty project in ``folder``; ``ProjectError`` if there is one already."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{folder} could not be made ({error.strerror}).") from error
        lock, record = FileLock(folder / _LOCK_FILE), ProjectRecord(labels=labels)
        try:
            if is_taken(folder / PROJECT_FILE):
                raise ProjectError(
                    f"{folder} already holds a project; open it, or choose another name."
                )
            write_record(folder / PROJECT_FILE, record)
        except (FileError, ProjectError):
            lock.release()
            raise
        return cls(folder, record, lock, None)

    @classmethod
    def open(cls, folder: Path, *, write: bool = True) -> Self:
        """The project in ``folder``; read-only if ``write`` is false or another program writes.

        ``ProjectError`` if it is none or damaged, ``SchemaError`` if a newer version made it.
        """
        lock: FileLock | None = None
        reason: str | None = "It was opened for reading only."
        path = folder / PROJECT_FILE
        if write:
            find_record(path)  # no lock file in a folder that is no project
            try:
                lock, reason = FileLock(folder / _LOCK_FILE), None
            except (ProjectLocked, FileError) as error:
                reason = str(error)
        try:
            record, note = find_record(path)
            if note is not None and lock is not None:
                mend_record(path, record)
        except (FileError, ProjectError):
            if lock is not None:
                lock.release()
            raise
        project = cls(folder, record, lock, reason)
        project.notes = () if note is None else (note,)
        if lock is not None:
            project._remove_leftovers()
        return project

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back; the project can then only be read."""
        if self._lock is not None:
            self._lock.release()
            self._lock, self.read_only_reason = None, "It was closed."

    @property
    def writable(self) -> bool:
        """Whether this opener may change what people make."""
        return self._lock is not None

    @property
    def labels(self) -> LabelScheme:
        """The label scheme of every file in the project."""
        return self._record.labels

    def require_lock(self) -> None:
        """``ProjectLocked`` unless this project may be written here."""
        if self._lock is None:
            raise ProjectLocked(f"{self.folder} is open read-only: {self.read_only_reason}")

    def _stored(self, path: Path) -> str:
        # What lies in the project moves with it.
        path, folder = real(path), real(self.folder)
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

    def _absolute(self, stored: str) -> Path:
        return Path(os.path.normpath(self.folder / stored))

    def _own(self, path: Path) -> Path:
        """``path`` in the project, to be written to; ``FileError`` if a link leads out of it."""
        return inside(self.folder, path)

    def _remove_leftovers(self) -> None:
        """Remove what writes cut short by a crash left behind, in the project and in its runs."""
        remove_strays(real(self.folder))
        for name, depth in _FOLDERS.items():
            remove_strays(self.folder / name, depth)
