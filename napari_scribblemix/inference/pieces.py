"""The heart hangs together: what a prediction may keep, by connected pieces in 3-D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.data.labels import UNLABELLED

_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)
_SPECK = 0.1
"""A piece under this share of its structure's largest piece is noise."""


def _pieces(mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Number of the piece of each voxel (0: none), and the voxels of each piece (of 0: none)."""
    numbers, _ = ndimage.label(mask, structure=_NEIGHBOURS)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    return numbers, sizes


def _without_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    numbers, sizes = _pieces(mask)
    kept: NDArray[np.bool_] = (sizes > _SPECK * sizes.max())[numbers]
    return kept


def each_alone(classes: int) -> list[tuple[int]]:
    """Structures 1 to K-1, of whose meaning nothing is known, each in one piece."""
    return [(k,) for k in range(1, classes)]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of where the structures of a case lie, (Z, Y, X) class indices.

    Attributes:
        strokes: what a person drew; 255 where nothing.
        mask: an earlier mask, if there is one that can be relied on; 0 where there is nothing.
    """

    strokes: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None = None

    def part(self, rows: slice, columns: slice) -> Known:
        """The same in a part of the slices."""
        mask = None if self.mask is None else self.mask[:, rows, columns]
        return Known(self.strokes[:, rows, columns], mask)


def keep_largest_components(
    labels: NDArray[np.uint8], connected: Sequence[Sequence[int]], known: Known | None = None
) -> NDArray[np.uint8]:
    """Only the heart, and of each structure in it the main 3-D piece; the rest is background.

    ``connected``: the class indices of each structure, several where they make up one together.

    The heart is the largest group of pieces, where pieces a voxel apart are one group: a structure
    that was also seen elsewhere in the chest, larger than the true one, keeps the true one.  Specks
    do not count, or a trail of them would join the two.  The main piece of a structure is the one
    that reaches furthest (``_reach``).  Neighbours are the 26 around a voxel.

    With an earlier mask ``known``, the main pieces are those that share most with it and with the
    strokes, wherever they lie.  Pieces in which a stroke of their structure lies stay in any case.
    """
    if known is not None and known.mask is not None:
        result = _sharing_most(labels, connected, known.strokes, known.mask)
    else:
        result = _main_pieces(labels, connected)
    if known is not None:
        for classes in connected:
            drawn = np.isin(known.strokes, classes)
            if drawn.any():
                numbers, _ = _pieces(np.isin(labels, classes))
                kept = np.isin(numbers, np.setdiff1d(numbers[drawn], 0))
                result[kept] = labels[kept]
    return result


def _main_pieces(
    labels: NDArray[np.uint8], connected: Sequence[Sequence[int]]
) -> NDArray[np.uint8]:
    result = np.zeros_like(labels)
    structures = [_without_specks(np.isin(labels, classes)) for classes in connected]
    anything = np.logical_or.reduce(structures)
    groups, _ = ndimage.label(
        ndimage.binary_dilation(anything, structure=_NEIGHBOURS), structure=_NEIGHBOURS
    )
    heart = groups == np.bincount(groups[anything], minlength=1).argmax()
    for structure in structures:
        numbers, sizes = _pieces(structure & heart)
        if sizes.any():
            kept = numbers == _reach(numbers, len(sizes)).argmax()
            result[kept] = labels[kept]
    return result


def _sharing_most(
    labels: NDArray[np.uint8],
    connected: Sequence[Sequence[int]],
    strokes: NDArray[np.uint8],
    mask: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    result = np.zeros_like(labels)
    there = np.where(strokes != UNLABELLED, strokes, mask)
    for classes in connected:
        numbers, sizes = _pieces(np.isin(labels, classes))
        if not sizes.any():
            continue
        shared = np.bincount(numbers[np.isin(there, classes)], minlength=len(sizes))
        shared[0] = 0
        # Of a structure of which nothing is known, what reaches furthest.
        main = (shared if shared.any() else _reach(numbers, len(sizes))).argmax()
        kept = numbers == main
        result[kept] = labels[kept]
    return result


def _reach(numbers: NDArray[Any], count: int) -> NDArray[Any]:
    """How far each of ``count`` pieces (0: none) reaches: its widths, summed over the slices.

    Ventricles go through the stack; a stomach or a vessel beside them, taken for one, is wide in a
    slice or two, and may have more voxels.
    """
    areas = np.stack([np.bincount(plane.ravel(), minlength=count) for plane in numbers])
    reach: NDArray[Any] = np.sqrt(areas).sum(axis=0)
    reach[0] = 0.0
    return reach
