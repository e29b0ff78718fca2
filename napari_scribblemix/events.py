"""What a long-running command tells: events of training and segmenting, one JSON object a line.

The loop yields them; the command line draws them or prints them (``--json``), the worker process
writes them to its standard output and to ``events.jsonl`` of the run.  No torch, no Qt: whoever
watches a training needs neither.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preparing(_Event):
    """Nothing is trained yet; ``message`` says what is being waited for."""

    event: Literal["preparing"] = "preparing"
    message: str


class Started(_Event):
    """Training begins (or goes on, ``step`` > 0).

    ``scribbled``: the names of the main task's cases whose strokes or accepted slices take part.
    """

    event: Literal["started"] = "started"
    run: str
    method: str
    preset: str
    device: str
    precision: str
    cases: int
    scribbled_cases: int
    slices: int
    scribbled_slices: int
    validation_cases: int
    parameters: int
    start: str = "scratch"
    tasks: list[str] = []
    scribbled: list[str] = []
    step: int = 0
    steps: int | None = None
    seconds: float | None = None


class Progress(_Event):
    """Where the training is; loss terms are means since the last such event."""

    event: Literal["progress"] = "progress"
    step: int
    fraction: float = Field(ge=0.0, le=1.0)
    elapsed: float
    eta: float | None
    slices_per_second: float
    learning_rate: float
    loss: float
    terms: dict[str, float]


class Validation(_Event):
    """Mean Dice on the validation cases, per structure and over all; ``task`` if there are more."""

    event: Literal["validation"] = "validation"
    step: int
    elapsed: float
    dice: dict[str, float]
    mean_dice: float
    cases: int
    task: str = ""


class Preview(_Event):
    """A prediction was written; ``mean_dice`` is against the accepted slices, if any.

    ``file`` (mask) and ``uncertainty_file`` (0-100) are relative to the project folder; ``seconds``
    is what making it took.  ``whole`` is false where only the slice on screen was looked at anew.
    """

    event: Literal["preview"] = "preview"
    case: str
    file: str
    step: int
    mean_dice: float | None = None
    uncertainty_file: str | None = None
    seconds: float = 0.0
    whole: bool = True


LEARNING = "The mask follows the strokes…"
"""What is said of a case from a stroke on it until all of it is learnt."""


class Followed(_Event):
    """How far the mask of ``case`` follows its strokes, where that is done without a training.

    No ``words``: there is nothing to say any more.
    """

    event: Literal["followed"] = "followed"
    case: str
    words: str


class ScribblesTaken(_Event):
    """The strokes of ``case``, as they are now, take part from this step on; counts are of all."""

    event: Literal["scribbles_taken"] = "scribbles_taken"
    case: str
    step: int
    scribbled_cases: int
    scribbled_slices: int


class Paused(_Event):
    """The training waits, saved, until it is resumed or stopped."""

    event: Literal["paused"] = "paused"
    step: int


class Resumed(_Event):
    """The training goes on after a pause."""

    event: Literal["resumed"] = "resumed"
    step: int


class Segmented(_Event):
    """A case of a project was segmented, the ``number``-th of ``of``.

    ``file`` and ``uncertainty_file`` are relative to the project folder.  ``corrected``: the slices
    corrected by hand that nobody accepts; they were kept, or ``replaced`` if the job said so.
    """

    event: Literal["segmented"] = "segmented"
    case: str
    file: str
    number: int
    of: int
    mean_dice: float | None = None
    uncertainty_file: str | None = None
    corrected: list[int] = []
    replaced: bool = False


class Checkpoint(_Event):
    """The state was saved; the training can go on from here."""

    event: Literal["checkpoint"] = "checkpoint"
    step: int
    path: str


class Warned(_Event):
    """Something the user should know; the training goes on."""

    event: Literal["warning"] = "warning"
    message: str


class TaskResult(BaseModel):
    """What came out of one of several tasks; Dice before the first step and after the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    model: str
    first_mean_dice: float | None = None
    mean_dice: float | None = None


class Finished(_Event):
    """Done: the budget was used (``stopped`` false) or the user stopped it.

    ``step`` counts optimiser steps, or cases where cases were segmented.
    """

    event: Literal["finished"] = "finished"
    step: int
    elapsed: float
    stopped: bool
    model: str
    mean_dice: float | None = None
    tasks: list[TaskResult] = []


class Failed(_Event):
    """What went wrong, why, and what to do next."""

    event: Literal["failed"] = "failed"
    what: str
    why: str
    next: str


Event = Annotated[
    Preparing
    | Started
    | Progress
    | Validation
    | Preview
    | Followed
    | ScribblesTaken
    | Checkpoint
    | Paused
    | Resumed
    | Segmented
    | Warned
    | Finished
    | Failed,
    Field(discriminator="event"),
]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(line: str | bytes) -> Event:
    """The event of one JSON line; ``pydantic.ValidationError`` if it is none."""
    return _ADAPTER.validate_json(line)


def clock(seconds: float | None) -> str:
    """``1:05`` for 65 seconds, ``1:00:05`` above an hour; ``-:--`` if unknown."""
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def describe_gain(result: TaskResult) -> str:
    """``lge: Dice 0.812 at first, 0.861 now (+0.049)``; or that nothing was measured."""
    first, now = result.first_mean_dice, result.mean_dice
    if now is None:
        return f"{result.task}: not measured; its folder would need masks of other cases"
    if first is None:
        return f"{result.task}: Dice {now:.3f}"
    return f"{result.task}: Dice {first:.3f} at first, {now:.3f} now ({now - first:+.3f})"


def describe_kept(event: Segmented) -> str:
    """``P1: 2 slices were corrected by hand and kept.``."""
    count = len(event.corrected)
    which = "1 slice was" if count == 1 else f"{count} slices were"
    return f"{event.case}: {which} corrected by hand and kept."
