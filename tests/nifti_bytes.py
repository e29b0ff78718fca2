"""NIfTI files as other programs write them, odd headers included, from their bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np

OBLIQUE = np.array(
    [[-1.2, 0.3, 1.0, 5.0], [0.2, 1.4, -2.0, 7.0], [0.1, 0.2, 8.0, -9.0], [0, 0, 0, 1.0]]
)


def values(shape: tuple[int, ...] = (7, 6, 5), dtype: type = np.int16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def save(path: Path, array: np.ndarray, affine: np.ndarray | None = OBLIQUE, **fields) -> Path:
    image = nibabel.Nifti1Image(array, affine)
    image.header["scl_slope"], image.header["scl_inter"] = 1, 0
    for name, value in fields.items():
        image.header[name] = value
    image.header["vox_offset"] = 352
    # As bytes: saving a file would set the forms anew.
    data = image.header.binaryblock + bytes(4) + array.tobytes(order="F")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
