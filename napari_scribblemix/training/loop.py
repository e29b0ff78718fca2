"""The only optimiser loop: every method, the command line, the worker and the tests run this one.

It reads top to bottom: prepare, then one step after another, telling now and then what happens by
yielding events.  It knows no method by name: a method is a module whose ``forward(batch)`` returns
named loss terms and whose ``weights`` say how to add them.  It draws nothing, prints nothing and
takes no keyboard input; whoever iterates it does, and stops it through ``Control``.
"""

from __future__ import annotations

import copy
import json
import math
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

import napari_scribblemix
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.errors import TrainingError
from napari_scribblemix.events import (
    Checkpoint,
    Event,
    Finished,
    Progress,
    Started,
    Validation,
    Warned,
)
from napari_scribblemix.inference.model import Model, ModelCard, save_model
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.averaging import update_average
from napari_scribblemix.training.batches import BatchSource, build_method
from napari_scribblemix.training.cases import TrainingCases, load_training_cases
from napari_scribblemix.training.checkpoint import (
    TrainingState,
    load_checkpoint,
    save_checkpoint,
)
from napari_scribblemix.training.device import (
    choose_device,
    choose_layout,
    choose_precision,
    make_fabric,
    set_threads,
)
from napari_scribblemix.training.meter import Meter
from napari_scribblemix.training.recipe import Recipe, resolve
from napari_scribblemix.training.schedule import Budget, learning_rate
from napari_scribblemix.training.slices import build_store
from napari_scribblemix.training.validation import measure

_PROGRESS_SECONDS = 0.5
_CHECKPOINT_SECONDS = 60.0


class Control:
    """How a running training is stopped, from a signal handler or another thread."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def stop(self) -> None:
        """Finish the current step, save everything and end."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()


def _write_settings(run: Path, settings: TrainSettings, recipe: Recipe) -> None:
    record = {
        "code_version": napari_scribblemix.__version__,
        "settings": settings.model_dump(mode="json"),
        "recipe": recipe.model_dump(mode="json"),
    }
    atomic_write(run / "settings.json", json.dumps(record, indent=2).encode())


