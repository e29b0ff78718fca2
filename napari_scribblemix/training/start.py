"""The first weights of a training: fresh ones, or those of a model that knows hearts already.

A model fits if it has the same network.  Its last layer is taken over structure by structure, by
their names, so a scheme with other structures still begins with all that the model knows of shapes
and of the structures they share.
"""

from __future__ import annotations

from pathlib import Path

import torch

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.errors import SettingsError
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.training.recipe import Recipe


@torch.no_grad()
def take_weights(network: UNet, path: Path, recipe: Recipe, scheme: LabelScheme) -> None:
    """Fill ``network`` with the weights of the model at ``path``.

    Raises:
        ModelError: the model is missing or damaged.
        SettingsError: it has another network.
    """
    model = load_model(path, network.head.weight.device)
    card = model.card
    if card.network != recipe.network or card.in_channels != network.in_channels:
        raise SettingsError(
            f"Got --start {path}, a network {card.network!r}; the training has a network "
            f"{recipe.network!r}: choose another --preset, or --start scratch."
        )
    known = dict(model.network.state_dict())
    own = network.state_dict()
    for name in ("head.weight", "head.bias"):
        known[name] = _matched(own[name], known[name], model, scheme)
    network.load_state_dict(known)


def _matched(
    own: torch.Tensor, known: torch.Tensor, model: Model, scheme: LabelScheme
) -> torch.Tensor:
    """``own`` rows of the last layer, with those of the structures the model knows in place."""
    result = own.clone()
    names = [name.casefold() for name in model.card.labels.names]
    for row, name in enumerate(scheme.names):
        if name.casefold() in names:
            result[row] = known[names.index(name.casefold())]
    return result
