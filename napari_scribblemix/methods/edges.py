"""Like pixels, like labels: a pairwise loss that lets borders of labels follow edges of the image.

Scribbles leave a band between the strokes of a structure and those outside it where nothing says
which side a pixel is on; there networks trained on strokes alone paint the myocardium far too
thick.  The loss asks neighbours of like intensity for like predictions, labelled or not:

    sum over pairs of w_ij (1 - p_i . p_j) / sum over pairs of g_ij,
    g_ij = exp(-d_ij^2 / 2 s^2),  w_ij = g_ij exp(-(x_i - x_j)^2 / 2 t^2)

It is the Potts energy of the gated CRF loss (Obukhov et al., NeurIPS 2019 workshop) over a few
directions and distances instead of a full window; with several channels x is a vector, so an edge
in one of them is an edge.  Not part of CycleMix.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
_DISTANCES = (1, 2, 4)


def _pair(x: Tensor, down: int, right: int) -> tuple[Tensor, Tensor]:
    """Views of ``x`` (..., H, W): each pixel with a partner that far away, and the partner."""
    height, width = x.shape[-2:]
    rows = height - down
    if right >= 0:
        return x[..., :rows, : width - right], x[..., down:, right:]
    return x[..., :rows, -right:], x[..., down:, : width + right]


def edge_consistency(
    probability: Tensor, image: Tensor, *, reach: float = 4.0, contrast: float = 0.4
) -> Tensor:
    """Disagreement of neighbours that look alike.

    Args:
        probability: (B, K, H, W), sums to 1 over the classes.
        image: (B, C, H, W), in standard deviations of its volume.
        reach: s, in pixels.
        contrast: t, the difference of intensity that counts as an edge.

    Returns:
        A float32 scalar in 0…1; 0 where all predictions are certain and borders lie on edges only.
    """
    probability, image = probability.float(), image.detach().float()
    energy: Tensor = probability.new_zeros(())
    total = 0.0
    for distance in _DISTANCES:
        for down, right in _DIRECTIONS:
            step = (down * distance, right * distance)
            first, second = _pair(probability, *step)
            here, there = _pair(image, *step)
            nearness = math.exp(-0.5 * (math.hypot(*step) / reach) ** 2)
            alike = torch.exp((here - there).square().sum(1) * (-0.5 / contrast**2))
            energy = energy + nearness * (alike * (1 - (first * second).sum(1))).mean()
            total += nearness
    return energy / total
