"""The tasks of a training: each a folder with scribbles, its slices, and the network it is for.

Most methods have one.  ModelMix has the folder to train and its companions: other folders, which
are tasks like the first, and finished models, which are only looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

import napari_scribblemix
from napari_scribblemix.errors import ModelError
from napari_scribblemix.inference.model import ModelCard, load_model
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.methods.teacher import Teacher
from napari_scribblemix.methods.unet import UNet, build_network
from napari_scribblemix.resources import STARTER_NAME, find_model
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.averaging import averaged_copy, predicting_copy
from napari_scribblemix.training.batches import BatchSource
from napari_scribblemix.training.cases import TrainingCases
from napari_scribblemix.training.device import Machine
from napari_scribblemix.training.early import check_companion
from napari_scribblemix.training.job import Generators, Task
from napari_scribblemix.training.known_turns import KnownTurns
from napari_scribblemix.training.recipe import Recipe
from napari_scribblemix.training.slices import build_store
from napari_scribblemix.training.start import (
    Say,
    find_turns,
    in_silence,
    knows_all,
    load_start,
    take_weights,
)


@dataclass
class ScribbledTask(Task):
    """A task that learns from the scribbles of a folder.

    ``settings`` are those of the training as they hold for this folder; ``teacher`` completes its
    batches, if it has one; ``notes`` are what to tell of the model it begins with.
    """

    settings: TrainSettings
    cases: TrainingCases
    source: BatchSource
    teacher: Teacher | None
    notes: tuple[str, ...] = ()


def load_companion(path: Path, recipe: Recipe, machine: Machine) -> tuple[UNet, tuple[str, ...]]:
    """The network of a finished model, to be mixed in and not trained, and what to tell of it.

    Raises:
        ModelError: it is missing or damaged.
        SettingsError: it has another architecture than the training.
    """
    model = load_model(path, machine.device)
    check_companion(path, model.card, recipe)
    network = model.network
    if not isinstance(network, UNet):
        raise ModelError(f"Got --with {path}, whose network has no encoder to mix.")
    network.arrange(machine.layout)
    return predicting_copy(network), model.notes


@dataclass
class _Begin:
    """What a model to start from brings: its turns of the cases, and itself as a teacher.

    ``parent`` is the checksum of its weights, ``notes`` are what to tell of it.
    """

    turns: list[Turn]
    upright: bool = False
    teacher: UNet | None = None
    parent: str = ""
    notes: tuple[str, ...] = ()


def _begin(
    settings: TrainSettings,
    recipe: Recipe,
    cases: TrainingCases,
    network: UNet,
    known_turns: KnownTurns,
    say: Say,
) -> _Begin:
    """Fill ``network`` with the weights to start from, if not with fresh ones."""
    if recipe.start == "scratch":
        return _Begin([AS_STORED] * len(cases.training))
    path = find_model(Path(settings.start or STARTER_NAME))
    known = load_start(path, recipe, network, network.head.weight.device)
    take_weights(network, known, cases.scheme)
    # One that does not know scar would teach that it is muscle.
    teacher = predicting_copy(network) if knows_all(known, cases.scheme) else None
    turns = find_turns(known, cases.training, known_turns, say)
    return _Begin(turns, known.card.upright, teacher, known.card.sha256, known.notes)


def prepare_task(
    settings: TrainSettings,
    cases: TrainingCases,
    recipe: Recipe,
    machine: Machine,
    generators: Generators,
    name: str = "",
    like: UNet | None = None,
    known_turns: KnownTurns | None = None,
    say: Say = in_silence,
) -> ScribbledTask:
    """Build what learns from the cases of a folder.

    Args:
        settings: those of this task.
        cases: those of ``settings.folder``.
        recipe: of the training.
        machine: of the training.
        generators: of the training.
        name: of the task.
        like: a network begins with the weights of this one, as far as they fit: encoders that are
            to be mixed must not begin far from each other.
        known_turns: which way up cases lie, where that was found before; what is found is added.
        say: is told what is being done.
    """
    # Fresh layers draw their weights from the global generator; there is no other way in.
    torch.manual_seed(settings.seed)  # noqa: TID251
    network = build_network(recipe.network, cases.in_channels, cases.scheme.classes, recipe.dropout)
    network.arrange(machine.layout)
    network.to(machine.device)
    if like is not None:
        _take_what_fits(network, like)
    if like is not None and like.in_channels != network.in_channels:
        # The model to start from is one for the other's channels.
        begin = _Begin([AS_STORED] * len(cases.training))
    else:
        begin = _begin(settings, recipe, cases, network, known_turns or KnownTurns(), say)
    store = build_store(
        cases.training,
        recipe.spacing,
        recipe.enclosure_rule,
        machine.device,
        begin.turns,
        recipe.intensity,
    )
    # Only now: it starts where the network starts.
    averaged = averaged_copy(network, recipe.ema)
    teacher = averaged if recipe.start == "scratch" else begin.teacher
    return ScribbledTask(
        name=name,
        network=network,
        averaged=averaged,
        card=_card(settings, recipe, cases, begin),
        validation=cases.validation,
        settings=settings,
        cases=cases,
        source=BatchSource(store, recipe, cases.scheme, settings.seed, generators),
        teacher=(
            Teacher(teacher, recipe.teacher, recipe.teacher_sure)
            if recipe.teacher and teacher is not None
            else None
        ),
        notes=begin.notes,
    )


def _take_what_fits(network: UNet, like: UNet) -> None:
    own, theirs = network.state_dict(), like.state_dict()
    fitting = {k: v for k, v in theirs.items() if v.shape == own[k].shape}
    network.load_state_dict(own | fitting)


def _card(
    settings: TrainSettings, recipe: Recipe, cases: TrainingCases, begin: _Begin
) -> ModelCard:
    return ModelCard(
        name=f"{settings.method}-{settings.preset}",
        network=recipe.network,
        in_channels=cases.in_channels,
        channels=cases.channels,
        labels=cases.scheme,
        spacing=recipe.spacing,
        intensity=recipe.intensity,
        mirrored=recipe.augmentation.mirror,
        upright=begin.upright,
        parent=begin.parent,
        method=settings.method,
        recipe=recipe.model_dump(mode="json"),
        steps=0,
        seconds=0.0,
        seed=settings.seed,
        code_version=napari_scribblemix.__version__,
        case_salt=cases.salt,
        case_hashes=cases.hashes,
    )
