"""The points of the curves, from the events of a training that runs or of one long over.

Where several tasks are trained each has a curve of its own, named after it; a training of one task
has one curve without a name.  No Qt: the plots are in ``curves``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from napari_scribblemix import events as ev

Point = tuple[int, float]
"""(step, value)"""

Points = tuple[Point, ...]
"""In the order of the steps."""

_SUPERVISED = ": sup"


@dataclass(frozen=True)
class CurveData:
    """Points by task: the loss (of several tasks what each learns from its strokes), the Dice."""

    losses: dict[str, Points] = field(default_factory=dict)
    dices: dict[str, Points] = field(default_factory=dict)

    @property
    def drawn(self) -> bool:
        """Whether there is a point."""
        return bool(self.losses or self.dices)


def losses_of(event: ev.Progress, tasks: Sequence[str]) -> dict[str, float]:
    """The value that ``event`` adds to the loss curve of each task."""
    if not tasks:
        return {"": event.loss}
    named = {task: event.terms.get(task + _SUPERVISED) for task in tasks}
    return {task: value for task, value in named.items() if value is not None}


def dices_of(event: ev.Validation, tasks: Sequence[str]) -> dict[str, float]:
    """The same for the Dice against masks.

    A preview's Dice is none of these: it is of one case, and against slices that a person accepted,
    from which the training learns.
    """
    main = tasks[0] if tasks else ""
    return {event.task if event.task in tasks else main: event.mean_dice}


def extended(curves: dict[str, Points], step: int, values: dict[str, float]) -> dict[str, Points]:
    """``curves`` with a point more for each of ``values``."""
    return curves | {task: (*curves.get(task, ()), (step, v)) for task, v in values.items()}


def up_to(curves: CurveData, step: int) -> CurveData:
    """``curves`` without the points after ``step``."""
    losses, dices = (
        {task: tuple(p for p in points if p[0] <= step) for task, points in each.items()}
        for each in (curves.losses, curves.dices)
    )
    return CurveData(losses, dices)


def curves_of(events: Iterable[ev.Event]) -> CurveData:
    """The curves of a whole run."""
    tasks: Sequence[str] = ()
    losses: dict[str, list[Point]] = {}
    dices: dict[str, list[Point]] = {}
    for event in events:
        if isinstance(event, ev.Started):
            tasks = event.tasks
            # What was done after the checkpoint that it goes on from is done again.
            for points in (*losses.values(), *dices.values()):
                points[:] = [point for point in points if point[0] <= event.step]
        elif isinstance(event, ev.Progress):
            for task, value in losses_of(event, tasks).items():
                losses.setdefault(task, []).append((event.step, value))
        elif isinstance(event, ev.Validation):
            for task, value in dices_of(event, tasks).items():
                dices.setdefault(task, []).append((event.step, value))
    return CurveData(
        {task: tuple(points) for task, points in losses.items()},
        {task: tuple(points) for task, points in dices.items()},
    )
