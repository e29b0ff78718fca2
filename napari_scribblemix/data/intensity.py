"""The intensity rules: what a network sees of a volume's grey values.

One rule for training and inference, named in every model card.  The usual one is taken over the
whole volume and not over a slice, so that an apical slice with little heart in it keeps its
contrast (CycleMix section 4.2 normalises "each image" and leaves open which).  ModelMix scales each
slice to 0-1 (section 3.1); its ``paper`` preset does so too.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

IntensityRule = Literal["volume-zscore", "slice-unit"]


def normalise(
    array: NDArray[np.floating] | NDArray[np.integer], rule: IntensityRule
) -> NDArray[np.float32]:
    """A volume (Z, Y, X) as a network sees it by that rule."""
    return standardise(array) if rule == "volume-zscore" else scale_slices(array)


def standardise(array: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float32]:
    """Zero mean and unit variance over the whole volume (any shape); a constant volume gives 0."""
    values = np.asarray(array, dtype=np.float64)
    values = values - values.mean()
    deviation = values.std()
    scaled = values / deviation if deviation > 0 else values
    result: NDArray[np.float32] = scaled.astype(np.float32)
    return result


def scale_slices(array: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float32]:
    """Each slice of (Z, Y, X) from its darkest voxel, 0, to its brightest, 1; constant ones 0."""
    values = np.asarray(array, dtype=np.float64)
    values = values - values.min(axis=(1, 2), keepdims=True)
    extent = values.max(axis=(1, 2), keepdims=True)
    result: NDArray[np.float32] = (values / np.where(extent > 0, extent, 1)).astype(np.float32)
    return result
