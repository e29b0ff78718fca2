"""A small picture of a stack, for a list to choose from: its middle slice, in its first phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.contents import Stack
from napari_scribblemix.data.dicom.needed import silent
from napari_scribblemix.data.dicom.pixels import Wanted, decoded

_BRIGHT = 99.0


def thumbnail(stack: Stack, side: int = 160) -> NDArray[np.uint8]:
    """Grey values 0 to 255, (rows, columns) of at most about ``side``.

    ``FileError`` if the pixels of that one image cannot be read.
    """
    planes = stack.images[0]
    plane = planes[len(planes) // 2]
    with silent():
        (stored,) = decoded([Wanted(plane.path, plane.storage, (plane.frame,))])
    step = max(1, -(-max(stored.shape) // side))
    shown = np.asarray(stored[::step, ::step], dtype=np.float64)
    if plane.storage.inverted:
        shown = -shown
    low = float(shown.min(initial=0.0))
    high = float(np.percentile(shown, _BRIGHT))
    scaled = (shown - low) / max(high - low, 1e-6)
    return np.rint(np.clip(scaled, 0.0, 1.0) * 255.0).astype(np.uint8)