class Training:
    """One training: prepared by the constructor, run by iterating ``events``."""

    def __init__(self, settings: TrainSettings, run: Path, control: Control | None = None) -> None:
        """Read the cases and build everything; the user's errors are raised here, before a step."""
        self.settings, self.run, self.control = settings, run, control or Control()
        self.recipe = resolve(settings)
        set_threads(settings.threads)
        self.device = choose_device(settings.device)
        self.precision = choose_precision(settings.precision, self.device)
        self.cases: TrainingCases = load_training_cases(settings)
        recipe, scheme = self.recipe, self.cases.scheme
        self.store = build_store(
            self.cases.training, recipe.spacing, recipe.enclosure_rule, self.device
        )
        layout = choose_layout(self.device, self.precision)
        # Fresh layers draw their weights from the global generator; there is no other way in.
        torch.manual_seed(settings.seed)  # noqa: TID251
        method = build_method(settings.method, recipe, scheme.classes, layout).to(self.device)
        self.network = method.network
        self.weights = method.weights
        averaged = copy.deepcopy(self.network).requires_grad_(False) if recipe.ema else self.network
        optimizer = torch.optim.AdamW(
            method.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=self.device.type in {"cpu", "cuda"},
        )
        self.state = TrainingState(
            method,
            averaged,
            optimizer,
            torch.Generator(self.device).manual_seed(settings.seed + 1),
            torch.Generator().manual_seed(settings.seed + 2),
        )
        self.batches = BatchSource(
            self.store,
            recipe,
            scheme.classes,
            settings.seed,
            self.state.generator,
            self.state.host_generator,
        )
        self.budget = Budget.of(recipe, self.batches.steps_per_epoch)
        self._last: Validation | None = None
        if settings.resume:
            load_checkpoint(run, self.state)

    def events(self) -> Iterator[Event]:
        """Train until the budget is used or a stop is asked for, yielding what happens."""
        self.run.mkdir(parents=True, exist_ok=True)
        _write_settings(self.run, self.settings, self.recipe)
        yield self._started()
        for message in self.cases.warnings:
            yield Warned(message=message)
        try:
            yield from self._steps()
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"The device ran out of memory at step {self.state.step}; choose a smaller --batch "
                "or --crop, then go on with --resume."
            ) from error
        yield from self._save()
        if self.cases.validation and (self._last is None or self._last.step != self.state.step):
            yield self._validate()
            yield from self._save()
        yield Finished(
            step=self.state.step,
            elapsed=self.state.elapsed,
            stopped=self.control.stopping,
            model=str(self.run),
            mean_dice=self._last.mean_dice if self._last else None,
        )

    def _steps(self) -> Iterator[Event]:
        fabric: Fabric = make_fabric(self.device, self.precision)
        state, recipe, weights = self.state, self.recipe, self.weights
        fabric.setup(state.method, state.optimizer)
        state.method.train()
        begun = time.monotonic() - state.elapsed
        saved_at, meter, rate = state.elapsed, Meter(state.step, state.elapsed), 0.0
        next_validation = self._next_validation()
        while not self.control.stopping and not self.budget.spent(state.step, state.elapsed):
            fraction = self.budget.fraction(state.step, state.elapsed)
            rate = learning_rate(recipe, fraction)
            for group in state.optimizer.param_groups:
                group["lr"] = rate
            batch = self.batches.at(state.step, fraction)
            # Not through Fabric's wrapper, which would round the batch itself to bfloat16.
            with fabric.autocast():
                terms: dict[str, Tensor] = state.method(batch)
            loss = torch.stack([weights[name] * value for name, value in terms.items()]).sum()
            fabric.backward(loss)
            state.optimizer.step()
            state.optimizer.zero_grad(set_to_none=True)
            state.step += 1
            if recipe.ema:
                update_average(state.averaged, self.network, recipe.ema, state.step)
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
                yield self._validate()
                state.method.train()
                next_validation = self._next_validation()
                meter = Meter(state.step, time.monotonic() - begun)
        if meter.sums:
            yield self._progress(meter, rate)

    def _next_validation(self) -> float:
        if not self.cases.validation:
            return math.inf
        every = 1.0 / self.settings.validations
        done = self.budget.fraction(self.state.step, self.state.elapsed)
        return (math.floor(done / every + 1e-9) + 1) * every - 1e-9

    def _started(self) -> Started:
        cases = self.cases
        return Started(
            run=self.run.name,
            method=self.settings.method,
            preset=self.settings.preset,
            device=str(self.device),
            precision=self.precision,
            cases=len(cases.training),
            scribbled_cases=sum(case.scribble is not None for case in cases.training),
            slices=len(self.store),
            scribbled_slices=len(self.store.labelled),
            validation_cases=len(cases.validation),
            parameters=sum(p.numel() for p in self.network.parameters()),
            step=self.state.step,
            steps=self.budget.steps,
            seconds=self.budget.seconds,
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
            slices_per_second=steps * self.recipe.batch / max(seconds, 1e-9),
            learning_rate=rate,
            loss=loss,
            terms=means,
        )

    def _model(self) -> Model:
        state, cases = self.state, self.cases
        card = ModelCard(
            name=f"{self.settings.method}-{self.settings.preset}",
            network=self.recipe.network,
            in_channels=1,
            labels=cases.scheme,
            spacing=self.recipe.spacing,
            mirrored=self.recipe.augmentation.mirror,
            method=self.settings.method,
            recipe=self.recipe.model_dump(mode="json"),
            steps=state.step,
            seconds=round(state.elapsed, 1),
            seed=self.settings.seed,
            code_version=napari_scribblemix.__version__,
            case_salt=cases.salt,
            case_hashes=cases.hashes,
            metrics=state.metrics,
        )
        return Model(state.averaged, card)

    def _save(self) -> Iterator[Event]:
        path = save_checkpoint(self.run, self.state)
        model = self._model()
        save_model(self.run, model.network, model.card)
        yield Checkpoint(step=self.state.step, path=str(path.relative_to(self.run)))

    def _validate(self) -> Validation:
        dice = measure(self._model(), self.cases.validation)
        mean = sum(dice.values()) / max(1, len(dice))
        event = Validation(
            step=self.state.step,
            elapsed=self.state.elapsed,
            dice=dice,
            mean_dice=mean,
            cases=len(self.cases.validation),
        )
        self.state.metrics = {
            "validation_dice": dice,
            "validation_mean_dice": mean,
            "validation_cases": event.cases,
            "validation_step": event.step,
        }
        self._last = event
        return event
