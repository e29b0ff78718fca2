"""What stands in ``project.json``, and how its version is checked.

The schema version is looked at before anything else: a project of a newer version is refused as a
whole, because writing it back would drop what this version does not know.

Beside it lies ``project.copy.json``, the same once more.  A crash never leaves half a file, but a
disk, a cloud folder or a person can; then the copy is used, and that is told.  Before a project is
written as a newer version for the first time, ``project.v1.json`` keeps it as it was.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.labels import CARDIAC, LabelScheme
from napari_scribblemix.data.links import is_taken
from napari_scribblemix.data.wording import can_be_shown, check_name, counted, first_wrong
from napari_scribblemix.errors import FileError, ProjectError, SchemaError

SCHEMA_VERSION = 2
"""2: a case may be left out of training.  A project in which none is stays one of version 1."""

LONGEST_ID = 200
"""Bytes in the name of a case: with what is added to it, it must still be a file name."""

_LONGEST_PATH = 4096


def _check_source(value: str) -> str:
    # It may lead anywhere, for images are only read; but it must be a path, and be shown as one.
    if not 0 < len(value) <= _LONGEST_PATH or not can_be_shown(value):
        raise ValueError(
            f"got the path {value[:60]!r}; expected one that can be written down: rename the file"
        )
    return value


Source = Annotated[str, AfterValidator(_check_source)]
Name = Annotated[str, AfterValidator(check_name)]


class ImageRecord(BaseModel):
    """The image of a further channel of a case, kept like the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = Field(description="absolute, or relative to the project folder")
    sha256: str = Field(description="of the file when it was added")


class CaseRecord(BaseModel):
    """One case: where its image is and what it was when it was added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="name of the case and of its files in the project")
    source: Source = Field(description="the image: absolute, or relative to the project folder")
    sha256: str = Field(description="of the image file when it was added")
    frame: int | None = None
    mask: Source | None = Field(None, description="a full reference mask, if there is one")
    note: str | None = Field(None, description="what the geometry rule decided")
    channels: tuple[Name, ...] = Field((), description="their names, if the case has several")
    further: tuple[ImageRecord, ...] = Field((), description="all channels but the first")
    left_out: bool = Field(False, description="whether trainings leave the case out")

    @field_validator("id")
    @classmethod
    def _is_a_file_name(cls, value: str) -> str:
        fits = can_be_shown(value) and 0 < len(value.encode()) <= LONGEST_ID
        if not fits or value.startswith(".") or any(c in '/\\:*?"<>|' for c in value):
            raise ValueError(
                f"got the case name {value[:60]!r}; expected one that can be a file name"
            )
        return value

    @model_validator(mode="after")
    def _an_image_for_each_channel(self) -> Self:
        if (self.channels or self.further) and len(self.channels) != 1 + len(self.further):
            raise ValueError(
                f"got {len(self.channels)} names of channels for {1 + len(self.further)} images; "
                "expected one each"
            )
        return self


class ProjectRecord(BaseModel):
    """The whole of ``project.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1, 2] = 1
    labels: LabelScheme = CARDIAC
    cases: tuple[CaseRecord, ...] = ()

    @field_validator("cases")
    @classmethod
    def _distinct(cls, cases: tuple[CaseRecord, ...]) -> tuple[CaseRecord, ...]:
        # Without regard to case: the same project may be opened where file names ignore it.
        names = [case.id.casefold() for case in cases]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(
                f"got the case {min(twice)} twice (capitals do not count); expected different "
                "names: rename one"
            )
        return cases


def read_record(path: Path) -> ProjectRecord:
    """The record at ``path``; ``SchemaError`` if newer, ``ProjectError`` if missing or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        # What the system says in full names the path once more.
        reason = getattr(error, "strerror", None) or error
        raise ProjectError(
            f"{path} could not be read ({reason}); expected a project folder: choose another, or "
            "restore this file from a copy."
        ) from error
    if not isinstance(content, dict):
        raise ProjectError(
            f"{path} is damaged: it holds no record of a project, expected a JSON object; restore "
            "this file from a copy."
        )
    version = content.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise SchemaError(
            f"{path} has schema version {version}, this program knows {SCHEMA_VERSION}; update "
            "napari-scribblemix."
        )
    try:
        # One without a version is damaged, though the record itself would supply it.
        return ProjectRecord.model_validate({"schema_version": None} | content)
    except ValidationError as error:
        raise ProjectError(
            f"{path} is damaged: {first_wrong(error.errors())}; restore this file from a copy."
        ) from error


def find_record(path: Path) -> tuple[ProjectRecord, str | None]:
    """The record at ``path``, or its copy where it is damaged, and then a line that says so.

    As ``read_record`` where there is no copy, or a damaged one.
    """
    try:
        return read_record(path), None
    except SchemaError:
        raise
    except ProjectError as error:
        if not path.is_file() or not (copy := copy_path(path)).is_file():
            raise
        try:
            record = read_record(copy)
        except ProjectError:
            raise error from None
        return record, (
            f"{path} is damaged; {copy.name} was used in its place, with "
            f"{counted(len(record.cases), 'case')}: look whether one is missing, and add it again."
        )


def copy_path(path: Path) -> Path:
    """Where the copy of the record at ``path`` is."""
    return path.with_name(f"{path.stem}.copy{path.suffix}")


def mend_record(path: Path, record: ProjectRecord) -> None:
    """Put ``record`` in the place of a damaged one, which is kept as ``project.damaged.json``."""
    with contextlib.suppress(OSError):
        damaged = path.with_name(f"{path.stem}.damaged{path.suffix}")
        atomic_write(damaged, path.read_bytes())
    write_record(path, record)


def _keep_older(path: Path, version: int) -> None:
    """Keep the record as it was before it is written as ``version``; one that is kept stays."""
    try:
        before = read_record(path).schema_version
    except ProjectError:
        return  # none yet, or damaged, and kept by ``mend_record``
    kept = path.with_name(f"{path.stem}.v{before}{path.suffix}")
    if before < version and not is_taken(kept):
        atomic_write(kept, path.read_bytes())


def write_record(path: Path, record: ProjectRecord) -> None:
    """Write the record and its copy durably, as the oldest version that can say it."""
    # An earlier program would not know the field: it may read all projects that do without.
    newest = any(case.left_out for case in record.cases)
    unsaid = None if newest else {"cases": {"__all__": {"left_out"}}}
    version: Literal[1, 2] = 2 if newest else 1
    if newest:
        _keep_older(path, version)
    written = record.model_copy(update={"schema_version": version})
    data = (written.model_dump_json(indent=2, exclude=unsaid) + "\n").encode()
    atomic_write(path, data)
    with contextlib.suppress(FileError):  # what was asked for is on the disk
        atomic_write(copy_path(path), data)
