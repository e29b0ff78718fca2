"""Smooth random fields over the image, fixed in space, so that phases and slices agree.

The grids come with the heart's parameters; here they are brought to the image's pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from napari_scribblemix.synthesis.hearts import NOISE_CELLS, HeartParameters

_TOP, _BOTTOM = -0.35, 1.35  # levels of the first and last noise plane


@dataclass(frozen=True)
class NoiseFields:
    """Fields (B, Z, H, W), about standard normal: a, b, c of 16 mm, middle of 8, fine of 4 mm."""

    a: Tensor
    b: Tensor
    c: Tensor
    middle: Tensor
    fine: Tensor

    def enlarged(self, factor: int) -> NoiseFields:
        """The fields with each pixel made ``factor`` x ``factor``."""
        return NoiseFields(
            *(enlarge(field, factor) for field in (self.a, self.b, self.c, self.middle, self.fine))
        )


def enlarge(field: Tensor, factor: int) -> Tensor:
    """(B, Z, H, W) with each pixel made ``factor`` x ``factor``."""
    batch, slices, height, width = field.shape
    wide = field[:, :, :, None, :, None].expand(-1, -1, -1, factor, -1, factor)
    return wide.reshape(batch, slices, height * factor, width * factor)


def noise_fields(
    hearts: HeartParameters, levels: Tensor, size: tuple[int, int], spacing: float
) -> NoiseFields:
    """Fields at the pixels of slices at ``levels`` (B, Z, 1, 1)."""
    fields = []
    for cell, grid in zip(NOISE_CELLS, hearts.noise, strict=True):
        planes = _planes(grid, levels[:, :, 0, 0])
        smooth = F.interpolate(
            _middle(planes, size, spacing / cell).flatten(0, 1),
            size=size,
            # Linear would show the coarse cells as kinks in every outline.
            mode="bicubic" if cell > 10.0 else "bilinear",
            align_corners=False,
        )
        # Interpolating independent values takes away variance.
        fields.append((1.2 if cell > 10.0 else 1.5) * smooth.unflatten(0, planes.shape[:2]))
    coarse = fields[0]
    return NoiseFields(
        coarse[:, :, 0], coarse[:, :, 1], coarse[:, :, 2], fields[1][:, :, 0], fields[2][:, :, 0]
    )


def _planes(grid: Tensor, levels: Tensor) -> Tensor:
    """The grids (B, C, D, n, n) at each slice's level: (B, Z, C, n, n)."""
    depth = grid.shape[2]
    if depth == 1:
        return grid.transpose(1, 2).expand(-1, levels.shape[1], -1, -1, -1)
    position = ((levels - _TOP) / (_BOTTOM - _TOP) * (depth - 1)).clamp(0, depth - 1.001)
    lower = position.floor().long()
    weight = (position - lower)[:, :, None, None, None]
    batch = torch.arange(grid.shape[0], device=grid.device)[:, None]
    stacked = grid.transpose(1, 2)
    return stacked[batch, lower] * (1.0 - weight) + stacked[batch, lower + 1] * weight


def _middle(planes: Tensor, size: tuple[int, int], cells_per_pixel: float) -> Tensor:
    """The part of the grid under the image."""
    n = planes.shape[-1]
    high = min(n, max(2, round(size[0] * cells_per_pixel)))
    wide = min(n, max(2, round(size[1] * cells_per_pixel)))
    top, left = (n - high) // 2, (n - wide) // 2
    return planes[..., top : top + high, left : left + wide]
