"""Thickness of the left ventricle's wall in mm, in the segments of the American Heart Association.

M. D. Cerqueira et al., Circulation 105, 539-542 (2002): the slices in which the wall is a closed
ring are parted in thirds; six segments of 60 degrees at the base and in the middle, four of 90
degrees at the apex.  The apical cap (17) has no cavity, so short-axis slices give it no thickness.

The thickness at a point of the wall is its distance to the cavity plus its distance to what lies
outside; a segment's is the mean over its points.  Scar and oedema belong to the wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.measure import find_contours

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.evaluation.plausible import LEFT
from napari_scribblemix.evaluation.septum import (
    Septum,
    angle_of,
    cavity_centre,
    find_septum,
)

SEGMENTS = (
    "basal anterior", "basal anteroseptal", "basal inferoseptal", "basal inferior",
    "basal inferolateral", "basal anterolateral",
    "mid anterior", "mid anteroseptal", "mid inferoseptal", "mid inferior", "mid inferolateral",
    "mid anterolateral",
    "apical anterior", "apical septal", "apical inferior", "apical lateral",
)  # fmt: skip
"""Segments 1 to 16, in their order."""

_LEVELS = 3
_FINE = 8
"""Points on each step of an outline."""
_SMOOTH = 0.8
"""Pixels over which the staircase of an outline is evened out."""
_MARGIN = 4


@dataclass(frozen=True)
class Wall:
    """Thickness in mm of segments 1 to 16, NaN where there is none; ``notes`` say why.

    ``septum`` is where the angles came from; ``levels`` are the slices of base, middle and apex.
    """

    thickness: tuple[float, ...]
    septum: Septum | None
    levels: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...] = ()


def is_ring(plane: NDArray[np.integer], scheme: LabelScheme) -> bool:
    """Whether the wall in a slice (Y, X) is closed round the left ventricle."""
    wall, left = np.isin(plane, scheme.wall), plane == scheme.find(LEFT)
    if not left.any() or not wall.any():
        return False
    inside = ndimage.binary_fill_holes(wall) & ~wall
    return bool(inside[left].all())


def ring_levels(
    labels: NDArray[np.integer], scheme: LabelScheme
) -> tuple[tuple[tuple[int, ...], ...], bool]:
    """Slices with a closed ring, in thirds from the base, and whether the heart tells which end.

    The end with less heart in it is the apex (see ``levels``); where they do not part evenly, the
    base gets one more, then the middle.
    """
    rings = [z for z in range(len(labels)) if is_ring(labels[z], scheme)]
    area = np.count_nonzero(labels, axis=(1, 2))
    half = max(1, len(rings) // 2)
    first, last = (float(area[part].sum()) for part in (rings[:half], rings[-half:]))
    if rings and first < last:
        rings = rings[::-1]
    larger, middle = -(-len(rings) // _LEVELS), -(-(len(rings) - 1) // _LEVELS)
    cuts = (0, larger, larger + middle, len(rings))
    parts = tuple(tuple(rings[cuts[i] : cuts[i + 1]]) for i in range(_LEVELS))
    return parts, first != last


def _outline(inside: NDArray[np.bool_], spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Points in mm, close together, half way between the pixels of a region and the others."""
    padded = np.pad(inside, _MARGIN).astype(np.float64)
    # The nearest corner of a staircase is nearer than the line it stands for.
    lines = find_contours(ndimage.gaussian_filter(padded, _SMOOTH), 0.5)
    parts = []
    for line in lines or find_contours(padded, 0.5):
        shares = np.arange(_FINE)[:, None] / _FINE
        ahead = np.diff(line, axis=0)[:, None]
        parts.append((line[:-1, None] + ahead * shares).reshape(-1, 2))
    points: NDArray[np.float64] = (np.concatenate(parts) - _MARGIN) * np.asarray(spacing)
    return points


def thickness_map(
    plane: NDArray[np.integer], scheme: LabelScheme, spacing: tuple[float, float]
) -> NDArray[np.float64]:
    """Thickness in mm at each pixel of the wall of a ring (Y, X), NaN elsewhere."""
    wall = np.isin(plane, scheme.wall)
    filled = ndimage.binary_fill_holes(wall)
    points = np.argwhere(wall) * np.asarray(spacing)
    inner, outer = (_outline(region, spacing) for region in (filled & ~wall, filled))
    found = np.full(plane.shape, np.nan)
    found[wall] = cKDTree(inner).query(points)[0] + cKDTree(outer).query(points)[0]
    return found


def segment_of(degrees: NDArray[np.float64], septum: Septum, level: int) -> NDArray[np.intp]:
    """Numbers (from 0) of the segments at angles, at the base (0), in the middle or at the apex."""
    # From the middle of the septum towards the anterior wall, whichever way that is drawn.
    from_septum = (-septum.turn * (degrees - septum.middle)) % 360.0
    if level < _LEVELS - 1:
        # Anteroseptal, anterior, anterolateral, inferolateral, inferior, inferoseptal.
        order = np.array([1, 0, 5, 4, 3, 2])
        number: NDArray[np.intp] = 6 * level + order[(from_septum // 60.0).astype(int) % 6]
        return number
    # Septal, anterior, lateral, inferior.
    order = np.array([1, 0, 3, 2])
    apical: NDArray[np.intp] = 12 + order[((from_septum + 45.0) // 90.0).astype(int) % 4]
    return apical


def measure_wall(
    labels: NDArray[np.integer],
    geometry: Geometry,
    scheme: LabelScheme,
    anterior: float | None = None,
) -> Wall:
    """The wall of a mask (Z, Y, X) of class indices.

    ``anterior``: the angle of the anterior insertion, see ``septum``, where a person knows better.
    """
    levels, told = ring_levels(labels, scheme)
    nothing = (float("nan"),) * len(SEGMENTS)
    if not any(levels):
        return Wall(nothing, None, levels, ("No slice has a closed ring of wall.",))
    septum = find_septum(labels, geometry, scheme, (*levels[0], *levels[1]), anterior)
    if septum is None:
        note = (
            "The septum was not found: no slice shows the right ventricle beside the wall. Say "
            "where the anterior insertion is (--insertion, or in the window's form)."
        )
        return Wall(nothing, None, levels, (note,))
    notes = () if told else ("Base and apex cannot be told apart; the first slice is the base.",)
    return Wall(_means(labels, geometry, scheme, septum, levels), septum, levels, notes)


def _means(
    labels: NDArray[np.integer],
    geometry: Geometry,
    scheme: LabelScheme,
    septum: Septum,
    levels: Sequence[Sequence[int]],
) -> tuple[float, ...]:
    spacing = geometry.spacing[1:]
    sums, counts = np.zeros(len(SEGMENTS)), np.zeros(len(SEGMENTS))
    for level, slices in enumerate(levels):
        for z in slices:
            centre = cavity_centre(labels[z], scheme, spacing)
            if centre is None:  # no ring then
                continue
            thickness = thickness_map(labels[z], scheme, spacing)
            rows, columns = np.nonzero(np.isfinite(thickness))
            degrees = angle_of(centre, rows * spacing[0], columns * spacing[1])
            numbers = segment_of(degrees, septum, level)
            np.add.at(sums, numbers, thickness[rows, columns])
            np.add.at(counts, numbers, 1)
    with np.errstate(invalid="ignore"):
        return tuple(float(value) for value in sums / counts)
