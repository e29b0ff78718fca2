"""Transport: move salient cells into the part of the mask that is kept (the Pi of CycleMix eq. 2).

On the n x n grid of the mask, each image gets a one-to-one plan: slot v of the mixed image shows
cell plan[v] of its own.  The plan lowers

    sum_v  0.8 |v - plan[v]|^2 / (n - 1)^2  -  keep_v saliency[plan[v]]

with keep = 1 - z for the first image and z for the second.  Two slots that lie a fixed offset apart
swap what they show wherever this lowers the cost; slots are paired off, so that all pairs of a
batch swap at once.  So every plan is a permutation by construction and never costs more than
staying put.

``Move`` carries pixels by such a plan, and gradients back by its inverse: one gather each way, no
scattered sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_COST = 0.8
_OFFSETS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))
_ROUNDS = 2


def pairings(n: int, device: torch.device | str = "cpu") -> Tensor:
    """Ways to pair off the slots of an n x n grid: (P, n * n) int64, the partner of each slot.

    Each row is its own inverse; a slot without a partner is paired with itself.
    """
    slot = torch.arange(n * n, device=device)
    row, column = slot // n, slot % n
    ways = []
    for down, right in _OFFSETS:
        along, step = (row, down) if down else (column, right)
        for phase in (0, 1):
            sign = 1 - 2 * ((along // step + phase) % 2)
            other_row, other_column = row + sign * down, column + sign * right
            inside = (other_row >= 0) & (other_row < n) & (other_column >= 0) & (other_column < n)
            ways.append(torch.where(inside, other_row * n + other_column, slot))
    return torch.stack(ways)


def plan_transport(saliency: Tensor, keep: Tensor, ways: Tensor) -> Tensor:
    """Find a one-to-one plan for each image.

    Args:
        saliency: (B, n, n), what each cell is worth; sum 1.
        keep: (B, n, n), how much of each slot is shown, 0…1.
        ways: ``pairings(n)`` on the same device.

    Returns:
        (B, n * n) int64, the cell that each slot shows.
    """
    count, n = saliency.shape[:2]
    slot = torch.arange(n * n, device=saliency.device)
    place = torch.stack((slot // n, slot % n)).float().expand(count, -1, -1)
    # Swapping the cells a, b of the slots u, v changes the cost by
    # 2 scale (u - v)(a - b) + (keep_u - keep_v)(saliency_a - saliency_b): one inner product.
    scale = 2 * _COST / (n - 1) ** 2
    slots = torch.cat((place * scale, keep.reshape(count, 1, -1)), 1)
    cells = torch.cat((place, saliency.reshape(count, 1, -1)), 1)
    gaps = [slots - slots.index_select(2, way) for way in ways]
    for _ in range(_ROUNDS):
        for way, gap in zip(ways, gaps, strict=True):
            others = cells.index_select(2, way)
            change = (gap * (cells - others)).sum(1, keepdim=True)
            # The margin keeps rounding from swapping what is as good.
            cells = torch.where(change < -1e-7, others, cells)
    return (cells[:, 0] * n + cells[:, 1]).long()


@dataclass
class Move:
    """A permutation of pixels within each image, after a permutation of the images.

    Attributes:
        sample: (B,) the image that each place in the batch takes.
        sample_back: (B,) its inverse.
        pixel: (B, H * W) the pixel that each pixel shows.
        pixel_back: (B, H * W) its inverse.
    """

    sample: Tensor
    sample_back: Tensor
    pixel: Tensor
    pixel_back: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Move (B, C, H, W) of any C: images, targets and predictions alike."""
        moved: Tensor = _Moved.apply(  # type: ignore[no-untyped-call]
            x, self.sample, self.sample_back, self.pixel, self.pixel_back
        )
        return moved


def build_move(plan: Tensor, sample: Tensor, n: int, height: int, width: int) -> Move:
    """Spread a plan over cells to pixels.

    Pixels outside the n x n equal cells (see ``puzzle_mix.inner``) stay where they are.

    Args:
        plan: (B, n * n), the cell that each slot shows.
        sample: (B,), the image that each place in the batch takes; a permutation.
        n: cells along each side.
        height: H in pixels.
        width: W in pixels.
    """
    return Move(
        sample,
        inverse(sample[None])[0],
        _to_pixels(plan, n, height, width),
        _to_pixels(inverse(plan), n, height, width),
    )


def inverse(permutation: Tensor) -> Tensor:
    """Inverse of each row of (B, N) permutations."""
    order = torch.arange(permutation.shape[1], device=permutation.device)
    return torch.empty_like(permutation).scatter_(1, permutation, order.expand_as(permutation))


def _to_pixels(plan: Tensor, n: int, height: int, width: int) -> Tensor:
    tall, wide = height // n, width // n
    top, left = (height - tall * n) // 2, (width - wide * n) // 2
    slot = torch.arange(n * n, device=plan.device)
    # How far, in flat pixel index, the content of each slot lies from it.
    shift = (plan // n - slot // n) * (tall * width) + (plan % n - slot % n) * wide
    inside = shift.view(-1, n, 1, n, 1).expand(-1, n, tall, n, wide)
    inside = inside.reshape(-1, n * tall, n * wide)
    pixel = torch.arange(height * width, device=plan.device).view(height, width)
    pixel = pixel.repeat(plan.shape[0], 1, 1)
    pixel[:, top : top + n * tall, left : left + n * wide] += inside
    return pixel.flatten(1)


class _Moved(torch.autograd.Function):
    """Gather forward, gather by the inverse backward (a plain gather would add up by scatter)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, sample: Tensor, sample_back: Tensor, pixel: Tensor, pixel_back: Tensor
    ) -> Tensor:
        ctx.save_for_backward(sample_back, pixel_back)
        taken = x.index_select(0, sample).flatten(2)
        return taken.gather(2, pixel[:, None].expand_as(taken)).view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        sample_back, pixel_back = ctx.saved_tensors
        (grad,) = grads
        flat = grad.flatten(2)
        moved = flat.gather(2, pixel_back[:, None].expand_as(flat)).index_select(0, sample_back)
        return moved.view_as(grad), None, None, None, None
