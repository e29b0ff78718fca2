"""A training prepared: everything the loop needs, whatever is learnt from.

``scribble_job`` prepares one from the scribbles of a folder, ``starter`` one from drawn hearts; the
loop runs either and asks neither where it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import nn

from napari_scribblemix.events import Started
from napari_scribblemix.inference.model import ModelCard
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.unet import UNet
from napari_scribblemix.project.cases import Case
from napari_scribblemix.settings import StarterSettings, TrainSettings
from napari_scribblemix.training.device import Machine
from napari_scribblemix.training.recipe import Recipe


class Batches(Protocol):
    """Where the batch of each step comes from."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps until everything was seen once."""

    def at(self, step: int, fraction: float) -> Batch:
        """The batch of ``step``, when ``fraction`` (0-1) of the budget is used."""


@dataclass
class Generators:
    """The two random sources of a training, see ``methods.batch.Batch``."""

    device: torch.Generator
    host: torch.Generator

    @classmethod
    def seeded(cls, seed: int, device: torch.device) -> Generators:
        """Both, from one seed."""
        return cls(
            torch.Generator(device).manual_seed(seed + 1), torch.Generator().manual_seed(seed + 2)
        )


@dataclass
class Job:
    """What the loop runs.

    Attributes:
        settings: as the user gave them; they go into the run's record.
        recipe: every number that follows from them.
        method: a module on the machine's device whose ``forward(batch)`` returns named loss terms.
        network: the one inside it that is trained.
        averaged: becomes the model; a copy whose weights follow, or the network itself.
        weights: how the terms are added.
        card: the model's card, without what only the training itself can tell.
        started: the first event, as of step 0.
        validation: cases with masks that are measured on, never trained on.
        warnings: what the user should know before the first step.
    """

    settings: TrainSettings | StarterSettings
    recipe: Recipe
    machine: Machine
    method: nn.Module
    network: UNet
    averaged: UNet
    weights: dict[str, float]
    batches: Batches
    generators: Generators
    card: ModelCard
    started: Started
    validation: list[Case] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
