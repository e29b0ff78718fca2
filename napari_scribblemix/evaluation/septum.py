"""Where the right ventricle is fixed to the left one, so where the septum is, from a mask.

The insertion points are the ends of the arc along which the wall lies next to the right ventricle.
The middle of the septum lies half way between them; the segments are counted from there.  Which end
is the anterior one says the header, where it tells a place in the patient, else the picture: it is
taken for one as scanners show it, not mirrored.

Angles are degrees on the slice as it is drawn, rows downwards: 0 to the right, 90 upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.data.geometry import Geometry, states_a_place
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.evaluation.plausible import LEFT, RIGHT

ARC = 120.0
"""Degrees of the wall that are septum by convention: two of six segments."""

# An arc of contact that is shorter or longer than this is no septum.
_ARCS = (25.0, 200.0)
# Pixels between wall and right ventricle over which they still touch.
_TOUCH = 1.5

Point = tuple[float, float]
"""Row and column in mm."""


@dataclass(frozen=True)
class Septum:
    """The middle of the septum and the anterior insertion, in degrees.

    ``turn`` is +1 if going from the anterior wall over the septum to the inferior wall is against
    the clock on the drawn slice, as scanners show it, -1 if the picture is a mirror image.
    """

    middle: float
    anterior: float
    turn: int


@dataclass(frozen=True)
class _Contact:
    first: float
    arc: float
    """From ``first`` against the clock."""


def angle_of(
    centre: Point, row: NDArray[np.floating], column: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Degrees 0 to 360 of points (mm) as seen from ``centre``."""
    degrees: NDArray[np.float64] = np.degrees(np.arctan2(centre[0] - row, column - centre[1])) % 360
    return degrees


def difference(a: float, b: float) -> float:
    """``a`` minus ``b``, from -180 to 180."""
    return (a - b + 180.0) % 360.0 - 180.0


def circular_mean(angles: Sequence[float]) -> float:
    """The mean direction, 0 to 360."""
    turned = np.exp(1j * np.radians(np.asarray(angles, np.float64)))
    return float(np.degrees(np.angle(turned.mean())) % 360.0)


def cavity_centre(
    plane: NDArray[np.integer], scheme: LabelScheme, spacing: tuple[float, float]
) -> Point | None:
    """Centre in mm of the left ventricle in a slice (Y, X); ``None`` without it."""
    left = scheme.find(LEFT)
    if left is None or not (plane == left).any():
        return None
    rows, columns = np.nonzero(plane == left)
    return float(np.mean(rows)) * spacing[0], float(np.mean(columns)) * spacing[1]


def _contact(
    plane: NDArray[np.integer], scheme: LabelScheme, spacing: tuple[float, float]
) -> _Contact | None:
    """The arc of the wall that lies next to the right ventricle."""
    centre, right = cavity_centre(plane, scheme, spacing), scheme.find(RIGHT)
    if centre is None or right is None or not (plane == right).any():
        return None
    far = ndimage.distance_transform_edt(plane != right, sampling=spacing)
    rows, columns = np.nonzero((far <= _TOUCH * max(spacing)) & np.isin(plane, scheme.wall))
    if not len(rows):
        return None
    degrees = np.sort(angle_of(centre, rows * spacing[0], columns * spacing[1]))
    gaps = np.diff([*degrees, degrees[0] + 360.0])
    widest = int(np.argmax(gaps))
    arc = 360.0 - float(gaps[widest])
    if not _ARCS[0] <= arc <= _ARCS[1]:
        return None
    return _Contact(float(degrees[(widest + 1) % len(degrees)]), arc)


def _direction(degrees: float, geometry: Geometry) -> NDArray[np.float64]:
    """Where a direction in the slices leads in the patient: right, front, head."""
    axes = [axis for axis in range(3) if axis != geometry.slice_axis]
    steps = geometry.affine[:3, axes] / np.linalg.norm(geometry.affine[:3, axes], axis=0)
    column, row = steps[:, 0], steps[:, 1]
    angle = np.radians(degrees)
    # NIfTI: the first axis runs to the right, the second to the front, the third to the head.
    place: NDArray[np.float64] = np.cos(angle) * column - np.sin(angle) * row
    return place


def _towards_anterior(degrees: float, geometry: Geometry) -> float:
    """How far a direction in the slices leads to the front and the head; 0 is neither."""
    _, front, head = _direction(degrees, geometry)
    return float(front + head)


def _from_anterior(anterior: float, geometry: Geometry) -> Septum:
    """The septum of a mask without right ventricle, which lies to the right and the front."""
    sides = {turn: (anterior + turn * ARC / 2.0) % 360.0 for turn in (1, -1)}
    places = {turn: _direction(middle, geometry) for turn, middle in sides.items()}
    turn = 1
    if states_a_place(geometry):
        turn = max(places, key=lambda each: float(places[each][0] + places[each][1]))
    return Septum(sides[turn], anterior % 360.0, turn)


def find_septum(
    labels: NDArray[np.integer],
    geometry: Geometry,
    scheme: LabelScheme,
    slices: Sequence[int],
    anterior: float | None = None,
) -> Septum | None:
    """The septum in ``slices`` of a mask (Z, Y, X) of class indices; ``None`` if it is not found.

    ``anterior``: the angle of the anterior insertion, where a person knows better; the septum is
    then the 120 degrees from there towards the right ventricle, or, where the mask has none,
    towards the right and the front of the patient.
    """
    spacing = geometry.spacing[1:]
    found = [_contact(labels[z], scheme, spacing) for z in slices]
    contacts = [contact for contact in found if contact is not None]
    if not contacts:
        return None if anterior is None else _from_anterior(anterior, geometry)
    first = circular_mean([contact.first for contact in contacts])
    last = circular_mean([contact.first + contact.arc for contact in contacts])
    middle = circular_mean([contact.first + contact.arc / 2.0 for contact in contacts])
    if anterior is not None:
        turn = 1 if difference(middle, anterior) >= 0 else -1
        return Septum((anterior + turn * ARC / 2.0) % 360.0, anterior % 360.0, turn)
    turn = 1
    if states_a_place(geometry):
        ahead, behind = (_towards_anterior(end, geometry) for end in (first, last))
        turn = 1 if ahead >= behind else -1
    return Septum(middle, first if turn == 1 else last, turn)
