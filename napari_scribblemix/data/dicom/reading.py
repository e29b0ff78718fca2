"""The voxels of a stack, decoded.

What the header states was held against the limits when the stack was found; a compressed image is
looked at once more, since its own size may differ from the header's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.needed import silent
from napari_scribblemix.data.dicom.pixels import Wanted, decoded
from napari_scribblemix.data.dicom.planes import Plane
from napari_scribblemix.data.dicom.stacks import Stack
from napari_scribblemix.errors import GeometryError

_EVEN = "choose another stack, or take its slices as even (--uneven), which the volumes then follow"


def check_even(stack: Stack, *, uneven: bool = False) -> None:
    """``GeometryError`` if the slices are on no even grid and that was not accepted."""
    if stack.uneven and not uneven:
        raise GeometryError(f"{stack.uneven} Nothing is evened unasked: {_EVEN}.")


def read_cine(stack: Stack, *, uneven: bool = False) -> NDArray[np.generic]:
    """All frames (T, Z, Y, X): integers where they are exact, else float32.

    As the headers rescale them.  ``GeometryError`` as ``check_even``, ``FileError`` if a file is
    gone or its pixels cannot be decoded.
    """
    check_even(stack, uneven=uneven)
    planes = [plane for frame in stack.images for plane in frame]
    array = np.empty((len(planes), *planes[0].shape), _kind(planes))
    with silent():
        for number, values in _values(planes):
            array[number] = values
    return array.reshape(stack.frames, *stack.geometry.shape)


def _kind(planes: list[Plane]) -> np.dtype[np.generic]:
    """The smallest kind of number that holds every value exactly, or float32."""
    lowest = highest = 0
    for p in planes:
        if not (p.slope.is_integer() and p.intercept.is_integer()) or p.storage.inverted:
            return np.dtype(np.float32)
        bits = p.storage.stored
        ends = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if p.storage.signed else (0, 2**bits - 1)
        values = [int(p.slope) * end + int(p.intercept) for end in ends]
        lowest, highest = min(lowest, *values), max(highest, *values)
    for kind in (np.int16, np.uint16, np.int32):
        if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max:
            return np.dtype(kind)
    return np.dtype(np.float32)


def _values(planes: list[Plane] | tuple[Plane, ...]) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """Each plane's number and rescaled pixels; a file is opened once for all its frames."""
    order = sorted(range(len(planes)), key=lambda number: str(planes[number].path))
    wanted = [
        Wanted(path, planes[there[0]].storage, tuple(planes[number].frame for number in there))
        for path, there in (
            (path, list(numbers))
            for path, numbers in groupby(order, key=lambda number: planes[number].path)
        )
    ]
    for number, stored in zip(order, decoded(wanted), strict=True):
        yield number, _rescaled(planes[number], stored)


def _rescaled(plane: Plane, stored: NDArray[np.generic]) -> NDArray[np.generic]:
    values: NDArray[np.generic] = stored
    if plane.storage.inverted:
        top = 2**plane.storage.stored - 1
        values = (-1 - stored if plane.storage.signed else top - stored.astype(np.int64)).astype(
            np.int64
        )
    if plane.slope == 1.0 and plane.intercept == 0.0:
        return values
    rescaled: NDArray[np.generic] = values.astype(np.float64) * plane.slope + plane.intercept
    return rescaled
