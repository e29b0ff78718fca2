"""Label files of every kind of number: read exactly as they were meant, written and read back.

The values that are meant are known; how they are stored is drawn: kind, byte order, slope,
intercept, NIfTI-1 or -2, packed or not, one slice or several, and in what scheme.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from tries import Place

from napari_scribblemix.data.labels import CARDIAC, CARDIAC_RAW, MYOPS
from napari_scribblemix.data.nifti import read_labels, write_labels
from napari_scribblemix.errors import LabelError, ScribbleMixError

KINDS = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
# Slope and intercept; the last three have to be taken for none.
SCALES = (
    (1.0, 0.0), (2.0, 0.0), (1.0, -3.0), (3000 / 65535, 0.0), (0.0, 0.0), (np.nan, 0.0),
    (np.inf, 5.0),
)  # fmt: skip
VALUES = ((0, 1, 2, 3, 4), (0, 200, 500, 600), (0, 1220, 2221), (0, 1), (255, 0, 1), (0, 70000))
SCHEMES = (CARDIAC, CARDIAC_RAW, MYOPS)


def _draw(place: Place) -> tuple[NDArray[Any], NDArray[np.int64], Any, tuple[float, float]]:
    """Stored and meant values, the kind of file, and its scale."""
    while True:
        kind, order = np.dtype(place.rng.choice(KINDS)), place.rng.choice("<>")
        slope, inter = place.rng.choice(SCALES)
        shape = place.rng.choice(((7, 6, 3), (7, 6), (5, 4, 1), (9, 8, 2, 1)))
        rng = np.random.default_rng(place.rng.randrange(2**32))
        meant = rng.choice(place.rng.choice(VALUES), shape)
        applied = np.isfinite(slope) and slope != 0
        stored = (meant - inter) / slope if applied else meant.astype(float)
        if kind.kind != "f":
            stored = np.rint(stored)
            limits = np.iinfo(kind)
            if stored.min() < limits.min or stored.max() > limits.max:
                continue  # no such file
        back = stored * slope + inter if applied else stored
        if np.abs(back - meant).max() > 0.04:
            continue  # no such file either
        nifti = place.rng.choice((nibabel.Nifti1Image, nibabel.Nifti2Image))
        return stored.astype(kind.newbyteorder(order)), meant, nifti, (slope, inter)


def _write(path: Path, stored: NDArray[Any], kind: Any, scale: tuple[float, float]) -> None:
    header = kind.header_class(
        endianness=stored.dtype.byteorder.replace("=", "<").replace("|", "<")
    )
    header.set_data_dtype(stored.dtype)
    header.set_data_shape(stored.shape)
    header.set_sform(np.diag([1.4, 1.4, 8.0, 1.0]), 1)
    header["pixdim"][1:4] = (1.4, 1.4, 8.0)
    header["scl_slope"], header["scl_inter"] = scale
    header["magic"] = kind.header_class.single_magic
    start = 544 if kind is nibabel.Nifti2Image else 352
    header["vox_offset"] = start
    block = header.binaryblock
    data = block + bytes(start - len(block)) + stored.tobytes(order="F")
    path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)


def _wrong(path: Path, meant: NDArray[np.int64]) -> str:
    volume = read_labels(path)
    wanted = volume.geometry.from_file(meant.reshape(volume.geometry.file_shape))
    if volume.array.dtype.kind not in "iu" or not np.array_equal(volume.array, wanted):
        return f"read as {np.unique(volume.array)[:6]}, meant {np.unique(meant)}"
    target = path.with_name("back.nii.gz")
    write_labels(target, volume.array, volume.geometry)
    again = read_labels(target)
    if not np.array_equal(again.array, wanted):
        return "read back other labels"
    if not np.array_equal(
        volume.geometry.from_file(np.asarray(nibabel.load(target).dataobj)), wanted
    ):
        return "nibabel reads other labels"
    for scheme in SCHEMES:
        beyond = not set(np.unique(wanted)) <= {*scheme.file_values, scheme.unlabelled_value}
        try:
            decoded = scheme.decode(again.array, source="it")
        except LabelError:
            if not beyond:
                return f"values of {scheme.names} were refused"
            continue
        if beyond:
            return f"a value beyond {scheme.names} was accepted"
        if not np.array_equal(scheme.encode(decoded), wanted):
            return "other labels after the scheme"
    return ""


def attack(place: Place) -> Iterator[str]:
    """One drawn file after the other."""
    while True:
        stored, meant, kind, scale = _draw(place)
        path = place.folder / place.rng.choice(("a.nii", "a.nii.gz"))
        _write(path, stored, kind, scale)
        try:
            wrong = _wrong(path, meant)
        except ScribbleMixError as error:
            wrong = str(error)
        yield wrong and f"{stored.dtype} {scale} {stored.shape} {kind.__name__}: {wrong}"
