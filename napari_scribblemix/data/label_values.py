"""Whether a file looks like labels, told by its voxels and not by its name.

Labels are a handful of whole numbers.  Voxels are read in file order and only until there are too
many different ones, which in an image is within its first slices; only labels are read to the end.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.nifti import ROUNDING
from napari_scribblemix.data.nifti_files import open_header
from napari_scribblemix.errors import InputError

MOST_LABELS = 16
"""A file with more different whole values than any label scheme has is an image."""

# What gzip and nibabel raise in the middle of a damaged file.
_DAMAGED = (OSError, EOFError, zlib.error, ValueError, OverflowError)
_BLOCK = 1 << 16
_LARGEST = 65535


def label_counts(path: Path) -> Mapping[int, int] | None:
    """Each value of a file that looks like labels and how many voxels have it, else ``None``.

    Labels are 2 to ``MOST_LABELS`` different whole numbers from 0 to 65535, to within ``ROUNDING``.
    A constant volume is not told from a blank image, and is none; nor is what cannot be read.
    """
    try:
        state = path.stat()
    except OSError:
        return None
    return _label_counts(os.fspath(path), state.st_mtime_ns, state.st_size)


# A folder is surveyed again with each change of its strokes.
@lru_cache(maxsize=4096)
def _label_counts(path: str, _changed: int, _size: int) -> Mapping[int, int] | None:
    try:
        found = _few_values(Path(path))
    except (InputError, *_DAMAGED):
        return None
    if found is None:
        return None
    values, counts = found
    whole = np.rint(values)
    if not (np.abs(values - whole) <= ROUNDING).all() or whole.min() < 0 or whole.max() > _LARGEST:
        return None
    voxels: dict[int, int] = {}
    for value, count in sorted(zip(whole.tolist(), counts, strict=True)):
        voxels[int(value)] = voxels.get(int(value), 0) + count
    return MappingProxyType(voxels) if len(voxels) > 1 else None


def _few_values(path: Path) -> tuple[NDArray[np.float64], list[int]] | None:
    """The scaled different values and their voxels; ``None`` once there are more than in labels."""
    image = open_header(path)
    # nibabel's ArrayProxy: where in the file the voxels begin, and how they are scaled.
    proxy: Any = image.dataobj
    left = int(np.prod(image.shape, dtype=np.int64))
    seen: Counter[float] = Counter()
    with image.file_map["image"].get_prepare_fileobj("rb") as file:
        file.seek(proxy.offset)
        while left:
            data = file.read(min(_BLOCK, left) * proxy.dtype.itemsize)
            block = np.frombuffer(data, proxy.dtype, count=len(data) // proxy.dtype.itemsize)
            if not block.size:
                return None  # cut short: said when it is read
            left -= block.size
            different, counts = np.unique(block, return_counts=True)
            if len(different) > MOST_LABELS or not np.isfinite(different).all():
                return None
            seen.update(dict(zip(different.tolist(), counts.tolist(), strict=True)))
            if len(seen) > MOST_LABELS:
                return None
    values: NDArray[np.float64] = np.array(list(seen), np.float64) * proxy.slope + proxy.inter
    return values, list(seen.values())
