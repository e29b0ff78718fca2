"""Several images of one case as the channels of one volume, on the grid of the first.

A scanner takes cine, late enhancement and T2 one after the other, often on grids of their own; a
network needs them voxel on voxel.  Where two grids differ, the later channel is resampled linearly
through both affines, and that is noted.  A header that places its voxels nowhere (see ``geometry``)
cannot be resampled by: then equal shapes are taken voxel by voxel, and others refused.  Which files
belong together is not known here: see ``project.channels``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.data.geometry import (
    Geometry,
    grid_distance,
    states_a_place,
)
from napari_scribblemix.data.matching import shapes_apart
from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.data.scribbles import Finding, check_image
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import GeometryError

GRID_TOLERANCE = 0.1
"""mm by which the voxels of two channels may lie apart and still be the same."""


def _to_source(source: Geometry, target: Geometry) -> NDArray[np.float64]:
    """(4, 4): a voxel index of ``target`` to one of ``source``, both in file order."""
    result: NDArray[np.float64] = np.linalg.inv(source.affine) @ target.affine
    return result


def _solid(shape: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z = (*shape, 1)[:3]
    return x, y, z


def covered_share(source: Geometry, target: Geometry) -> float:
    """Share, 0-1, of the voxels of ``target`` whose centres lie in the box of ``source``."""
    matrix, shape = _to_source(source, target), _solid(target.file_shape)
    index = np.indices(shape, sparse=True)
    inside = np.ones(shape, bool)
    for row, size in zip(matrix[:3], _solid(source.file_shape), strict=True):
        place = row[0] * index[0] + row[1] * index[1] + row[2] * index[2] + row[3]
        inside &= (place >= -0.5) & (place <= size - 0.5)
    return float(inside.mean())


def resample_onto(array: NDArray[Any], source: Geometry, target: Geometry) -> NDArray[np.float32]:
    """``array`` (Z, Y, X) on the grid ``source`` to (Z, Y, X) on the grid ``target``, linearly.

    Both grids may be oblique.  Beyond the box of ``source`` its nearest voxel is repeated, so that
    no edge appears where there is none.
    """
    stored = source.to_file(array).reshape(_solid(source.file_shape))
    matrix = _to_source(source, target)
    values = ndimage.affine_transform(
        stored.astype(np.float64),
        matrix[:3, :3],
        matrix[:3, 3],
        output_shape=_solid(target.file_shape),
        order=1,
        mode="nearest",
    )
    placed = target.from_file(values.reshape(target.file_shape))
    return np.ascontiguousarray(placed, dtype=np.float32)


def _onto(
    channel: Volume, target: Geometry, name: str, first: str, path: Path
) -> tuple[NDArray[Any], list[str]]:
    """The array of ``channel`` on the grid ``target``, and what to say about how it got there."""
    source = channel.geometry
    same_shape = source.file_shape == target.file_shape
    if grid_distance(source, target) <= GRID_TOLERANCE:
        return _as_stored(channel, target), []
    if not (states_a_place(source) and states_a_place(target)):
        if not same_shape:
            shown, expected = shapes_apart(source, target)
            raise GeometryError(
                f"{path}: the channel {name} is {shown} but {first} is {expected}, and a header "
                "does not say where its voxels lie; expected equal shapes: resample the channels "
                "onto one grid first."
            )
        note = (
            f"The headers of {first} and {name} place them differently in space; matched voxel by "
            "voxel, because the shapes agree."
        )
        return _as_stored(channel, target), [note]
    share = covered_share(source, target)
    if share == 0.0:
        raise GeometryError(
            f"{path}: the channel {name} does not overlap {first} in space; expected images of the "
            "same heart: check the files and their headers."
        )
    note = f"The channel {name} lies on another grid than {first}: resampled onto it (linear)."
    notes = [note]
    if share < 0.995:
        # No figure in it: notes that are alike are told once for all cases.
        notes.append(f"The channel {name} does not cover all of {first}: its edge is repeated.")
    return resample_onto(channel.array, source, target), notes


def _as_stored(channel: Volume, target: Geometry) -> NDArray[Any]:
    stored = channel.geometry.to_file(channel.array)
    return np.ascontiguousarray(target.from_file(stored))


def read_channels(
    paths: Sequence[Path], names: Sequence[str] = (), frame: int | None = None
) -> Volume:
    """The images at ``paths`` as one volume on the grid of the first.

    ``names`` of the channels, as many as ``paths``; none for a single image.  Raises as
    ``read_image``, and ``GeometryError`` for a channel that cannot be brought onto the grid.
    """
    first = read_image(paths[0], frame)
    if len(paths) == 1:
        return first
    further: list[NDArray[Any]] = []
    notes = list(first.notes)
    for path, name in zip(paths[1:], names[1:], strict=True):
        channel = read_image(path, frame)
        array, more = _onto(channel, first.geometry, name, names[0], path)
        further.append(array)
        notes += [*channel.notes, *more]
    return Volume(
        first.array,
        first.geometry,
        tuple(dict.fromkeys(notes)),
        tuple(further),
        tuple(names),
    )


def check_channels(volume: Volume) -> list[Finding]:
    """The findings of ``check_image`` on each channel, with its name where there are several."""
    if not volume.further:
        return check_image(volume.array)
    return [
        Finding(finding.level, f"Channel {name}: {finding.message}")
        for name, array in zip(volume.channels, volume.arrays, strict=True)
        for finding in check_image(array)
    ]


def describe_channels(channels: Sequence[str]) -> str:
    """In words, for a message: ``the channels C0, LGE, T2``, or ``one image`` without names."""
    return f"the channels {', '.join(channels)}" if channels else "one image"
