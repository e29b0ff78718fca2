"""The first weights of a training: fresh ones, or those of a model that knows hearts already.

A model fits if it has the same network.  Its last layer is taken over structure by structure, by
their names, so a scheme with other structures still begins with all that the model knows of shapes
and of the structures they share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.errors import SettingsError
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.inference.placement import expected_turn
from napari_scribblemix.inference.sight import turn_of
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.project.cases import Case
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.early import check_start
from napari_scribblemix.training.known_turns import KnownTurns
from napari_scribblemix.training.recipe import Recipe, resolve

Say = Callable[[str], None]
"""Told what is being waited for, before the first step; may raise to end the waiting."""

_LOOKED_AT = 6

_IMPROBABLE = 4.0
"""By how much the logit of an unknown structure lies under the lowest bias of the known ones."""


def in_silence(message: str) -> None:
    """Tell nobody."""


def resolve_for(settings: TrainSettings, in_channels: int) -> tuple[Recipe, list[str]]:
    """The recipe for cases of that many channels, and what the user should know of it.

    The starter and drawn hearts are single images: with several channels a training that was not
    told otherwise begins from scratch.  ``SettingsError`` as ``recipe.resolve``.
    """
    recipe = resolve(settings)
    if in_channels == 1:
        return recipe, []
    warnings = []
    if settings.start is None and recipe.start == "starter":
        recipe = resolve(settings.model_copy(update={"start": "scratch"}))
        warnings.append(
            f"The cases have {in_channels} channels and the starter knows one: the training begins "
            "from scratch."
        )
    if settings.drawn:
        warnings.append("--drawn has no effect: drawn hearts have one channel.")
    return recipe, warnings


def load_start(path: Path, recipe: Recipe, network: UNet, device: torch.device) -> Model:
    """The model to begin with.

    Raises:
        ModelError: it is missing or damaged.
        SettingsError: it has another network, other channels or another intensity rule than the
            training.
    """
    model = load_model(path, device)
    if model.card.in_channels != network.in_channels:
        raise SettingsError(
            f"Got --start {path}, a model of {model.card.in_channels} channel(s); the cases have "
            f"{network.in_channels}: use --start scratch, or a model trained on the same channels."
        )
    check_start(path, model.card, recipe)
    return model


def find_turns(
    model: Model, cases: Sequence[Case], known: KnownTurns, say: Say = in_silence
) -> list[Turn]:
    """Which way up each case lies for ``model``; ``say`` is told how far the search is.

    Cases of one folder mostly come from one scanner and converter: if a few of them lie as their
    headers say (or as stored, where those say nothing), the others are not looked at.
    """
    if not model.card.upright:
        return [AS_STORED] * len(cases)
    found: dict[int, Turn] = {}

    def look(numbers: Sequence[int], of: int) -> None:
        for number in numbers:
            say(f"Finding which way up: {len(found) + 1} of {of}")
            image = cases[number].image
            found[number] = known.find(model, image, partial(turn_of, model, image))

    expected = [expected_turn(case.image.geometry) for case in cases]
    few = range(0, len(cases), -(-len(cases) // _LOOKED_AT))
    look(few, len(few))
    if any(turn != expected[number] for number, turn in found.items()):
        look([number for number in range(len(cases)) if number not in found], len(cases))
    return [found.get(number, turn) for number, turn in enumerate(expected)]


@torch.no_grad()
def take_weights(network: UNet, model: Model, scheme: LabelScheme) -> None:
    """Fill ``network`` with the weights of ``model``, made for the same network."""
    known = dict(model.network.state_dict())
    own = network.state_dict()
    for name in ("head.weight", "head.bias"):
        known[name] = _matched(own[name], known[name], model, scheme)
    network.load_state_dict(known)


def knows_all(model: Model, scheme: LabelScheme) -> bool:
    """Whether ``model`` knows every structure of ``scheme``, and so may teach them."""
    return {name.casefold() for name in scheme.names} <= set(_names(model))


def _names(model: Model) -> list[str]:
    return [name.casefold() for name in model.card.labels.names]


def _matched(
    own: torch.Tensor, known: torch.Tensor, model: Model, scheme: LabelScheme
) -> torch.Tensor:
    """``own`` rows of the last layer (weights or biases) with those the model knows in place.

    A structure that it does not know begins as improbable everywhere, not as noise.
    """
    names = _names(model)
    improbable = known.min() - _IMPROBABLE if own.ndim == 1 else 0.0
    result = torch.full_like(own, float(improbable))
    for row, name in enumerate(scheme.names):
        if name.casefold() in names:
            result[row] = known[names.index(name.casefold())]
    return result
