"""How sure a prediction is: the entropy of its class probabilities.

A number a pixel, for choosing what to look at; not a calibrated probability of being wrong.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def normalised_entropy(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Entropy over the classes (axis 0) over its largest value: 0 certain, 1 all classes alike.

    ``probability`` (K, ...) sums to 1 over the first axis; returns (...) float32.
    """
    safe = np.clip(probability, 1e-7, 1.0)
    entropy = -(safe * np.log(safe)).sum(axis=0) / np.log(len(probability))
    result: NDArray[np.float32] = np.clip(entropy, 0.0, 1.0).astype(np.float32)
    return result
