"""Puzzle Mix: which image each cell of a grid shows (CycleMix eq. 2).

After J.-H. Kim, W. Choo and H. O. Song, Puzzle Mix, ICML 2020.

A mask z in {0, 1/2, 1} on an n x n grid mixes image 1 (z = 0) and image 2 (z = 1).  It minimises,
per sample, the energy

    sum_u  z_u s1_u + (1 - z_u) s2_u                    saliency thrown away
         - eta log Binomial(2 z_u; 2, lambda) / n^2     share of image 2 is about lambda
  + sum_uv beta (z_u - z_v)^2                           smooth mask
         + beta gamma D_uv(z_u, z_v)                    image difference across the seam

over 4-neighbours uv, with beta = 1.2 / (16 n), gamma = 0.5, eta = 0.2.  D takes the image that each
side shows; as in the authors' code its bilinear form is written as a part linear in z_u, a part
linear in z_v and a multiple of (z_u - z_v)^2.  So every pair costs w_uv (z_u - z_v)^2 with
w_uv >= 0, and every cell has a convex cost: ``solve`` relies on both.

The whole batch is solved at once on its own device.  Moving cells about is in ``transport``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor

GRIDS = (2, 4, 8, 16)
_SMOOTHNESS = 1.2 / 16
_SEAM = 0.5
_PRIOR = 0.2
_STRIP = 4
# Puzzle Mix takes intensities in 0-1, whose standard deviation is about a quarter; ours have 1.
_CONTRAST = 0.25
_RELAXATION_SWEEPS = 10
_OVER_RELAXATION = 1.5
_DESCENT_SWEEPS = 4
_THRESHOLDS = ((0.25, 0.75), (0.1, 0.6), (0.4, 0.9), (0.45, 0.55), (0.1, 0.9))


@dataclass
class Energy:
    """Costs of a batch of masks.

    Attributes:
        unary: (3, B, n, n), cost of z = 0, 1/2 and 1; convex along the first axis.
        down: (B, n - 1, n), weight of (z_u - z_v)^2 for a cell and the one below.
        right: (B, n, n - 1), the same for a cell and the one to its right.
    """

    unary: Tensor
    down: Tensor
    right: Tensor

    def of(self, z: Tensor) -> Tensor:
        """Energy (S, B) of masks z (S, B, n, n) with values 0, 1/2, 1."""
        label = (2 * z).long()
        unary = torch.where(label == 0, self.unary[0], self.unary[1])
        unary = torch.where(label == 2, self.unary[2], unary)
        down = self.down * (z[..., 1:, :] - z[..., :-1, :]).square()
        right = self.right * (z[..., 1:] - z[..., :-1]).square()
        return unary.sum((-2, -1)) + down.sum((-2, -1)) + right.sum((-2, -1))


def draw_grid(host_generator: torch.Generator) -> int:
    """Draw n from {2, 4, 8, 16} on the CPU: it decides shapes, so the device must not know it."""
    return GRIDS[int(torch.randint(len(GRIDS), (1,), generator=host_generator))]


def draw_share(count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Draw (B,) shares lambda ~ Beta(1/2, 1/2), as sin^2(pi u / 2) of a uniform u."""
    u = torch.rand(count, generator=generator, device=device)
    return torch.sin(u * (torch.pi / 2)).square()


def inner(x: Tensor, n: int) -> Tensor:
    """Cut (..., H, W) to the centred part that n x n equal cells fill.

    Up to n - 1 rows and columns are left over.  They stay where they are and take the mask of the
    nearest cell; nothing from outside the image ever comes into view.
    """
    height, width = x.shape[-2] // n * n, x.shape[-1] // n * n
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]


def pool(saliency: Tensor, n: int) -> Tensor:
    """Sum (B, H, W) saliency over the cells and scale it to sum 1: (B, n, n).

    A map that is zero everywhere (an image without a scribble) becomes uniform.
    """
    cells = inner(saliency, n)
    cells = cells.unflatten(-1, (n, -1)).unflatten(-3, (n, -1)).mean((-3, -1))
    total = cells.sum((-2, -1), keepdim=True)
    share = cells / torch.where(total > 0, total, torch.ones_like(total))
    return torch.where(total > 0, share, torch.full_like(share, 1 / n**2))


