"""What a parent may tell a worker: one job, then commands, each one JSON line on its stdin.

What the worker answers are the events of ``napari_scribblemix.events``, one JSON line each on its
stdout.  Arrays never travel here: they are files of the project.  No torch, no Qt.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.settings import TrainSettings

READY = "--ready"
"""The option of a worker that loads PyTorch before it has a job."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainJob(_Message):
    """Train on the project.

    ``settings.folder`` is the project.  ``run`` is the folder of the run; without it that of
    ``settings.output``, else a new one in the project.  ``preview_case`` is on screen at the start.
    """

    job: Literal["train"] = "train"
    settings: TrainSettings
    run: Path | None = None
    preview_case: str | None = None


class SegmentJob(_Message):
    """Segment cases of the project into its ``predictions/``; no ``cases`` means all.

    ``model`` is ``starter``, a run folder or a model file, ``mirror`` as for ``segment``.  Accepted
    slices stay, and slices corrected by hand too, unless ``over_corrections`` lets go those that
    are not accepted.
    """

    job: Literal["segment"] = "segment"
    model: Path
    cases: tuple[str, ...] = ()
    device: str = "auto"
    threads: int | None = Field(None, ge=1)
    mirror: bool | None = None
    over_corrections: bool = False


class LiveJob(_Message):
    """Follow the strokes on the case on screen, until told to stop.

    ``model`` as in ``SegmentJob``; ``case`` is on screen, ``slice`` (from 0) of it.
    """

    job: Literal["live"] = "live"
    model: Path
    case: str
    slice: int = 0
    device: str = "auto"
    threads: int | None = Field(None, ge=1)


def name_of(job: TrainJob | SegmentJob | LiveJob) -> str:
    """What a job is called in a sentence."""
    if isinstance(job, LiveJob):
        return "live mask"
    return "training" if isinstance(job, TrainJob) else "segmentation"


class Pause(_Message):
    """Wait after the current step; the process stays and answers commands."""

    command: Literal["pause"] = "pause"


class Resume(_Message):
    """Go on after a pause."""

    command: Literal["resume"] = "resume"


class Stop(_Message):
    """Finish the current step, save everything and end."""

    command: Literal["stop"] = "stop"


class ScribblesChanged(_Message):
    """Strokes or accepted slices of a case are new on the disk: take them at the next step."""

    command: Literal["scribbles_changed"] = "scribbles_changed"
    case: str


class PreviewCase(_Message):
    """This case is on screen: show it now, and before others from now on.

    ``slice`` (from 0) is the slice on screen; a preview is of the whole case all the same.
    """

    command: Literal["preview"] = "preview"
    case: str
    slice: int | None = None


Job = Annotated[TrainJob | SegmentJob | LiveJob, Field(discriminator="job")]
Command = Annotated[
    Pause | Resume | Stop | ScribblesChanged | PreviewCase, Field(discriminator="command")
]
_JOB: TypeAdapter[Job] = TypeAdapter(Job)
_COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def parse_job(line: str | bytes) -> Job:
    """The job of the first line; ``SettingsError`` in one line if it is none."""
    try:
        return _JOB.validate_json(line)
    except ValidationError as error:
        raise SettingsError(
            f"Got a job that cannot be done ({_first_error(error)}); expected a train, segment "
            "or live job: change this setting."
        ) from error


def parse_command(line: str | bytes) -> Command:
    """The command of a later line; ``SettingsError`` in one line if it is none."""
    try:
        return _COMMAND.validate_json(line)
    except ValidationError as error:
        raise SettingsError(
            f"Got a command that is not known ({_first_error(error)}); expected pause, resume, "
            "stop, scribbles_changed or preview."
        ) from error
