"""The only optimiser loop: every method, the command line, the worker and the tests run this one.

It reads top to bottom: prepare, then one step after another, telling now and then what happens by
yielding events.  It knows no method by name: a method is a module whose ``forward(batch)`` returns
named loss terms and whose ``weights`` say how to add them.  It draws nothing, prints nothing and
takes no keyboard input; whoever iterates it does, and pauses or stops it through ``Control``.  What
else happens while the weights stand still is handed in and runs between steps, also in a pause.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from napari_scribblemix.data.links import inside
from napari_scribblemix.errors import TrainingError
from napari_scribblemix.events import (
    Checkpoint,
    Event,
    Finished,
    Paused,
    Progress,
    Resumed,
    Started,
    Warned,
)
from napari_scribblemix.inference.model import Model, save_model
from napari_scribblemix.project.run_models import MODEL_NAME
from napari_scribblemix.training.averaging import update_average
from napari_scribblemix.training.checkpoint import (
    TrainingState,
    load_checkpoint,
    save_checkpoint,
)
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.device import is_out_of_memory, make_fabric, out_of_memory
from napari_scribblemix.training.job import Job, Task
from napari_scribblemix.training.meter import Meter
from napari_scribblemix.training.record import write_settings
from napari_scribblemix.training.schedule import Budget, learning_rate
from napari_scribblemix.training.validation import Scores

_PROGRESS_SECONDS = 0.5
_CHECKPOINT_SECONDS = 60.0
_FIRST_CHECKPOINT_SECONDS = 5.0

BetweenSteps = Callable[["Training"], Iterable[Event]]
"""What others do between two steps (take new strokes in, show predictions), and what they tell."""


def nothing_between_steps(training: Training) -> Iterable[Event]:  # noqa: ARG001
    """Train on without a break."""
    return ()


class Training:
    """One training, run by iterating ``events``."""

    def __init__(
        self,
        job: Job,
        run: Path,
        control: Control | None = None,
        between_steps: BetweenSteps = nothing_between_steps,
    ) -> None:
        """Set up optimiser and averaged weights, or restore them from ``run`` to resume."""
        self.job, self.run, self.control = job, run, control or Control()
        self._between_steps = between_steps
        recipe = job.recipe
        optimizer = torch.optim.AdamW(
            job.method.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=job.machine.device.type in {"cpu", "cuda"},
        )
        averaged = nn.ModuleList(task.averaged for task in job.tasks)
        self.state = TrainingState(
            job.method, averaged, optimizer, job.generators.device, job.generators.host
        )
        self.budget = Budget.of(recipe, job.batches.steps_per_epoch)
        self._scores = Scores(job.tasks, self.state)
        if job.settings.resume:
            load_checkpoint(run, self.state)

    def events(self) -> Iterator[Event]:
        """Train until the budget is used or a stop is asked for, yielding what happens."""
        self.run.mkdir(parents=True, exist_ok=True)
        write_settings(self.run, self.job)
        self.job.keep()
        yield self._started()
        for message in self.job.warnings:
            yield Warned(message=message)
        try:
            yield from self._steps()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory(self.job.machine.device, self.state.step) from error
        yield from self._save()
        if self._scores.outdated and not self.control.stopping:
            yield from self._scores.take(self.model, self._is_stopping)
            yield from self._save()
        results = self._scores.results(self.run)
        yield Finished(
            step=self.state.step,
            elapsed=self.state.elapsed,
            stopped=self.control.stopping,
            model=str(self.run),
            mean_dice=results[0].mean_dice,
            tasks=results if len(results) > 1 else [],
        )

    def _steps(self) -> Iterator[Event]:
        job, state = self.job, self.state
        recipe, weights = job.recipe, job.weights
        fabric = make_fabric(job.machine.device, job.machine.precision)
        fabric.setup(state.method, state.optimizer)
        state.method.train()
        begun = time.monotonic() - state.elapsed
        saved_at = state.elapsed + _FIRST_CHECKPOINT_SECONDS - _CHECKPOINT_SECONDS
        meter, rate = Meter(state.step, state.elapsed), 0.0
        next_validation = self._next_validation()
        if len(job.tasks) > 1 and self._scores.outdated and not state.step:
            # Where each task began, so that the end can tell which of them gained.
            yield from self._scores.take(self.model, self._is_stopping)
            state.method.train()
            begun = time.monotonic() - state.elapsed
        while not self.budget.spent(state.step, state.elapsed):
            yield from self._others()
            if self.control.paused:
                paused_at = time.monotonic()
                yield from self._pause(meter, rate)
                # Nobody's budget is used up by waiting.
                begun += time.monotonic() - paused_at
                meter, saved_at = Meter(state.step, state.elapsed), state.elapsed
            if self.control.stopping:
                break
            fraction = self.budget.fraction(state.step, state.elapsed)
            rate = learning_rate(recipe, fraction)
            for group in state.optimizer.param_groups:
                group["lr"] = rate
            batch = job.batches.at(state.step, fraction)
            # Not through Fabric's wrapper, which would round the batch itself to bfloat16.
            with fabric.autocast():
                terms: dict[str, Tensor] = state.method(batch)
            loss = torch.stack([weights[name] * value for name, value in terms.items()]).sum()
            fabric.backward(loss)
            state.optimizer.step()
            state.optimizer.zero_grad(set_to_none=True)
            state.step += 1
            if recipe.ema:
                for task in job.tasks:
                    update_average(task.averaged, task.network, recipe.ema, state.step)
            meter.add({"loss": loss, **terms})
            state.elapsed = time.monotonic() - begun
            due = self.budget.fraction(state.step, state.elapsed) >= next_validation
            save = state.elapsed - saved_at >= _CHECKPOINT_SECONDS
            # Always before a checkpoint: a loss that is no number must not replace a good one.
            if due or save or state.elapsed - meter.since >= _PROGRESS_SECONDS:
                yield self._progress(meter, rate)
                meter = Meter(state.step, state.elapsed)
            if save:
                yield from self._save()
                saved_at = state.elapsed
            if due:
                yield from self._scores.take(self.model, self._is_stopping)
                state.method.train()
                next_validation = self._next_validation()
                meter = Meter(state.step, time.monotonic() - begun)
        if meter.sums:
            yield self._progress(meter, rate)

    def _others(self) -> Iterator[Event]:
        yield from self._between_steps(self)
        # A prediction leaves the networks switched to evaluation.
        self.state.method.train()

    def _pause(self, meter: Meter, rate: float) -> Iterator[Event]:
        """Save, then do only what others want until resumed or stopped."""
        if meter.sums:
            yield self._progress(meter, rate)
        yield from self._save()
        yield Paused(step=self.state.step)
        while self.control.paused:
            self.control.wait()
            yield from self._others()
        if not self.control.stopping:
            yield Resumed(step=self.state.step)

    def _is_stopping(self) -> bool:
        return self.control.stopping

    def _next_validation(self) -> float:
        if not self._scores.possible:
            return math.inf
        every = 1.0 / self.job.settings.validations
        done = self.budget.fraction(self.state.step, self.state.elapsed)
        return (math.floor(done / every + 1e-9) + 1) * every - 1e-9

    def _started(self) -> Started:
        budget = self.budget
        known = {"run": self.run.name, "step": self.state.step}
        return self.job.started.model_copy(
            update=known | {"steps": budget.steps, "seconds": budget.seconds}
        )

    def _progress(self, meter: Meter, rate: float) -> Progress:
        steps, seconds = self.state.step - meter.step, self.state.elapsed - meter.since
        means = meter.means()
        loss = means.pop("loss")
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss is not a number any more at step {self.state.step}; go on from the last "
                "checkpoint with --resume, or start with a smaller --learning-rate."
            )
        return Progress(
            step=self.state.step,
            fraction=self.budget.fraction(self.state.step, self.state.elapsed),
            elapsed=self.state.elapsed,
            eta=self.budget.eta(self.state.step, self.state.elapsed),
            slices_per_second=steps * self.job.slices_per_step / max(seconds, 1e-9),
            learning_rate=rate,
            loss=loss,
            terms=means,
        )

    def model(self, task: Task | None = None) -> Model:
        """The model of ``task`` (the main one) as of now: averaged weights, and a card of it."""
        task = task or self.job.main
        measured = {"steps": self.state.step, "seconds": round(self.state.elapsed, 1)}
        metrics = self.state.metrics.get(task.name, {})
        return Model(
            task.averaged, task.card.model_copy(update=measured | {"metrics": dict(metrics)})
        )

    def _save(self) -> Iterator[Event]:
        path = save_checkpoint(self.run, self.state)
        for task in self.job.tasks:
            model = self.model(task)
            folder = self.run / task.name
            inside(self.run, folder / MODEL_NAME)
            save_model(folder, model.network, model.card)
        yield Checkpoint(step=self.state.step, path=str(path.relative_to(self.run)))
