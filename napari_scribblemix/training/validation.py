"""Mean Dice of models on cases with masks: the figures shown while training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.events import TaskResult, Validation
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.inference.stoppable import LeftEarly, stoppable
from napari_scribblemix.project.cases import Case
from napari_scribblemix.training.checkpoint import TrainingState
from napari_scribblemix.training.job import Task


def measure(model: Model, cases: Sequence[Case]) -> dict[str, float]:
    """Mean 3-D Dice per structure over ``cases`` (those with a mask), as ``evaluate`` counts it.

    A structure that is in no mask and no prediction is left out.
    """
    names = model.card.labels.names[1:]
    scores: dict[str, list[float]] = {name: [] for name in names}
    for case in cases:
        if case.mask is None:
            continue
        labels = segment_volume(model, case.image).labels
        for number, name in enumerate(names, start=1):
            scores[name].append(dice(labels == number, case.mask == number))
    return {
        name: float(np.nanmean(values))
        for name, values in scores.items()
        if np.isfinite(values).any()
    }


class Scores:
    """The Dice of each task in the course of a training; kept in its state, so also by a resume.

    Args:
        tasks: those without cases to validate on are left out.
        state: of the training; its ``metrics`` are filled.
    """

    def __init__(self, tasks: Sequence[Task], state: TrainingState) -> None:
        self._tasks, self._state = tasks, state
        self._taken_at: int | None = None

    @property
    def possible(self) -> bool:
        """Whether any task can be measured."""
        return any(task.validation for task in self._tasks)

    @property
    def outdated(self) -> bool:
        """Whether something can be measured and was not since the last step."""
        return self.possible and self._taken_at != self._state.step

    def take(
        self, model_of: Callable[[Task], Model], stopping: Callable[[], bool]
    ) -> Iterator[Validation]:
        """Measure each task's model as of now; left in the middle once ``stopping`` is true."""
        state = self._state
        for task in self._tasks:
            if not task.validation:
                continue
            model = model_of(task)
            try:
                with stoppable(model.network, stopping):
                    found = measure(model, task.validation)
            except LeftEarly:
                return
            mean = sum(found.values()) / max(1, len(found))
            before = state.metrics.get(task.name, {})
            state.metrics[task.name] = {
                "validation_dice": found,
                "validation_mean_dice": mean,
                "validation_cases": len(task.validation),
                "validation_step": state.step,
                "validation_first_mean_dice": before.get("validation_first_mean_dice", mean),
            }
            yield Validation(
                step=state.step,
                elapsed=state.elapsed,
                dice=found,
                mean_dice=mean,
                cases=len(task.validation),
                task=task.name,
            )
        self._taken_at = state.step

    def results(self, run: Path) -> list[TaskResult]:
        """What came out of each task, its model in a folder of ``run``."""
        kept = [self._state.metrics.get(task.name, {}) for task in self._tasks]
        return [
            TaskResult(
                task=task.name,
                model=str(run / task.name),
                first_mean_dice=metrics.get("validation_first_mean_dice"),
                mean_dice=metrics.get("validation_mean_dice"),
            )
            for task, metrics in zip(self._tasks, kept, strict=True)
        ]
