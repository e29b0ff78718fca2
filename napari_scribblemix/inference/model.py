"""The model file: weights as ``.safetensors`` and a ``.json`` card beside them.  No pickle.

The card says everything needed to use the model (network, label scheme, spacing, intensity rule)
and to judge it (method, recipe, what it was trained and measured on).  It holds no path and no name
of a case: training cases appear as salted hashes, by which someone who has a scan can find out
whether it was trained on, and nobody can go the other way.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import load as load_weights
from safetensors.torch import save as save_weights
from torch import nn

from napari_scribblemix.data.channels import describe_channels
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.intensity import IntensityRule
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import ImageError, ModelError
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.run_models import MODEL_NAME, models_of
from napari_scribblemix.resources import find_model

SCHEMA_VERSION = 1


class ModelCard(BaseModel):
    """What stands in ``model.json``."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    name: str
    purpose: str = "Research use only; not for diagnosis."
    licence: str = "Not stated; belongs to whoever trained it."
    sha256: str = Field("", description="of the weights file")
    network: str
    in_channels: int
    channels: tuple[str, ...] = Field((), description="their names, if there are several")
    labels: LabelScheme
    spacing: float = Field(description="pixel size of the working grid, mm")
    intensity: IntensityRule = "volume-zscore"
    mirrored: bool = Field(description="whether mirrored images were trained on")
    upright: bool = Field(False, description="whether it knows hearts only the right way up")
    method: str
    recipe: dict[str, Any]
    steps: int
    seconds: float
    seed: int
    code_version: str
    case_salt: str = ""
    case_hashes: list[str] = []
    metrics: dict[str, Any] = {}


@dataclass(frozen=True)
class Model:
    """A network ready to predict, and its card."""

    network: nn.Module
    card: ModelCard


def check_fit(card: ModelCard, volume: Volume) -> None:
    """``ImageError`` if ``volume`` has not the channels that the model was trained on."""
    expected = card.channels
    if volume.channels == expected and len(volume.arrays) == card.in_channels:
        return
    missing = [name for name in expected if name not in volume.channels]
    unknown = [name for name in volume.channels if name not in expected]
    todo = f"add the files that end in {', '.join('_' + name for name in missing)}"
    if not expected:
        todo = f"choose the files of one channel, e.g. those that end in _{volume.channels[0]}"
    elif unknown:
        todo = f"name the channels as in the training and leave {', '.join(unknown)} out"
    raise ImageError(
        f"Got {describe_channels(volume.channels)}; this model was trained on "
        f"{describe_channels(expected)} a case: {todo}."
    )


def card_path(weights: Path) -> Path:
    """Where the card of a weights file lies."""
    return weights.with_suffix(".json")


def save_model(folder: Path, network: nn.Module, card: ModelCard) -> Path:
    """Write the weights and the card into ``folder``, durably; returns the weights' path."""
    state = {k: v.detach().to("cpu").contiguous() for k, v in network.state_dict().items()}
    data = save_weights(state)
    card = card.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    path = folder / MODEL_NAME
    atomic_write(path, data)
    atomic_write(card_path(path), card.model_dump_json(indent=2).encode())
    return path


def find_weights(path: Path) -> Path:
    """The weights file meant by ``path``: itself, that of a run folder, or a bundled model.

    ``ModelError`` if there is none, or a model for each of several tasks.
    """
    path = find_model(path)
    weights = path / MODEL_NAME if path.is_dir() else path
    found = models_of(path)
    if len(found) > 1:
        names = [each.parent.name for each in found]
        raise ModelError(
            f"Got {path}, which holds a model for each of {', '.join(names)}; choose one of them, "
            f"for example {path / names[0]}."
        )
    weights = found[0] if found else weights
    if not weights.is_file():
        raise ModelError(
            f"Got {path}; expected a run folder with {MODEL_NAME} or a .safetensors file. A "
            "training that was stopped before its first checkpoint has none yet."
        )
    if weights.suffix != ".safetensors":
        raise ModelError(f"Got {weights.name}; expected a .safetensors file.")
    return weights


def read_card(path: Path) -> ModelCard:
    """The card of a run folder or weights file; ``ModelError`` if missing, newer or damaged."""
    card_file = card_path(find_weights(path))
    try:
        content = json.loads(card_file.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The card {card_file.name} of this model is missing or damaged ({error}); a model is "
            "used with the .json file written beside it."
        ) from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise ModelError(
            f"Got a model card of schema version {version}, expected {SCHEMA_VERSION}; update "
            "napari-scribblemix."
        )
    try:
        return ModelCard.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(
            f"The model card {card_file.name} is damaged: {'.'.join(map(str, first['loc']))}: "
            f"{first['msg']}."
        ) from error


def load_model(path: Path, device: torch.device) -> Model:
    """The model of a run folder or weights file on ``device``, checked against its card."""
    weights, card = find_weights(path), read_card(path)
    data = weights.read_bytes()
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise ModelError(
            f"{weights.name} does not have the checksum its card states; the file is damaged or "
            "belongs to another card: copy both again."
        )
    network = build_network(card.network, card.in_channels, card.labels.classes)
    try:
        network.load_state_dict(load_weights(data))
    except RuntimeError as error:
        raise ModelError(
            f"{weights.name} does not fit a network {card.network!r} of {card.labels.classes} "
            "classes; it was written by another version."
        ) from error
    return Model(network.to(device).eval(), card)
