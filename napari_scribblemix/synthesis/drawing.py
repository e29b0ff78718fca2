"""Single drawn slices, many a second: what a network is trained on before it meets a scan.

The hearts are those of the bundled samples (``hearts``, ``anatomy``, ``appearance``); here each
gives one slice at a random level and phase, looked at as scanners show it.  Everything is a batched
tensor operation on the generator's device, and costs a small part of the training step it feeds.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.appearance import render
from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.tissues import structure_labels

LEVELS = (-0.2, 1.12)
"""Where slices are cut, 0 the base and 1 the apex: a little beyond both, where nothing is left."""

MAX_SHIFT = 25.0
"""mm by which the left ventricle may lie off the middle of the slice."""


@torch.no_grad()
def draw_slices(
    count: int, side: int, spacing: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw ``count`` slices of as many hearts.

    Args:
        count: B.
        side: height and width in pixels.
        spacing: pixel size, mm.
        generator: its device is where everything is computed.

    Returns:
        image (B, 1, side, side) float32, zero mean and unit variance in each slice, and labels
        (B, side, side) int64: 0 background, 1 right ventricle, 2 myocardium, 3 left ventricle.
    """
    device = generator.device
    hearts = draw_hearts(
        count, generator, device, view="radiological", max_shift=(MAX_SHIFT, MAX_SHIFT)
    )
    low, high = LEVELS
    levels = low + (high - low) * torch.rand(count, 1, generator=generator, device=device)
    # Files hold the two ends of the cycle, and sometimes what lies between.
    phase = (1.8 * torch.rand(count, generator=generator, device=device) - 0.4).clamp(0.0, 1.0)
    tissues = label_maps(hearts, levels, (side, side), spacing, phase)
    image = render(tissues, generator)
    deviation, mean = torch.std_mean(image, dim=(1, 2, 3), keepdim=True)
    image = (image - mean) / (deviation + 1e-4)
    return image, structure_labels(tissues)[:, 0].long()
