"""What a slice of a heart cannot look like: islands beside a structure, holes in it.

A papillary muscle or trabecula that was called background lies in the cavity as experts draw it;
so what a cavity encloses becomes cavity, and what the wall encloses becomes wall.  One that was
called wall dents the left ventricle, whose outline experts draw convex: the dent is filled (in 35
true masks that adds .1 % to the cavity, .5 % at most).  Only the ventricles and the wall are
tidied: of other structures (two sections of the aorta, say) nothing is known.  A hole in 3-D is one
in each of its slices, so slices are all that needs looking at.  That a structure hangs together in
3-D is in ``pieces``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image

from napari_scribblemix.data.labels import LabelScheme

_ISLAND = 0.3
"""A piece under this share of its structure's largest piece in the slice is an island.

Larger ones may be true: the inflow and outflow of a right ventricle, a wall open at the base.
"""

_DENT = 0.35
"""Dents of more than this share of the cavity or of the wall are no papillary muscles: the labels
mean something else (a person's own use of the classes, a prediction gone wrong), and stay."""

_STRUCTURES = ("right ventricle", "left ventricle", "myocardium")
_CORNERS = np.ones((3, 3), dtype=bool)


def tidy(
    labels: NDArray[np.uint8], scheme: LabelScheme, strokes: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """``labels`` (Z, Y, X) without islands and holes in the slices of ventricles and wall.

    No island is a piece in which a stroke of its structure lies; ``strokes`` are (Z, Y, X) too.
    """
    tidied = labels.copy()
    right, left, muscle = (scheme.find(name) for name in _STRUCTURES)
    cavities = [k for k in (right, left) if k is not None]
    wall = () if muscle is None else scheme.wall
    structures = [(k,) for k in cavities] + ([wall] if wall else [])
    drawn = np.zeros_like(labels) if strokes is None else strokes
    for plane, drawn_there in zip(tidied, drawn, strict=True):
        for classes in structures:
            plane[_islands(np.isin(plane, classes), np.isin(drawn_there, classes))] = 0
        for k in cavities:
            plane[_holes(plane == k) & (plane == 0)] = k
        if muscle is not None:
            _close_wall(plane, wall, muscle, left)
            if left is not None:
                dents = _dents(plane == left) & (plane == muscle)
                if dents.sum() <= _DENT * min((plane == left).sum(), (plane == muscle).sum()):
                    plane[dents] = left
    return tidied


def _islands(mask: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    numbers, count = ndimage.label(mask, structure=_CORNERS)
    if count < 2:
        return np.zeros_like(mask)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    small = sizes < _ISLAND * sizes.max()
    small[numbers[drawn & mask]] = False
    islands: NDArray[np.bool_] = small[numbers] & mask
    return islands


def _holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(mask)
    return filled & ~mask


def _dents(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What lies in the convex hull of ``mask`` and not in it; nothing for a point or a line."""
    points = np.argwhere(mask)
    if len(points) < 3 or np.linalg.matrix_rank(points - points[0]) < 2:
        return np.zeros_like(mask)
    hull: NDArray[np.bool_] = convex_hull_image(mask, offset_coordinates=False)
    return hull & ~mask


def _close_wall(
    plane: NDArray[np.uint8], wall: tuple[int, ...], muscle: int, cavity: int | None
) -> None:
    """Fill, in place, what wall and cavity enclose: cavity if it borders on that, else muscle."""
    inside = [*wall, *([] if cavity is None else [cavity])]
    numbers, count = ndimage.label(_holes(np.isin(plane, inside)) & (plane == 0))
    for number in range(1, count + 1):
        hole = numbers == number
        border = plane[ndimage.binary_dilation(hole) & ~hole]
        plane[hole] = cavity if cavity is not None and (border == cavity).any() else muscle
