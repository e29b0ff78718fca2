"""A training from scribbles, prepared: cases, slices on the device, method and first weights."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch

import napari_scribblemix
from napari_scribblemix.events import Started
from napari_scribblemix.inference.model import ModelCard
from napari_scribblemix.inference.orientation import AS_STORED
from napari_scribblemix.methods.teacher import Taught
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.resources import STARTER_NAME, find_model
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.averaging import averaged_copy
from napari_scribblemix.training.batches import BatchSource, build_method
from napari_scribblemix.training.cases import TrainingCases, load_training_cases
from napari_scribblemix.training.device import choose_machine
from napari_scribblemix.training.job import Generators, Job
from napari_scribblemix.training.recipe import Recipe, resolve
from napari_scribblemix.training.slices import build_store
from napari_scribblemix.training.start import find_turns, load_start, take_weights


def prepare(settings: TrainSettings) -> Job:
    """Read the cases and build everything; the user's errors are raised here, before a step."""
    recipe = resolve(settings)
    machine = choose_machine(settings.device, settings.precision, settings.threads)
    cases = load_training_cases(settings)
    # Fresh layers draw their weights from the global generator; there is no other way in.
    torch.manual_seed(settings.seed)  # noqa: TID251
    method = build_method(settings.method, recipe, cases.scheme.classes, machine.layout)
    method = method.to(machine.device)
    network = cast(UNet, method.network)
    turns, upright = [AS_STORED] * len(cases.training), False
    if recipe.start != "scratch":
        path = find_model(Path(settings.start or STARTER_NAME))
        known = load_start(path, recipe, network, machine.device)
        turns, upright = find_turns(known, cases.training), known.card.upright
        take_weights(network, known, cases.scheme)
    store = build_store(
        cases.training, recipe.spacing, recipe.enclosure_rule, machine.device, turns
    )
    averaged = averaged_copy(network, recipe.ema)
    generators = Generators.seeded(settings.seed, machine.device)
    return Job(
        settings=settings,
        recipe=recipe,
        machine=machine,
        method=(
            Taught(method, averaged, recipe.teacher, recipe.teacher_sure)
            if recipe.teacher
            else method
        ),
        network=network,
        averaged=averaged,
        weights=method.weights,
        batches=BatchSource(store, recipe, cases.scheme, settings.seed, generators),
        generators=generators,
        card=_card(settings, recipe, cases, upright),
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
        warnings=cases.warnings,
    )


def _card(
    settings: TrainSettings, recipe: Recipe, cases: TrainingCases, upright: bool
) -> ModelCard:
    return ModelCard(
        name=f"{settings.method}-{settings.preset}",
        network=recipe.network,
        in_channels=1,
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