def spread(mask: Tensor, height: int, width: int) -> Tensor:
    """Spread (B, n, n) cells to (B, H, W) pixels; the inverse of ``inner`` and ``pool``."""
    n = mask.shape[-1]
    tall, wide = height // n, width // n
    rows = torch.arange(height, device=mask.device) - (height - tall * n) // 2
    columns = torch.arange(width, device=mask.device) - (width - wide * n) // 2
    rows = (rows // tall).clamp(0, n - 1)
    columns = (columns // wide).clamp(0, n - 1)
    return mask.index_select(1, rows).index_select(2, columns)


def build_energy(saliency: Tensor, image: Tensor, partner: Tensor, share: Tensor, n: int) -> Energy:
    """The energy of mixing each image with its partner.

    Args:
        saliency: (B, n, n) of each image, sum 1.
        image: (B, C, H, W), unit variance.
        partner: (B,) index of the second image.
        share: (B,) lambda, the share of the second image.
        n: cells along each side.
    """
    beta = _SMOOTHNESS / n
    lam = share.clamp(1e-4, 1 - 1e-4)[:, None, None]
    prior = _PRIOR / n**2
    keep_first, keep_second = -2 * torch.log1p(-lam) * prior, -2 * torch.log(lam) * prior
    both = (keep_first + keep_second) / 2 - log(2) * prior
    linear = saliency - saliency[partner]

    first, second = inner(image, n), inner(image[partner], n)
    down, up_side, down_side = _seams(first, second, n)
    right, left_side, right_side = _seams(first.mT, second.mT, n)
    right, left_side, right_side = right.mT, left_side.mT, right_side.mT
    seam = beta * _SEAM
    linear[:, :-1] += seam * up_side
    linear[:, 1:] += seam * down_side
    linear[:, :, :-1] += seam * left_side
    linear[:, :, 1:] += seam * right_side

    constant = saliency[partner]
    unary = torch.stack(
        (
            constant + keep_first,
            constant + linear / 2 + both,
            constant + linear + keep_second,
        )
    )
    # A seam that looks better than none would make the energy favour broken masks.
    return Energy(unary, (beta + seam * down).clamp_min(0), (beta + seam * right).clamp_min(0))


def _seams(first: Tensor, second: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Seam costs between vertical neighbours: (B, n - 1, n) pair weight, upper and lower part."""
    above, below = [], []
    for image in (first, second):
        rows = image.unflatten(-2, (n, -1))
        strip = min(_STRIP, rows.shape[-2])
        above.append(rows[..., :-1, -strip:, :].mean(-2) * _CONTRAST)
        below.append(rows[..., 1:, :strip, :].mean(-2) * _CONTRAST)

    def difference(a: Tensor, b: Tensor) -> Tensor:
        along: Tensor = (a - b).abs().mean(1).unflatten(-1, (n, -1))
        return along.mean(-1)

    d11, d12 = difference(above[0], below[0]), difference(above[0], below[1])
    d21, d22 = difference(above[1], below[0]), difference(above[1], below[1])
    return (
        (d12 + d21 - d11 - d22) / 2,
        (d21 + d22 - d11 - d12) / 2,
        (d12 + d22 - d11 - d21) / 2,
    )


def solve(energy: Energy) -> Tensor:
    """Masks (B, n, n) in {0, 1/2, 1} of low energy; the lowest one for nearly all small grids.

    The relaxation to z in [0, 1] is convex and solved by over-relaxed red-black sweeps.  Rounded at
    several thresholds, and next to the best cells taken alone, it starts a red-black descent over
    the three values; each sample keeps its best.  Measured against the alpha-beta-swap graph cut:
    see ``tests/test_puzzle_mix.py``.
    """
    grid = energy.unary.shape[-1]
    weights = _to_neighbours(energy)
    total = weights.sum(0)
    low, middle, high = energy.unary
    rows = torch.arange(grid, device=low.device)
    red = (rows[:, None] + rows) % 2 == 0

    curvature = 2 * (low + high - 2 * middle)
    slope = high - low - curvature
    bound = 1 / (2 * (total + curvature)).clamp_min(1e-12)
    z, around = _padded(torch.full_like(low, 0.5))
    for _ in range(_RELAXATION_SWEEPS):
        for colour in (red, ~red):
            best = (2 * _pull(around, weights) - slope) * bound
            best = torch.lerp(z, best, _OVER_RELAXATION).clamp(0, 1)
            z.copy_(torch.where(colour, best, z))

    alone = energy.unary.argmin(0) / 2
    starts = [((z > a).float() + (z > b).float()) / 2 for a, b in _THRESHOLDS]
    z, around = _padded(torch.stack([*starts, alone, torch.full_like(alone, 0.5)]))
    # The cost of a cell is convex in its value: it rises above 0 (above 1/2) where the pull of
    # the neighbours exceeds a threshold.
    leave_low, leave_middle = middle - low + total / 4, high - middle + total * 0.75
    for _ in range(_DESCENT_SWEEPS):
        for colour in (red, ~red):
            pull = _pull(around, weights)
            best = ((pull > leave_low).float() + (pull > leave_middle).float()) / 2
            z.copy_(torch.where(colour, best, z))
    winner = energy.of(z).argmin(0)[None, :, None, None]
    return z.gather(0, winner.expand(1, *z.shape[1:]))[0]


def _to_neighbours(energy: Energy) -> Tensor:
    """(4, B, n, n) weights towards the cell below, above, right and left; 0 over the edge."""
    return torch.stack(
        (
            F.pad(energy.down, (0, 0, 0, 1)),
            F.pad(energy.down, (0, 0, 1, 0)),
            F.pad(energy.right, (0, 1)),
            F.pad(energy.right, (1, 0)),
        )
    )


def _padded(z: Tensor) -> tuple[Tensor, Tensor]:
    """A view of z inside a frame of zeros, and the frame: writing to one writes to the other."""
    around = F.pad(z, (1, 1, 1, 1))
    return around[..., 1:-1, 1:-1], around


def _pull(around: Tensor, weights: Tensor) -> Tensor:
    """Sum over the four neighbours of weight times value."""
    below, above, right, left = weights
    pull = below * around[..., 2:, 1:-1]
    pull = torch.addcmul(pull, above, around[..., :-2, 1:-1])
    pull = torch.addcmul(pull, right, around[..., 1:-1, 2:])
    return torch.addcmul(pull, left, around[..., 1:-1, :-2])
