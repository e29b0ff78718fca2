"""What one training step hands to a method: images, sparse targets and the two random sources.

Unlabelled pixels carry no class at all: their target is a zero vector.  So every loss that is
weighted by the target skips them, and mixing or occluding a target needs no special value.
This module does not cut, augment or normalise anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_scribblemix.data.labels import UNLABELLED

__all__ = ["UNLABELLED", "Batch", "one_hot"]


@dataclass
class Batch:
    """A batch of slices on one device.

    Attributes:
        image: (B, C, H, W) float32, zero mean and unit variance over the volume it comes from.
        target: (B, K, H, W) float, one-hot; all zeros where unlabelled.
        generator: random source on the same device as the tensors.
        host_generator: random source on the CPU, for choices that decide shapes.  Drawing those
            on the device would make the host wait for it.
        fraction: share of the budget that is used, 0-1, for what changes in the course of it.
    """

    image: Tensor
    target: Tensor
    generator: torch.Generator
    host_generator: torch.Generator
    fraction: float = 1.0


def one_hot(scribble: Tensor, classes: int) -> Tensor:
    """Turn class indices into a sparse target.

    Args:
        scribble: (B, H, W) integer, 0…K-1, and any other value (``UNLABELLED``) where unlabelled.
        classes: K, background included.

    Returns:
        (B, K, H, W) float32, all zeros where unlabelled.
    """
    index = torch.arange(classes, device=scribble.device, dtype=scribble.dtype)
    return (scribble[:, None] == index[:, None, None]).float()
