"""A training prepared: everything the loop needs, whatever is learnt from.

``scribble_job`` prepares one from the scribbles of folders, ``starter`` one from drawn hearts; the
loop runs either and asks neither where it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def at(self, step: int, fraction: float) -> Batch | Sequence[Batch]:
        """What the method takes in ``step``, when ``fraction`` (0-1) of the budget is used."""


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
class Task:
    """A model in the making.

    Attributes:
        name: its folder in the run; empty if its model lies in the run folder itself.
        network: is trained.
        averaged: becomes the model; a copy whose weights follow, or the network itself.
        card: the model's card, without what only the training itself can tell.
        validation: cases with masks that are measured on, never trained on.
    """

    name: str
    network: UNet
    averaged: UNet
    card: ModelCard
    validation: list[Case]


def _nothing() -> None:
    """Nothing was found that is worth keeping."""


@dataclass
class Job:
    """What the loop runs.

    Attributes:
        settings: as the user gave them; they go into the run's record.
        recipe: every number that follows from them.
        method: a module on the machine's device that returns named loss terms of what ``batches``
            gives; the networks of all tasks are inside it.
        weights: how the terms are added.
        tasks: the models that come out, first the one the training is for.
        slices_per_step: how many scans a step takes in, all tasks together.
        started: the first event, as of step 0.
        warnings: what the user should know before the first step.
        keep: writes down what was found while it was prepared, once there is a run folder.
    """

    settings: TrainSettings | StarterSettings
    recipe: Recipe
    machine: Machine
    method: nn.Module
    weights: dict[str, float]
    batches: Batches
    generators: Generators
    tasks: Sequence[Task]
    slices_per_step: int
    started: Started
    warnings: list[str] = field(default_factory=list)
    keep: Callable[[], None] = _nothing

    @property
    def main(self) -> Task:
        """The task the training is for."""
        return self.tasks[0]
