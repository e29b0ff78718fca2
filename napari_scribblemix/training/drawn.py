"""Drawn hearts as the network sees scans: with the intensity changes of the recipe."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_scribblemix.synthesis.drawing import draw_slices
from napari_scribblemix.training.augmentation import change_intensity
from napari_scribblemix.training.recipe import Recipe


def draw_batch(recipe: Recipe, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """``count`` drawn slices as the network sees scans: (B, 1, S, S) images, (B, S, S) labels."""
    image, labels = draw_slices(count, recipe.crop, recipe.spacing, generator)
    return change_intensity(image, recipe.augmentation, generator), labels
