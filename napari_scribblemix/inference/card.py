"""The card of a model: the ``.json`` file beside its weights.  No torch.

The card says everything needed to use the model (network, label scheme, spacing, intensity rule)
and to judge it (method, recipe, what it was trained and measured on).  It holds no path and no name
of a case: training cases appear as salted hashes, by which someone who has a scan can find out
whether it was trained on, and nobody can go the other way.  A card may come from anybody, so what
it states is held to limits before it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from napari_scribblemix.data.channels import describe_channels
from napari_scribblemix.data.described import (
    Description,
    checksum_of,
    fitting,
    is_unfinished,
    read_description,
    without_before,
)
from napari_scribblemix.data.intensity import IntensityRule
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.data.wording import check_name, check_words, first_wrong
from napari_scribblemix.errors import FileError, ImageError, ModelError
from napari_scribblemix.project.run_models import MODEL_NAME, models_of
from napari_scribblemix.resources import find_model
from napari_scribblemix.settings import NETWORKS

SCHEMA_VERSION = 1

CHECKSUM = "sha256"
"""Where the card names the checksum of the weights."""


_Words = Annotated[str, Field(max_length=1000), AfterValidator(check_words)]


def _check_network(name: str) -> str:
    if name not in NETWORKS.values():
        raise ValueError(f"got {name[:40]!r}, expected one of {', '.join(NETWORKS.values())}")
    return name


_Network = Annotated[str, AfterValidator(_check_network)]

_Name = Annotated[str, AfterValidator(check_name)]


class ModelCard(BaseModel):
    """What stands in ``model.json``."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    name: _Words
    purpose: _Words = "Research use only; not for diagnosis."
    licence: _Words = "Not stated; belongs to whoever trained it."
    sha256: str = Field("", description="of the weights file")
    parent: str = Field("", max_length=64, description="sha256 of the model it began with, if any")
    network: _Network
    in_channels: int = Field(ge=1, le=64)
    channels: tuple[Annotated[str, AfterValidator(check_name)], ...] = Field(
        (), description="their names, if there are several"
    )
    labels: LabelScheme
    spacing: float = Field(
        ge=0.25, le=10.0, allow_inf_nan=False, description="pixel size of the working grid, mm"
    )
    intensity: IntensityRule = "volume-zscore"
    mirrored: bool = Field(description="whether mirrored images were trained on")
    upright: bool = Field(False, description="whether it knows hearts only the right way up")
    method: _Words
    recipe: dict[str, Any]
    steps: int = Field(ge=0)
    seconds: float = Field(ge=0.0, allow_inf_nan=False)
    seed: int
    code_version: _Words
    case_salt: str = ""
    case_hashes: list[str] = []
    metrics: dict[str, Any] = {}

    @model_validator(mode="after")
    def _a_name_for_each_channel(self) -> Self:
        if self.channels and len(self.channels) != self.in_channels:
            raise ValueError(
                f"got {len(self.channels)} names of channels for {self.in_channels} channels; "
                "expected one each, or none"
            )
        return self


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


def _read_content(weights: Path) -> tuple[Description, tuple[str, ...]]:
    """What the card of a weights file holds, and a note if its last save was cut short."""
    card_file = card_path(weights)
    try:
        newest = read_description(card_file)
        unfinished = newest is not None and is_unfinished(newest)
        known = fitting(newest or {}, checksum_of(weights), CHECKSUM) if unfinished else newest
    except FileError as error:
        raise ModelError(f"The card of this model is missing or damaged: {error}") from error
    if newest is None:
        raise ModelError(
            f"The card {card_file.name} of this model is missing; a model is used with the .json "
            "file written beside it."
        )
    if known is None or known.get(CHECKSUM) == newest.get(CHECKSUM):
        # That of another file is told when the weights are read.
        return without_before(newest), ()
    note = (
        f"The last save of the model in {weights.parent} was cut short: the one before it is used, "
        f"of step {known.get('steps')}. Going on with the training (--resume) writes a newer one."
    )
    return known, (note,)


def find_card(path: Path) -> tuple[ModelCard, tuple[str, ...]]:
    """The card of a run folder or weights file, and what to tell of how it was found.

    ``ModelError`` if it is missing, newer, damaged or states what cannot be.
    """
    weights = find_weights(path)
    card_file = card_path(weights)
    content, notes = _read_content(weights)
    version = content.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ModelError(
            f"Got a model card of schema version {version}, expected {SCHEMA_VERSION}; update "
            "napari-scribblemix."
        )
    try:
        # One without a version is damaged, though the model itself would supply it.
        return ModelCard.model_validate({"schema_version": None} | content), notes
    except ValidationError as error:
        raise ModelError(
            f"The model card {card_file.name} is damaged: {first_wrong(error.errors())}; restore "
            "it from a copy."
        ) from error


def read_card(path: Path) -> ModelCard:
    """The card of a run folder or weights file; errors as ``find_card``."""
    return find_card(path)[0]
