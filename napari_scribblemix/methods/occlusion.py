"""Random occlusion: a rotated square that hides a part of the mixed image (CycleMix eq. 3-4).

The paper calls the hidden scribbles background.  Here they become unlabelled: nobody has said that
the hidden part of a heart is background, and only the image is told apart from what it shows.
"""

from __future__ import annotations

import torch
from torch import Tensor


def draw_visible(
    count: int, height: int, width: int, side: float, generator: torch.Generator
) -> Tensor:
    """Draw one square per sample, at a random place and angle.

    Args:
        count: B.
        height: H in pixels.
        width: W in pixels.
        side: of the square, in pixels.
        generator: random source; its device is that of the result.

    Returns:
        (B, 1, H, W) float32, 0 inside the square and 1 elsewhere (1 - 1_O of the paper).
    """
    device = generator.device
    u = torch.rand(3, count, 1, 1, generator=generator, device=device)
    rows = torch.arange(height, device=device)[:, None] + 0.5 - u[0] * height
    columns = torch.arange(width, device=device) + 0.5 - u[1] * width
    angle = u[2] * (torch.pi / 2)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    along = (columns * cosine + rows * sine).abs()
    across = (rows * cosine - columns * sine).abs()
    return (torch.maximum(along, across) > side / 2)[:, None].float()
