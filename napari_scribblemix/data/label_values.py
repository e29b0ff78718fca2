"""Whether a file looks like labels, told by its voxels and not by its name.

Labels are a handful of whole numbers.  Voxels are read in file order and only until there are too
many different ones, which in an image is within its first slices; only labels are read to the end.
"""

from __future__ import annotations

import os
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.nifti import ROUNDING, open_header
from napari_scribblemix.errors import InputError

MOST_LABELS = 16
"""A file with more different whole values than any label scheme has is an image."""

# What gzip and nibabel raise in the middle of a damaged file.
_DAMAGED = (OSError, EOFError, zlib.error, ValueError, OverflowError)
_BLOCK = 1 << 16
_LARGEST = 65535


def label_values(path: Path) -> tuple[int, ...] | None:
    """The different values of a file that looks like labels, else ``None``.

    Labels are 2 to ``MOST_LABELS`` different whole numbers from 0 to 65535, to within ``ROUNDING``.
    A constant volume is not told from a blank image, and is none; nor is what cannot be read.
    """
    try:
        state = path.stat()
    except OSError:
        return None
    return _label_values(os.fspath(path), state.st_mtime_ns, state.st_size)


# A folder is surveyed again with each change of its strokes.
@lru_cache(maxsize=4096)
def _label_values(path: str, _changed: int, _size: int) -> tuple[int, ...] | None:
    try:
        values = _few_values(Path(path))
    except (InputError, *_DAMAGED):
        return None
    if values is None:
        return None
    whole = np.rint(values)
    if not (np.abs(values - whole) <= ROUNDING).all() or whole.min() < 0 or whole.max() > _LARGEST:
        return None
    found = tuple(int(value) for value in np.unique(whole))
    return found if len(found) > 1 else None


def _few_values(path: Path) -> NDArray[np.float64] | None:
    """The scaled different values, or ``None`` as soon as there are more than labels have."""
    image = open_header(path)
    # nibabel's ArrayProxy: where in the file the voxels begin, and how they are scaled.
    proxy: Any = image.dataobj
    left = int(np.prod(image.shape, dtype=np.int64))
    seen: NDArray[np.generic] = np.empty(0, proxy.dtype)
    with image.file_map["image"].get_prepare_fileobj("rb") as file:
        file.seek(proxy.offset)
        while left:
            data = file.read(min(_BLOCK, left) * proxy.dtype.itemsize)
            block = np.frombuffer(data, proxy.dtype, count=len(data) // proxy.dtype.itemsize)
            if not block.size:
                return None  # cut short: said when it is read
            left -= block.size
            seen = np.union1d(seen, np.unique(block))
            if len(seen) > MOST_LABELS or not np.isfinite(seen).all():
                return None
    scaled: NDArray[np.float64] = np.asarray(seen, np.float64) * proxy.slope + proxy.inter
    return scaled
