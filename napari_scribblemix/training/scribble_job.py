"""A training from scribbles, prepared: cases, slices on the device, method and first weights.

Its scribbles may change while it runs: ``take_scribbles`` reads those of a case again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import nn

import napari_scribblemix
from napari_scribblemix.errors import TrainingError
from napari_scribblemix.events import ScribblesTaken, Started
from napari_scribblemix.inference.model import ModelCard
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.methods.teacher import Taught
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.resources import STARTER_NAME, find_model
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.averaging import averaged_copy, predicting_copy
from napari_scribblemix.training.batches import BatchSource, build_method
from napari_scribblemix.training.cases import (
    TrainingCases,
    load_training_cases,
    reload_case,
)
from napari_scribblemix.training.device import choose_machine
from napari_scribblemix.training.job import Generators, Job
from napari_scribblemix.training.recipe import Recipe, resolve
from napari_scribblemix.training.slices import build_store
from napari_scribblemix.training.start import (
    find_turns,
    knows_all,
    load_start,
    resolve_for,
    take_weights,
)


@dataclass
class ScribbleJob(Job):
    """A job whose labels are scribbles in a folder."""

    settings: TrainSettings
    batches: BatchSource

    def take_scribbles(self, case_id: str, step: int) -> ScribblesTaken:
        """Train from ``step``, the next one, on with the scribbles of a case as they are now.

        Nothing changes where an error is raised: those of ``load_case``, ``ScribbleError`` if no
        label would be left, ``TrainingError`` if the case does not take part.
        """
        store = self.batches.store
        if case_id not in store.rows:
            raise TrainingError(
                f"{case_id} was not part of this training when it began (it was added later, or is "
                "held out to validate on); its scribbles take part from the next start on."
            )
        self.batches.relabel(reload_case(self.settings, case_id, self.card.labels))
        return ScribblesTaken(
            case=case_id,
            step=step,
            scribbled_cases=store.scribbled_cases,
            scribbled_slices=len(store.labelled),
        )


@dataclass
class _Begin:
    """What a model to start from brings: its turns of the cases, and itself as a teacher."""

    turns: list[Turn]
    upright: bool = False
    teacher: UNet | None = None


def _begin(settings: TrainSettings, recipe: Recipe, cases: TrainingCases, network: UNet) -> _Begin:
    """Fill ``network`` with the weights to start from, if not with fresh ones."""
    if recipe.start == "scratch":
        return _Begin([AS_STORED] * len(cases.training))
    path = find_model(Path(settings.start or STARTER_NAME))
    known = load_start(path, recipe, network, network.head.weight.device)
    take_weights(network, known, cases.scheme)
    # One that does not know scar would teach that it is muscle.
    teacher = predicting_copy(network) if knows_all(known, cases.scheme) else None
    return _Begin(find_turns(known, cases.training), known.card.upright, teacher)


def prepare(settings: TrainSettings) -> ScribbleJob:
    """Read the cases and build everything; the user's errors are raised here, before a step."""
    resolve(settings)  # options that contradict are told before a long reading
    machine = choose_machine(settings.device, settings.precision, settings.threads)
    cases = load_training_cases(settings)
    recipe, more = resolve_for(settings, cases.in_channels)
    # Fresh layers draw their weights from the global generator; there is no other way in.
    torch.manual_seed(settings.seed)  # noqa: TID251
    method = build_method(
        settings.method, recipe, cases.scheme.classes, machine.layout, cases.in_channels
    )
    method = method.to(machine.device)
    network = cast(UNet, method.network)
    begin = _begin(settings, recipe, cases, network)
    store = build_store(
        cases.training, recipe.spacing, recipe.enclosure_rule, machine.device, begin.turns
    )
    # Only now: it starts where the network starts.
    averaged = averaged_copy(network, recipe.ema)
    teacher = averaged if recipe.start == "scratch" else begin.teacher
    taught: nn.Module = method
    if recipe.teacher and teacher is not None:
        taught = Taught(method, teacher, recipe.teacher, recipe.teacher_sure)
    generators = Generators.seeded(settings.seed, machine.device)
    return ScribbleJob(
        settings=settings,
        recipe=recipe,
        machine=machine,
        method=taught,
        network=network,
        averaged=averaged,
        weights=method.weights,
        batches=BatchSource(store, recipe, cases.scheme, settings.seed, generators),
        generators=generators,
        card=_card(settings, recipe, cases, begin.upright),
        started=Started(
            run="",
            method=settings.method,
            preset=settings.preset,
            device=str(machine.device),
            precision=machine.precision,
            cases=len(cases.training),
            scribbled_cases=sum(case.scribble is not None for case in cases.training),
            slices=len(store),
            scribbled_slices=len(store.labelled),
            validation_cases=len(cases.validation),
            parameters=sum(p.numel() for p in network.parameters()),
            start=recipe.start,
        ),
        validation=cases.validation,
        warnings=[*more, *cases.warnings],
    )


def _card(
    settings: TrainSettings, recipe: Recipe, cases: TrainingCases, upright: bool
) -> ModelCard:
    return ModelCard(
        name=f"{settings.method}-{settings.preset}",
        network=recipe.network,
        in_channels=cases.in_channels,
        channels=cases.channels,
        labels=cases.scheme,
        spacing=recipe.spacing,
        mirrored=recipe.augmentation.mirror,
        upright=upright,
        method=settings.method,
        recipe=recipe.model_dump(mode="json"),
        steps=0,
        seconds=0.0,
        seed=settings.seed,
        code_version=napari_scribblemix.__version__,
        case_salt=cases.salt,
        case_hashes=cases.hashes,
    )
