"""The model file: weights as ``.safetensors`` and a ``.json`` card beside them.  No pickle.

The card is in ``card``.  Weights and card are replaced in one step: whatever happens while they are
saved, one whole model is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_weights
from safetensors.torch import save as save_weights
from torch import nn

from napari_scribblemix.data.described import checksum, replace_described
from napari_scribblemix.errors import ModelError
from napari_scribblemix.inference.card import (
    CHECKSUM,
    SCHEMA_VERSION,
    ModelCard,
    card_path,
    check_fit,
    find_card,
    find_weights,
    read_card,
)
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.run_models import MODEL_NAME

__all__ = [
    "SCHEMA_VERSION",
    "Model",
    "ModelCard",
    "card_path",
    "check_fit",
    "find_card",
    "find_weights",
    "load_model",
    "read_card",
    "save_model",
]

# Somebody may be saving just now.
_TRIES = 3


@dataclass(frozen=True)
class Model:
    """A network ready to predict, its card, and what to tell of how they were found."""

    network: nn.Module
    card: ModelCard
    notes: tuple[str, ...] = ()


def save_model(folder: Path, network: nn.Module, card: ModelCard) -> Path:
    """Write the weights and the card into ``folder``, durably; returns the weights' path.

    Killed at any moment, the model before or the new one is there, whole.
    """
    state = {k: v.detach().to("cpu").contiguous() for k, v in network.state_dict().items()}
    path = folder / MODEL_NAME
    content = json.loads(card.model_dump_json())
    replace_described(path, save_weights(state), card_path(path), content, CHECKSUM)
    return path


def _read_whole(weights: Path) -> tuple[bytes, ModelCard, tuple[str, ...]]:
    """Weights and the card that is about them; ``ModelError`` if there is none."""
    for _ in range(_TRIES):
        card, notes = find_card(weights)
        try:
            data = weights.read_bytes()
        except OSError as error:
            raise ModelError(f"{weights} could not be read ({error.strerror}).") from error
        if checksum(data) == card.sha256:
            return data, card, notes
    raise ModelError(
        f"{weights.name} does not have the checksum its card states; the file is damaged or "
        "belongs to another card: copy both again, or, of a run, go on with the training by "
        "--resume, which writes both anew."
    )


def load_model(path: Path, device: torch.device) -> Model:
    """The model of a run folder or weights file on ``device``, checked against its card."""
    weights = find_weights(path)
    data, card, notes = _read_whole(weights)
    network = build_network(card.network, card.in_channels, card.labels.classes)
    try:
        network.load_state_dict(load_weights(data))
    except (RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{weights.name} does not fit a network {card.network!r} of {card.labels.classes} "
            "classes; it was written by another version."
        ) from error
    return Model(network.to(device).eval(), card, notes)
