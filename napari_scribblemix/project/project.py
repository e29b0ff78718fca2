"""The project folder: the one place where GUI, command line, worker and cluster meet.

    NAME.scribblemix/
      project.json          schema version, label scheme, cases (see ``record``)
      scribbles/ID.nii.gz   and ID.journal: strokes since the last save
      predictions/ID.nii.gz and ID.json: which model, which step
      reviews/ID.json       accepted slices, who, when
      runs/RUN/             settings, events, checkpoint, model

Images stay where they are.  What a person makes (``project.json``, scribbles, reviews) is written
by the holder of the lock alone; a second opener reads.  What programs make (predictions, runs) is
written whole, file by file, and needs no lock: the training process writes while the GUI holds it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, UNLABELLED, LabelScheme
from napari_scribblemix.data.nifti import read_image, read_labels, write_labels
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, ProjectError, ProjectLocked
from napari_scribblemix.project.cases import CaseFiles, file_hash, load_case
from napari_scribblemix.project.durable import (
    TEMPORARY_SUFFIX,
    FileLock,
    Journal,
    atomic_write,
)
from napari_scribblemix.project.record import (
    CaseRecord,
    ProjectRecord,
    read_record,
    write_record,
)
from napari_scribblemix.project.strokes import encode_stroke, replay

PROJECT_FILE = "project.json"
PROJECT_SUFFIX = ".scribblemix"
_LOCK_FILE = "project.lock"


class Project:
    """An open project; a context manager that gives the lock back.

    ``writable`` is false for the second opener; ``read_only_reason`` then says who writes.
    """

    def __init__(
        self, folder: Path, record: ProjectRecord, lock: FileLock | None, reason: str | None
    ) -> None:
        """Use ``create`` or ``open``."""
        self.folder, self._record, self._lock = folder, record, lock
        self.read_only_reason = reason

    @classmethod
    def create(cls, folder: Path, labels: LabelScheme = CARDIAC) -> Project:
        """A new, empty project in ``folder`` (made if missing); ``ProjectError`` if there is one."""
        if (folder / PROJECT_FILE).exists():
            raise ProjectError(
                f"{folder} already holds a project; open it, or choose another name."
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{folder} could not be made ({error.strerror}).") from error
        lock = FileLock(folder / _LOCK_FILE)
        try:
            write_record(folder / PROJECT_FILE, ProjectRecord(labels=labels))
        except FileError:
            lock.release()
            raise
        return cls(folder, ProjectRecord(labels=labels), lock, None)

    @classmethod
    def open(cls, folder: Path, *, write: bool = True) -> Project:
        """The project in ``folder``; read-only if ``write`` is false or another program writes.

        ``ProjectError`` if it is none or damaged, ``SchemaError`` if a newer version made it.
        """
        lock, reason = None, "It was opened for reading only."
        if write:
            read_record(folder / PROJECT_FILE)  # no lock file in a folder that is no project
            try:
                lock, reason = FileLock(folder / _LOCK_FILE), None
            except (ProjectLocked, FileError) as error:
                reason = str(error)
        try:
            record = read_record(folder / PROJECT_FILE)
        except ProjectError:
            if lock is not None:
                lock.release()
            raise
        project = cls(folder, record, lock, reason)
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

    @property
    def cases(self) -> tuple[CaseRecord, ...]:
        """The records of the cases, in the order they were added."""
        return self._record.cases

    def case(self, case_id: str) -> CaseRecord:
        """The record of one case; ``ProjectError`` if there is none of that name."""
        for record in self.cases:
            if record.id == case_id:
                return record
        raise ProjectError(
            f"Got the case {case_id!r}; {self.folder} holds {len(self.cases)} others."
        )

    def case_files(self) -> list[CaseFiles]:
        """The files of every case, sorted by name; strokes still in a journal are not in them."""
        return sorted((self._files(record) for record in self.cases), key=lambda files: files.id)

    # Cases

    def add_case(self, files: CaseFiles) -> tuple[str, ...]:
        """Add a case and take a copy of its scribbles; returns the notes of reading it.

        The image (and the mask) stay where they are.  Raises as ``load_case``, and ``ProjectError``
        for a name that is taken or cannot be a file name.
        """
        self._require_lock()
        case = load_case(files, self.labels if files.scribble is None else None)
        if case.scheme.names != self.labels.names:
            raise ProjectError(
                f"{files.id} has the structures {', '.join(case.scheme.names)}; expected those of "
                f"the project: {', '.join(self.labels.names)}."
            )
        try:
            record = CaseRecord(
                id=files.id,
                source=self._stored(files.image),
                sha256=file_hash(files.image),
                frame=files.frame,
                mask=None if files.mask is None else self._stored(files.mask),
                note=case.image.geometry.note,
            )
            changed = self._record.model_copy(update={"cases": (*self.cases, record)})
            changed = ProjectRecord.model_validate(changed.model_dump())
        except ValueError as error:
            raise ProjectError(f"{files.id} could not be added: {error}") from error
        if case.scribble is not None:
            self._write_scribble(record.id, case.scribble, case.image.geometry)
        write_record(self.folder / PROJECT_FILE, changed)
        self._record = changed
        return case.notes

    def remove_case(self, case_id: str) -> None:
        """Take a case off the list; its files in the project stay on the disk."""
        self._require_lock()
        self.case(case_id)
        left = tuple(record for record in self.cases if record.id != case_id)
        changed = self._record.model_copy(update={"cases": left})
        write_record(self.folder / PROJECT_FILE, changed)
        self._record = changed

    def image_path(self, case_id: str) -> Path:
        """Where the image of a case is."""
        return self._absolute(self.case(case_id).source)

    def image_changed(self, case_id: str) -> bool:
        """Whether the image is another one than when it was added; ``FileError`` if it is gone."""
        return file_hash(self.image_path(case_id)) != self.case(case_id).sha256

    def read_image(self, case_id: str) -> Volume:
        """The image of a case."""
        return read_image(self.image_path(case_id), self.case(case_id).frame)

    # Scribbles

    def scribble_path(self, case_id: str) -> Path:
        """Where the scribbles of a case are, or would be."""
        return self.folder / "scribbles" / f"{case_id}.nii.gz"

    def read_scribble(self, case_id: str, image: Volume) -> NDArray[np.uint8]:
        """The scribbles (Z, Y, X), strokes of the journal included; all 255 if there are none."""
        path = self.scribble_path(case_id)
        if path.is_file():
            stored = read_labels(path)
            array = image.geometry.from_file(stored.geometry.to_file(stored.array))
            saved = self.labels.decode(array, source=str(path))
        else:
            saved = np.full(image.array.shape, UNLABELLED, np.uint8)
        return replay(saved, self._journal(case_id).records())

    def record_stroke(
        self, case_id: str, before: NDArray[np.uint8], after: NDArray[np.uint8]
    ) -> None:
        """Put the change between two states of the scribbles on the disk, in milliseconds."""
        self._require_lock()
        self.case(case_id)
        self._journal(case_id).append(encode_stroke(before, after))

    def write_scribble(self, case_id: str, scribble: NDArray[np.uint8], geometry: Geometry) -> None:
        """Save the scribbles (Z, Y, X), class indices and 255, and empty the journal."""
        self._require_lock()
        self.case(case_id)
        self._write_scribble(case_id, scribble, geometry)

    def unsaved_strokes(self, case_id: str) -> int:
        """How many strokes are in the journal only."""
        return len(self._journal(case_id).records())

    # Predictions, reviews, runs

    def prediction_path(self, case_id: str) -> Path:
        """Where the prediction of a case is, or would be."""
        return self.folder / "predictions" / f"{case_id}.nii.gz"

    def write_prediction(
        self,
        case_id: str,
        labels: NDArray[np.uint8],
        geometry: Geometry,
        origin: Mapping[str, Any],
    ) -> None:
        """Save a full mask (Z, Y, X) of class indices; ``origin`` names the model and step."""
        self.case(case_id)
        path = self.prediction_path(case_id)
        write_labels(path, self.labels.encode_mask(labels), geometry)
        self._write_json(path.with_name(f"{case_id}.json"), dict(origin))

    def read_prediction(self, case_id: str) -> tuple[NDArray[np.uint8], dict[str, Any]] | None:
        """The prediction (Z, Y, X) and its origin, or ``None``."""
        path = self.prediction_path(case_id)
        if not path.is_file():
            return None
        labels = self.labels.decode_mask(read_labels(path).array, source=str(path))
        return labels, self._read_json(path.with_name(f"{case_id}.json"))

    def write_review(self, case_id: str, accepted: Sequence[int], reviewer: str) -> None:
        """Record which slices (from 0) ``reviewer`` accepts, now."""
        self._require_lock()
        self.case(case_id)
        review = {
            "accepted_slices": sorted({int(number) for number in accepted}),
            "reviewer": reviewer,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._write_json(self.folder / "reviews" / f"{case_id}.json", review)

    def read_review(self, case_id: str) -> dict[str, Any]:
        """Who accepted which slices when; empty if nobody did."""
        return self._read_json(self.folder / "reviews" / f"{case_id}.json")

    def new_run(self, name: str) -> Path:
        """A new, empty folder in ``runs/``: ``name``, or ``name-2`` and so on if it is taken."""
        number, folder = 1, self.folder / "runs" / name
        while True:
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                number += 1
                folder = folder.with_name(f"{name}-{number}")
            except OSError as error:
                raise FileError(f"{folder} could not be made ({error.strerror}).") from error
            else:
                return folder

    def runs(self) -> list[Path]:
        """The folders of all runs, sorted by name."""
        folder = self.folder / "runs"
        return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []

    # Inside

    def _require_lock(self) -> None:
        if self._lock is None:
            raise ProjectLocked(f"{self.folder} is open read-only: {self.read_only_reason}")

    def _files(self, record: CaseRecord) -> CaseFiles:
        scribble = self.scribble_path(record.id)
        return CaseFiles(
            record.id,
            self._absolute(record.source),
            scribble if scribble.is_file() else None,
            None if record.mask is None else self._absolute(record.mask),
            record.frame,
        )

    def _stored(self, path: Path) -> str:
        # What lies in the project moves with it.
        path, folder = path.resolve(), self.folder.resolve()
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)

    def _absolute(self, stored: str) -> Path:
        return Path(os.path.normpath(self.folder / stored))

    def _journal(self, case_id: str) -> Journal:
        return Journal(self.folder / "scribbles" / f"{case_id}.journal")

    def _write_scribble(
        self, case_id: str, scribble: NDArray[np.uint8], geometry: Geometry
    ) -> None:
        write_labels(self.scribble_path(case_id), self.labels.encode(scribble), geometry)
        # Only now: a crash in between replays strokes over a file that has them already.
        self._journal(case_id).clear()

    def _write_json(self, path: Path, content: dict[str, Any]) -> None:
        atomic_write(path, (json.dumps(content, indent=2) + "\n").encode())

    def _read_json(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ProjectError(f"{path} could not be read ({error}); remove it.") from error
        return content if isinstance(content, dict) else {}

    def _remove_leftovers(self) -> None:
        """Remove what writes cut short by a crash left behind, in the folders of the lock."""
        for folder in (self.folder, self.folder / "scribbles", self.folder / "reviews"):
            for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
                with contextlib.suppress(OSError):
                    path.unlink()
