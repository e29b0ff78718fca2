"""NIfTI files to volumes and back.

Reading ends in one convention: arrays (Z, Y, X), images float32 with the header's scaling applied,
labels exact integers.  Writing starts from a fresh header that carries only where the voxels lie,
so no patient text of the source travels along, and puts the file down durably.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Image, Nifti1Pair
from nibabel.nifti2 import Nifti2Image
from numpy.typing import NDArray

from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.file_names import SUFFIXES, is_pair, pair_of
from napari_scribblemix.data.geometry import Geometry, resolve
from napari_scribblemix.data.headers import REPAIRED, scaling_note
from napari_scribblemix.data.nifti_files import DAMAGED, damaged, open_header, start_of
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import FileError, GeometryError, LabelError

ROUNDING = 0.05
"""How far a label may lie from an integer; MyoPS labels, stored with a slope, lie 0.023 off."""


def _frames(image: Nifti1Pair) -> int:
    return math.prod(map(int, image.shape[3:]))


def number_of_frames(path: Path) -> int:
    """How many volumes the file holds: 1, or the frames of a 4-D cine."""
    return _frames(open_header(path))


def _geometry(path: Path, image: Nifti1Pair) -> Geometry:
    try:
        return resolve(image.header, tuple(map(int, image.shape[:3])))
    except GeometryError as error:
        raise GeometryError(f"{path}: {error}") from error


def read_geometry(path: Path) -> Geometry:
    """Where the voxels of the file at ``path`` lie; raises as ``read_image``, reads no voxel."""
    return _geometry(path, open_header(path))


def _stored(image: Nifti1Pair, frame: int | None, spatial: tuple[int, ...]) -> NDArray[Any]:
    """The scaled values of a frame in file order."""
    with np.errstate(all="ignore"):  # a slope may be as wrong as any other field
        if len(image.shape) > 3:
            later = np.unravel_index(frame or 0, image.shape[3:], order="F")
            values = image.dataobj[(..., *(int(index) for index in later))]
        else:
            values = np.asarray(image.dataobj)
    return np.asarray(values).reshape(spatial, order="F")


def _read(path: Path, frame: int | None) -> tuple[NDArray[Any], Geometry, tuple[str, ...]]:
    """The scaled values in file order, two or three axes, the geometry, and notes."""
    image = open_header(path)
    frames, spatial = _frames(image), tuple(map(int, image.shape[:3]))
    if frames > 1 and frame is None:
        raise GeometryError(
            f"{path} holds {frames} frames (4-D cine, 0 to {frames - 1}); expected one volume: "
            "save the frame you need as a 3-D file of its own."
        )
    if frame is not None and not 0 <= frame < frames:
        raise GeometryError(
            f"Got frame {frame} of {path}, which holds {frames}; choose one from 0 to {frames - 1}."
        )
    geometry = _geometry(path, image)
    try:
        scaling = scaling_note(image, start_of(pair_of(path)[0] if is_pair(path) else path))
        notes = (*filter(None, (geometry.note, scaling)), *image.extra[REPAIRED])
        return _stored(image, frame, spatial), geometry, notes
    except DAMAGED as error:
        raise damaged(path, error) from error


@contextmanager
def _enough_memory(path: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise FileError(
            f"{path} needs more memory than is free; close other programs, or crop the image to "
            "the heart."
        ) from error


def _volume(array: NDArray[Any], geometry: Geometry, notes: tuple[str, ...]) -> Volume:
    return Volume(np.ascontiguousarray(geometry.from_file(array)), geometry, notes)


def read_image(path: Path, frame: int | None = None) -> Volume:
    """The image at ``path``, float32 (Z, Y, X), with the header's slope and intercept applied.

    A 4-D cine needs a ``frame``, counted from 0.  Raises ``FileError`` for what is no readable
    NIfTI file and ``GeometryError`` for a missing or wrong frame or an unusable header.  NaN and
    infinite values are not refused here: see ``scribbles.check_image``.
    """
    # What float32 cannot hold becomes infinite and is found there.
    with _enough_memory(path), np.errstate(over="ignore"):
        values, geometry, notes = _read(path, frame)
        return _volume(values.astype(np.float32), geometry, notes)


def _whole_numbers(values: NDArray[Any], path: Path) -> NDArray[Any]:
    """``values`` as integers; ``LabelError`` where they are none."""
    if values.dtype.kind != "f":
        return values
    rounded = np.rint(values)
    with np.errstate(invalid="ignore"):  # infinite is no whole number either
        bad = ~(np.abs(values - rounded) <= ROUNDING)
    if bad.any():
        raise LabelError(
            f"Got the value {values[bad][0]:g} ({int(bad.sum())} voxels like it) in {path}; "
            "expected whole numbers: choose the label file, not an image or a probability map."
        )
    # Not against the largest integer itself, which float32 rounds up to 2 ** 31.
    if np.abs(rounded).max(initial=0) >= 2.0**31:
        largest = rounded.flat[np.abs(rounded).argmax()]
        raise LabelError(f"Got the value {largest:g} in {path}; expected small numbers.")
    whole: NDArray[np.int32] = rounded.astype(np.int32)
    return whole


def read_labels(path: Path, frame: int | None = None) -> Volume:
    """The labels at ``path`` as stored, an integer array (Z, Y, X); of a 4-D file those of a frame.

    Floats are rounded (labels that were resampled say 499.977); ``LabelError`` if one is further
    than ``ROUNDING`` from an integer: then it is no label file.
    """
    with _enough_memory(path):
        values, geometry, notes = _read(path, frame)
        return _volume(_whole_numbers(values, path), geometry, notes)


def _encoded(path: Path, array: NDArray[Any], geometry: Geometry) -> bytes:
    """The bytes of a file of the name ``path``."""
    if not path.name.lower().endswith(SUFFIXES):
        raise FileError(f"Got the file name {path.name}; expected one ending in .nii.gz or .nii.")
    header = geometry.forms.header()
    header.set_data_dtype(array.dtype)
    values = geometry.to_file(array)
    header.set_data_shape(values.shape)
    kind: Any = Nifti2Image if geometry.forms.nifti2 else Nifti1Image
    # The affine as the header itself gives it: then nibabel leaves every form field alone.
    data = kind(values, header.get_best_affine(), header).to_bytes()
    if path.name.lower().endswith(".gz"):
        # No time stamp, so that the same volume gives the same file.
        data = gzip.compress(data, compresslevel=6, mtime=0)
    return bytes(data)


def encode_labels(path: Path, array: NDArray[Any], geometry: Geometry) -> bytes:
    """What ``write_labels`` writes, for one who writes it together with something else."""
    if array.dtype.kind not in "uib":
        raise LabelError(f"Got labels of dtype {array.dtype} to write; expected integers.")
    if array.dtype.kind == "b" or array.dtype.itemsize > 4:
        small = np.min_scalar_type(int(array.max(initial=0)))
        negative = np.result_type(small, np.min_scalar_type(int(array.min(initial=0))))
        array = array.astype(small if array.min(initial=0) >= 0 else negative)
    return _encoded(path, array, geometry)


def write_labels(path: Path, array: NDArray[Any], geometry: Geometry) -> None:
    """Write integer labels (Z, Y, X) on the grid of ``geometry``, values as they are, durably.

    64-bit and boolean arrays take the smallest dtype that holds their values (few programs read
    64-bit labels).  ``LabelError`` for floats, ``GeometryError`` for another shape.
    """
    atomic_write(path, encode_labels(path, array, geometry))


def write_image(path: Path, array: NDArray[Any], geometry: Geometry) -> None:
    """Write a float32 image (Z, Y, X) on the grid of ``geometry``, unscaled, durably."""
    atomic_write(path, _encoded(path, np.asarray(array, dtype=np.float32), geometry))
