"""Largest connected component per class, for a whole batch at once (the C of CycleMix eq. 13).

Each pixel points to a pixel of its own component; components are joined by hooking the larger of
two roots onto the smaller, and paths are halved by pointer jumping.  The number of rounds is fixed,
so nothing is read back to the host; it grows with the logarithm of the path length, and a spiral
over the whole image is within it.  Pixels are connected over their edges, as in the default of
``scipy.ndimage.label``.  Components are two-dimensional: the batch holds single slices.
"""

from __future__ import annotations

import torch
from torch import Tensor

_ROUNDS = 8


def component_roots(labels: Tensor, rounds: int = _ROUNDS) -> Tensor:
    """Give each pixel the smallest flat index of its connected component.

    Args:
        labels: (B, H, W) integer; pixels of equal label and shared edge are connected.
        rounds: of hooking and jumping.

    Returns:
        (B, H, W) int64, indices into ``labels.flatten()``.
    """
    count, height, width = labels.shape
    device = labels.device
    index = torch.arange(labels.numel(), device=device).view_as(labels)
    # The nodes are horizontal runs, each known by its first pixel.
    starts = torch.ones_like(labels, dtype=torch.bool)
    starts[:, :, 1:] = labels[:, :, 1:] != labels[:, :, :-1]
    run = torch.where(starts, index, torch.zeros_like(index)).flatten(1).cummax(1).values
    run = run.view_as(index)

    joined = labels[:, 1:] == labels[:, :-1]
    lower = run[:, 1:].flatten()
    # An edge that joins nothing becomes a loop, which never changes a root.
    upper = torch.where(joined, run[:, :-1], run[:, 1:]).flatten()
    run = run.flatten()
    parent = index.flatten()
    for _ in range(rounds):
        a, b = parent.gather(0, upper), parent.gather(0, lower)
        parent = parent.scatter_reduce(0, torch.maximum(a, b), torch.minimum(a, b), "amin")
        parent = parent.gather(0, parent)
        parent = parent.gather(0, parent)
    parent = parent.gather(0, run)
    return parent.view(count, height, width)


def largest_components(labels: Tensor, classes: int, rounds: int = _ROUNDS) -> Tensor:
    """Mark the largest connected component of each foreground class in each image.

    Args:
        labels: (B, H, W) int64, 0…K-1; 0 is background.
        classes: K.
        rounds: see ``component_roots``.

    Returns:
        (B, K - 1, H, W) bool.  Of two equally large components, the one that comes first in
        row-major order.
    """
    count, height, width = labels.shape
    pixels = height * width
    roots = component_roots(labels, rounds).view(count, pixels)
    sizes = torch.zeros(count * pixels, dtype=torch.int64, device=labels.device)
    sizes = sizes.scatter_add(0, roots.flatten(), torch.ones_like(roots).flatten())
    place = torch.arange(pixels, device=labels.device)
    # Rank by size, then by the place of the root, in one integer.
    rank = sizes.view(count, pixels) * pixels + (pixels - 1 - place)
    rank = rank.flatten().gather(0, roots.flatten()).view(count, pixels)
    flat = labels.view(count, 1, pixels)
    foreground = torch.arange(1, classes, device=labels.device).view(1, -1, 1)
    ranks = torch.where(flat == foreground, rank[:, None], torch.full_like(rank[:, None], -1))
    best = ranks.amax(-1, keepdim=True).clamp_min(0)
    return (ranks == best).view(count, classes - 1, height, width)
