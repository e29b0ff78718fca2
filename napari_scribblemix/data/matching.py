"""Labels onto the voxels of their image.

Programs that draw labels may save them turned: the same voxels in space, stored in another order,
and an affine that says so.  Where the voxels of both grids coincide one by one, the labels are
turned; everywhere else they are matched voxel by voxel in the order of the file, because the
headers of well-known data sets (ACDC) place image and scribbles differently and mean the same.
Nothing is resampled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import (
    Geometry,
    format_shape,
    grid_distance,
    states_a_place,
)
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import GeometryError

GRID_TOLERANCE = 0.1
"""mm by which a label's voxels may lie off the image's before it is worth a note."""

_OFF = 0.05
"""Voxels by which a turned grid may lie off."""

_AS_STORED = ((0, 1, 2), (False, False, False))

TURNED = "lie turned or mirrored in their file, as its header says; turned onto the image's voxels"


def _solid(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape, 1)[:3]


def _turn(source: Geometry, target: Geometry) -> tuple[tuple[int, ...], tuple[bool, ...]] | None:
    """For each axis of ``target``: the axis of ``source`` along it, and whether it runs back.

    ``None`` unless every voxel of one lies on a voxel of the other.
    """
    if not (states_a_place(source) and states_a_place(target)):
        return None
    matrix = np.linalg.inv(source.affine) @ target.affine
    axes = tuple(int(axis) for axis in np.abs(matrix[:3, :3]).argmax(axis=0))
    here, there = _solid(target.file_shape), _solid(source.file_shape)
    if sorted(axes) != [0, 1, 2] or any(here[n] != there[axis] for n, axis in enumerate(axes)):
        return None
    back = tuple(bool(matrix[axis, n] < 0) for n, axis in enumerate(axes))
    wanted = np.zeros((3, 4))
    for n, axis in enumerate(axes):
        wanted[axis, n] = -1.0 if back[n] else 1.0
        wanted[axis, 3] = here[n] - 1 if back[n] else 0
    # Of a single slice the thickness says nothing; the box of the corners says all.
    corners = np.array([(*(np.array(c) * np.subtract(here, 1)), 1) for c in np.ndindex(2, 2, 2)])
    off = np.abs(corners @ (matrix[:3] - wanted).T).max()
    return (axes, back) if off <= _OFF else None


def _turned(
    stored: NDArray[Any], axes: tuple[int, ...], back: tuple[bool, ...], shape: tuple[int, ...]
) -> NDArray[Any]:
    turned = stored.reshape(_solid(stored.shape)).transpose(axes)
    flips = tuple(slice(None, None, -1 if reverse else 1) for reverse in back)
    return turned[flips].reshape(shape)


def shapes_apart(a: Geometry, b: Geometry) -> tuple[str, str]:
    """The shapes of two grids in words that differ: in memory, or as stored with their axes."""
    if a.shape != b.shape:
        return format_shape(a.shape), format_shape(b.shape)
    first, second = (
        f"{format_shape(grid.file_shape)} (axes towards {grid.axis_codes})" for grid in (a, b)
    )
    return first, second


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def turned_onto(labels: Volume, geometry: Geometry) -> Volume | None:
    """``labels`` turned onto the voxels of ``geometry``.

    ``None`` if they lie on them as stored, or if the voxels do not coincide in any order.
    """
    turn = _turn(labels.geometry, geometry)
    if turn is None or turn == _AS_STORED:
        return None
    array = _turned(labels.geometry.to_file(labels.array), *turn, geometry.file_shape)
    return Volume(np.ascontiguousarray(geometry.from_file(array)), geometry)


def same_place(labels: Geometry, image: Geometry) -> bool:
    """Whether both place their voxels alike, of equal shapes or a flat file and a single slice."""
    # A flat file has no third size to differ in.
    flat = _without_ones(labels.file_shape) == _without_ones(image.file_shape)
    labels = replace(labels, file_shape=image.file_shape) if flat else labels
    return grid_distance(labels, image) <= GRID_TOLERANCE


def onto_grid(
    labels: Volume, geometry: Geometry, what: str, source: str
) -> tuple[Volume, list[str]]:
    """``labels`` on the voxels of ``geometry``, and notes on what was decided.

    ``what`` (``Scribbles``) and ``source``, a file, name them in messages.  A flat file and one of
    a single slice have the same voxels.  ``GeometryError`` if the shapes differ and the voxels do
    not coincide.
    """
    turned = turned_onto(labels, geometry)
    if turned is not None:
        return turned, [f"{what} {TURNED}."]
    stored = labels.geometry.to_file(labels.array)
    if _without_ones(stored.shape) != _without_ones(geometry.file_shape):
        shown, expected = shapes_apart(labels.geometry, geometry)
        raise GeometryError(
            f"{source}: {what} are {shown} but the image is {expected}; choose matching files."
        )
    array = stored.reshape(geometry.file_shape)
    placed = Volume(np.ascontiguousarray(geometry.from_file(array)), geometry)
    if same_place(labels.geometry, geometry):
        return placed, []
    how = "places them elsewhere in space than"
    if labels.geometry.axis_codes != geometry.axis_codes:
        how = "states another orientation than"
    note = (
        f"The header of the {what.lower()} {how} the image's; matched voxel by voxel, because the "
        "shapes agree."
    )
    return placed, [note]
