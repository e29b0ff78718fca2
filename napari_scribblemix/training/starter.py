"""The starter model: a network that has seen drawn hearts alone and finds real ones.

Drawn hearts of any contrast stand in for scans, as drawn brains do in SynthSeg (Billot et al.,
Medical Image Analysis 2023): their masks are exact, and the model carries nobody's data.  Here such
a training is prepared for the one loop; the hearts themselves are in ``synthesis``.
"""

from __future__ import annotations

from pathlib import Path

import torch

import napari_scribblemix
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.events import Started
from napari_scribblemix.inference.model import ModelCard, load_model, save_model
from napari_scribblemix.methods.batch import Batch, one_hot
from napari_scribblemix.methods.partial import PartialCE
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.settings import StarterSettings
from napari_scribblemix.synthesis.samples import draw_cases
from napari_scribblemix.training.averaging import averaged_copy
from napari_scribblemix.training.device import choose_machine
from napari_scribblemix.training.drawn import draw_batch
from napari_scribblemix.training.early import masked_cases
from napari_scribblemix.training.job import Generators, Job, Task
from napari_scribblemix.training.recipe import STARTER, STARTER_AGAIN, Recipe
from napari_scribblemix.training.start import load_start, take_weights
from napari_scribblemix.training.validation import measure

_UNSEEN = 20_000
"""Seed of the drawn patients that are validated on; the bundled samples have others."""


class DrawnBatches:
    """Batches of drawn hearts, never the same twice."""

    steps_per_epoch = 1

    def __init__(self, recipe: Recipe, generators: Generators) -> None:
        self._recipe, self._generators = recipe, generators

    def at(self, step: int, fraction: float) -> Batch:  # noqa: ARG002
        """A fresh batch; which one follows from the state of the generators alone."""
        image, labels = draw_batch(self._recipe, self._recipe.batch, self._generators.device)
        target = one_hot(labels, CARDIAC.classes)
        return Batch(image, target, self._generators.device, self._generators.host, fraction)


def unseen_hearts(seed: int) -> list[Case]:
    """Drawn patients with masks to validate on: four cine volumes, two with late enhancement."""
    cases = []
    for kind, wanted in (("cine", 4), ("lge", 2)):
        for number, drawn in enumerate(draw_cases(kind, _UNSEEN + seed)):  # type: ignore[arg-type]
            if number == wanted:
                break
            geometry = Geometry.from_affine(drawn.affine, drawn.image.shape[::-1])
            cases.append(
                Case(drawn.name, Volume(drawn.image, geometry), None, drawn.labels, CARDIAC)
            )
    return cases


def resolve(settings: StarterSettings) -> Recipe:
    """``STARTER`` with the user's start and budget in place."""
    changes = dict(STARTER_AGAIN) if settings.start is not None else {}
    if settings.steps is not None or settings.time is not None:
        changes |= {"time": settings.time, "steps": settings.steps}
    return STARTER.model_copy(update=changes)


def prepare(settings: StarterSettings) -> Job:
    """Build everything; nothing is read but the settings and the model to begin with.

    Errors as ``training.start.load_start``.
    """
    recipe = resolve(settings)
    machine = choose_machine(settings.device, settings.precision, settings.threads)
    # Fresh layers draw their weights from the global generator; there is no other way in.
    torch.manual_seed(settings.seed)  # noqa: TID251
    network = build_network(recipe.network, 1, CARDIAC.classes)
    parent, notes = "", tuple[str, ...]()
    if settings.start is not None:
        begun = load_start(settings.start, recipe, network, torch.device("cpu"))
        take_weights(network, begun, CARDIAC)
        parent, notes = begun.card.sha256, begun.notes
    network.arrange(machine.layout)
    method = PartialCE(network, dice=recipe.dice).to(machine.device)
    generators = Generators.seeded(settings.seed, machine.device)
    validation = unseen_hearts(settings.seed) if settings.validations else []
    return Job(
        settings=settings,
        recipe=recipe,
        machine=machine,
        method=method,
        weights=method.weights,
        batches=DrawnBatches(recipe, generators),
        generators=generators,
        tasks=[
            Task(
                "",
                network,
                averaged_copy(network, recipe.ema),
                _card(settings, recipe, parent),
                validation,
            )
        ],
        slices_per_step=recipe.batch,
        started=Started(
            run="",
            method="drawn hearts",
            preset="starter",
            device=str(machine.device),
            precision=machine.precision,
            cases=0,
            scribbled_cases=0,
            slices=0,
            scribbled_slices=0,
            validation_cases=len(validation),
            parameters=sum(p.numel() for p in network.parameters()),
        ),
        warnings=list(notes),
    )


def _card(settings: StarterSettings, recipe: Recipe, parent: str) -> ModelCard:
    return ModelCard(
        name="starter",
        licence="BSD-3-Clause",
        parent=parent,
        network=recipe.network,
        in_channels=1,
        labels=CARDIAC,
        spacing=recipe.spacing,
        mirrored=False,
        upright=True,
        method="drawn hearts: cross-entropy and Dice on synthetic slices alone, no scan of anybody",
        recipe=recipe.model_dump(mode="json"),
        steps=0,
        seconds=0.0,
        seed=settings.seed,
        code_version=napari_scribblemix.__version__,
    )


def measure_on(run: Path, name: str, folder: str) -> tuple[dict[str, float], float]:
    """Dice of the model in ``run`` on the masked cases of ``folder``, also put into its card.

    Returns the Dice of each structure and their mean.  ``TrainingError`` if no case has a mask.
    """
    files = masked_cases(name, folder)
    model = load_model(run, torch.device("cpu"))
    dice = measure(model, [load_case(item, model.card.labels) for item in files])
    mean = sum(dice.values()) / max(1, len(dice))
    result = {"cases": len(files), "mean_dice": round(mean, 4)}
    result |= {structure: round(value, 4) for structure, value in dice.items()}
    model.card.metrics.setdefault("measured", {})[name] = result
    save_model(run, model.network, model.card)
    return dice, mean
