"""Strokes that say what a mask says: each structure well inside its border, and a ring round all.

A predicted mask is least sure at its borders, so what is taken from it leaves the borders open:
there the image and the person who corrects decide.  Along them, inside each structure, runs a
stroke as wide as one drawn by hand, and round the heart, at a distance, a closed ring of
background, which the enclosure rule fills: the image stays in sight.  Works on one slice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.data.labels import UNLABELLED

INSIDE_MM = 1.5
"""How far from its border a structure is taken, where it is wide enough."""

MARGIN_MM = 6.0
"""How far outside the heart the ring of background runs: as rings drawn by hand do."""

STROKE_MM = 3.0
"""How wide the stroke in a structure is, where there is room."""

RING_MM = 1.5
"""How wide the ring is, at least two pixels so that it is closed."""

_SHARE = 0.5
"""Of a structure too thin for ``INSIDE_MM`` the inner half is taken."""

Slice = NDArray[np.uint8]


def scribbles_from_mask(mask: Slice, spacing_mm: tuple[float, float]) -> Slice:
    """Scribbles (Y, X) for a full ``mask`` (Y, X), class indices: 255 where nothing is said.

    ``spacing_mm`` is (row, column).  A slice without a structure gives no scribble.
    """
    scribble = np.full(mask.shape, UNLABELLED, np.uint8)
    heart = mask > 0
    if not heart.any():
        return scribble
    scribble[_ring(heart, spacing_mm)] = 0
    for structure in np.unique(mask[heart]).tolist():
        scribble[_stroke(mask == structure, spacing_mm)] = structure
    return scribble


def _stroke(structure: NDArray[np.bool_], spacing: tuple[float, float]) -> NDArray[np.bool_]:
    """A stroke along the border of each part of ``structure``, inside it; of each part some."""
    if structure.all():  # no border is in sight
        return structure
    # What lies beyond the image's edge is not known to be another tissue.
    depth = ndimage.distance_transform_edt(np.pad(structure, 1, mode="edge"), sampling=spacing)
    depth = depth[1:-1, 1:-1]
    parts, count = ndimage.label(structure, structure=np.ones((3, 3)))
    deepest = ndimage.maximum(depth, parts, np.arange(count + 1))
    least = np.minimum(INSIDE_MM, _SHARE * deepest)[parts]
    width = max(STROKE_MM, *spacing)
    stroke: NDArray[np.bool_] = structure & (depth > least) & (depth <= least + width)
    return stroke


def _ring(heart: NDArray[np.bool_], spacing: tuple[float, float]) -> NDArray[np.bool_]:
    """A closed ring round ``heart``; where it would leave the image it follows the edge."""
    width = max(RING_MM, 2.0 * max(spacing))
    # The background beyond the edge, so that a ring that runs along the edge is as wide.
    pad = 1 + int(np.ceil((MARGIN_MM + width) / min(spacing)))
    away = ndimage.distance_transform_edt(~np.pad(heart, pad), sampling=spacing)
    within = (away < MARGIN_MM + width)[pad:-pad, pad:-pad]
    depth = ndimage.distance_transform_edt(np.pad(within, 1), sampling=spacing)[1:-1, 1:-1]
    ring: NDArray[np.bool_] = within & (depth <= width) & ~heart
    return ring
