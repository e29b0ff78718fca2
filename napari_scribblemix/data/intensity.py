"""The intensity rule: what a network sees of a volume's grey values.

One rule for training and inference, named in every model card.  It is taken over the whole volume
and not over a slice, so that an apical slice with little heart in it keeps its contrast
(CycleMix section 4.2 normalises "each image" and leaves open which).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

VOLUME_ZSCORE = "volume-zscore"


def standardise(array: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float32]:
    """Zero mean and unit variance over the whole volume (any shape); a constant volume gives 0."""
    values = np.asarray(array, dtype=np.float64)
    values = values - values.mean()
    deviation = values.std()
    scaled = values / deviation if deviation > 0 else values
    result: NDArray[np.float32] = scaled.astype(np.float32)
    return result
