"""How good a mask probably is: its expected Dice with an expert's, for each slice and the case.

Two things are looked at.  What the network itself expects: over pixels of probability p, a mask
agrees with what is there by 2 * sum(p in the mask) / (sum(p) + size of the mask).  And whether the
slice goes on in the next one, as hearts do.  On hearts that were drawn, and spoilt on purpose, the
two say how large Dice was; ``tests/benchmarks/quality.py`` fits the numbers here and prints how far
they hold on real ones.

A figure of the mask alone, before anybody looked: an accepted slice is as good as who accepted it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import UNLABELLED

_SMALL_MM2 = 20.0
"""Area of a structure of which little can be expected: keeps the ratios of specks from jumping."""

_LEAST = 0.02
"""Expected Dice is cut to this from 0 and 1 before its logit is taken, which has no end there."""

_WITH_NEXT = (-1.52, 0.76, 1.89)
_ALONE = (-0.99, 1.13, 0.0)
"""Constant, weight of the logit of the expected Dice, weight of the agreement with the next slice;
the second of volumes of one slice."""

_OF_SLICES = (-0.56, 1.42)
"""Constant, and weight of the logit of the slices' mean, weighted by the size of their masks, for
the expected Dice of a volume."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What probabilities say of a mask, for each slice and structure: (Z, K - 1), in mm².

    Attributes:
        inside: the probability of the structure, summed over its mask.
        anywhere: the same summed over the slice.
    """

    inside: NDArray[np.float64]
    anywhere: NDArray[np.float64]

    def replace_slice(self, number: int, other: Evidence) -> None:
        """Take the one slice of ``other`` for that of this."""
        self.inside[number], self.anywhere[number] = other.inside[0], other.anywhere[0]


@dataclass(frozen=True, eq=False)
class Quality:
    """Expected Dice, 0 to 1, mean over the structures.

    Attributes:
        slices: (Z,), NaN where the mask is empty.
        case: of the whole volume; NaN of an empty mask.
    """

    slices: NDArray[np.float64]
    case: float

    def record(self) -> dict[str, object]:
        """What is written beside the mask."""
        told = [_rounded(float(each)) for each in self.slices]
        return {"quality": told, "case_quality": _rounded(self.case)}


UNTOLD = Quality(np.empty(0), math.nan)
"""Of an image that shows no short axis: what the numbers here were fitted to says nothing of it."""


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 3)


def evidence(
    probability: NDArray[np.float32],
    labels: NDArray[np.uint8],
    pixel_mm2: float,
    strokes: NDArray[np.uint8] | None = None,
) -> Evidence:
    """What ``probability`` (K, Z, Y, X) says of the mask ``labels`` (Z, Y, X).

    ``strokes`` (Z, Y, X), 255 where there is none, are known for sure.
    """
    inside, anywhere = [], []
    for k in range(1, len(probability)):
        own = probability[k]
        if strokes is not None:
            own = np.where(strokes == UNLABELLED, own, strokes == k)
        inside.append(np.where(labels == k, own, 0).sum(axis=(1, 2), dtype=float))
        anywhere.append(own.sum(axis=(1, 2), dtype=float))
    return Evidence(*(np.stack(sums, axis=1) * pixel_mm2 for sums in (inside, anywhere)))


def signs(known: Evidence, labels: NDArray[np.uint8], pixel_mm2: float) -> NDArray[np.float64]:
    """What the expected Dice of each slice is computed from: (Z, 2), logit and agreement."""
    sizes, shared = _sizes(labels, known.inside.shape[1])
    expected = _expected(known, sizes * pixel_mm2)
    return np.stack([_logit(expected), _with_next(sizes, shared)], axis=1)


def quality(known: Evidence, labels: NDArray[np.uint8], pixel_mm2: float) -> Quality:
    """Expected Dice of the mask ``labels`` (Z, Y, X), of which so much is ``known``."""
    constant, *weights_of = _WITH_NEXT if len(labels) > 1 else _ALONE
    sum_of = constant + signs(known, labels, pixel_mm2) @ np.array(weights_of)
    slices: NDArray[np.float64] = _share(sum_of)
    sizes = (labels > 0).sum(axis=(1, 2))
    there = sizes > 0
    slices[~there] = np.nan
    # A slice with much in it counts for more, as it does in the Dice of a volume.
    if not there.any():
        return Quality(slices, np.nan)
    mean = float(np.average(slices[there], weights=sizes[there]))
    constant, weight = _OF_SLICES
    return Quality(slices, float(_share(constant + weight * _logit(mean))))


def _share(logit: float | NDArray[np.float64]) -> Any:
    return 1 / (1 + np.exp(-logit))


def _logit(share: float | NDArray[np.float64]) -> Any:
    return np.log(share / (1 - share))


def _sizes(
    labels: NDArray[np.uint8], structures: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixels of each structure: in each slice (Z, K - 1), and in it and the next (Z - 1, K - 1)."""
    masks = [labels == k for k in range(1, structures + 1)]
    sizes = np.stack([mask.sum(axis=(1, 2)) for mask in masks], axis=1)
    shared = np.stack([(mask[1:] & mask[:-1]).sum(axis=(1, 2)) for mask in masks], axis=1)
    return sizes, shared


def _expected(known: Evidence, areas: NDArray[np.floating]) -> NDArray[np.float64]:
    """The Dice (Z,) that the probabilities expect, mean over the structures, there or not."""
    each = (2 * known.inside + _SMALL_MM2) / (known.anywhere + areas + _SMALL_MM2)
    mean: NDArray[np.float64] = each.mean(axis=1)
    return np.clip(mean, _LEAST, 1 - _LEAST)


def _with_next(sizes: NDArray[np.int64], shared: NDArray[np.int64]) -> NDArray[np.float64]:
    """Dice (Z,) with the slice before or behind, the better one, mean over the slice's structures.

    0 where there is neither, or nothing in it.
    """
    count = len(sizes)
    best = np.zeros(count)
    for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        own = sizes[here] > 0
        each = np.where(own, 2 * shared / np.maximum(sizes[here] + sizes[there], 1), 0.0)
        mean = each.sum(axis=1) / np.maximum(own.sum(axis=1), 1)
        best[here] = np.maximum(best[here], mean)
    return best
