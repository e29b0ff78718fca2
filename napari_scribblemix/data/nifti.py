"""NIfTI files to volumes and back.

Reading ends in one convention: arrays (Z, Y, X), images float32 with the header's scaling applied,
labels exact integers.  Writing starts from a fresh header that carries only where the voxels lie,
so no patient text of the source travels along, and puts the file down durably.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Image, Nifti1Pair
from nibabel.nifti2 import Nifti2Image
from nibabel.volumeutils import apply_read_scaling
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


_BLOCK = 1 << 18
"""Voxels that are read at once, or a slice if it has more."""


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


class _Stored:
    """The voxels of a frame as they stand in the file, read and scaled a few slices at a time.

    Read as a whole they would be there twice, and scaled as a whole they would be doubles: several
    times the memory of what comes of them.
    """

    def __init__(self, image: Nifti1Pair, frame: int, spatial: tuple[int, ...]) -> None:
        # nibabel's ArrayProxy: where in the file the voxels begin, and how they are scaled.
        proxy: Any = image.dataobj
        self._file, self._shape, self.dtype = image.file_map["image"], spatial, proxy.dtype
        self._slope, self._inter = proxy.slope, proxy.inter
        self._slice = math.prod(spatial[:-1]) * self.dtype.itemsize
        self._begin = int(proxy.offset) + frame * self._slice * spatial[-1]

    @property
    def whole(self) -> bool:
        """Whether the values are integers as they stand in the file."""
        return self.dtype.kind in "iu" and (self._slope, self._inter) == (1, 0)

    def to(self, kind: np.dtype[Any], convert: Callable[[NDArray[Any]], NDArray[Any]]) -> Any:
        """The scaled values in file order, each few slices through ``convert``, as ``kind``.

        One of ``DAMAGED`` if the file is.
        """
        result = np.empty(self._shape, kind, order="F")
        at_once = max(1, _BLOCK * self.dtype.itemsize // self._slice)
        with self._file.get_prepare_fileobj("rb") as file:
            file.seek(self._begin)
            for first in range(0, self._shape[-1], at_once):
                last = min(first + at_once, self._shape[-1])
                data = file.read((last - first) * self._slice)
                if len(data) < (last - first) * self._slice:
                    raise EOFError("it ends in the middle of its voxels")
                values = np.frombuffer(data, self.dtype)
                values = values.reshape((*self._shape[:-1], last - first), order="F")
                with np.errstate(all="ignore"):  # a slope may be as wrong as any other field
                    values = apply_read_scaling(values, self._slope, self._inter)
                result[..., first:last] = convert(values)
        return result


def _open(path: Path, frame: int | None) -> tuple[_Stored, Geometry, tuple[str, ...]]:
    """What reads the voxels, two or three axes; the geometry, and notes."""
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
    scaling = scaling_note(image, start_of(pair_of(path)[0] if is_pair(path) else path))
    notes = (*filter(None, (geometry.note, scaling)), *image.extra[REPAIRED])
    return _Stored(image, frame or 0, spatial), geometry, notes


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Damage and a lack of memory, met while the file is read, as one line."""
    try:
        yield
    except MemoryError as error:
        raise FileError(
            f"{path} needs more memory than is free; close other programs, or crop the image to "
            "the heart."
        ) from error
    except DAMAGED as error:
        raise damaged(path, error) from error


def _volume(array: NDArray[Any], geometry: Geometry, notes: tuple[str, ...]) -> Volume:
    return Volume(np.ascontiguousarray(geometry.from_file(array)), geometry, notes)


def read_image(path: Path, frame: int | None = None) -> Volume:
    """The image at ``path``, float32 (Z, Y, X), with the header's slope and intercept applied.

    A 4-D cine needs a ``frame``, counted from 0.  Raises ``FileError`` for what is no readable
    NIfTI file and ``GeometryError`` for a missing or wrong frame or an unusable header.  NaN and
    infinite values are not refused here: see ``scribbles.check_image``.
    """
    # What float32 cannot hold becomes infinite and is found there.
    with _told(path), np.errstate(over="ignore"):
        stored, geometry, notes = _open(path, frame)
        return _volume(stored.to(np.dtype(np.float32), np.asarray), geometry, notes)


class _WholeNumbers:
    """Checks slice by slice that the values of the file ``path`` are whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._bad, self._first = path, 0, 0.0

    def of(self, values: NDArray[Any]) -> NDArray[np.int32]:
        """``values`` rounded; ``LabelError`` for one that is too large."""
        rounded = np.rint(values)
        with np.errstate(invalid="ignore"):  # infinite is no whole number either
            bad = ~(np.abs(values - rounded) <= ROUNDING)
        if count := int(bad.sum()):
            self._first = self._first if self._bad else float(values[bad][0])
            self._bad += count
            return np.zeros(values.shape, np.int32)
        return self.small(rounded)

    def small(self, values: NDArray[Any]) -> NDArray[np.int32]:
        """``values``, which are whole, in 32 bits."""
        # Not against the largest integer itself, which float32 rounds up to 2 ** 31.
        low, high = values.min(), values.max()
        if max(-float(low), float(high)) >= 2.0**31:
            largest = high if float(high) >= -float(low) else low
            raise LabelError(f"Got the value {largest:g} in {self._path}; expected small numbers.")
        return values.astype(np.int32)

    def check(self) -> None:
        """``LabelError`` if one was none."""
        if self._bad:
            raise LabelError(
                f"Got the value {self._first:g} ({self._bad} voxels like it) in {self._path}; "
                "expected whole numbers: choose the label file, not an image or a probability map."
            )


def read_labels(path: Path, frame: int | None = None) -> Volume:
    """The labels at ``path`` as stored, an integer array (Z, Y, X); of a 4-D file those of a frame.

    Floats are rounded (labels that were resampled say 499.977); ``LabelError`` if one is further
    than ``ROUNDING`` from an integer: then it is no label file.
    """
    with _told(path):
        stored, geometry, notes = _open(path, frame)
        numbers = _WholeNumbers(path)
        if not stored.whole:
            labels = stored.to(np.dtype(np.int32), numbers.of)
        elif stored.dtype.itemsize > 4:
            labels = stored.to(np.dtype(np.int32), numbers.small)
        else:
            labels = stored.to(stored.dtype, np.asarray)
        numbers.check()
        return _volume(labels, geometry, notes)


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
