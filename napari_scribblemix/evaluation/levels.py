"""The levels of a short-axis stack: basal, mid and apical thirds of the slices that hold the heart.

Thirds are of the slices between the first and the last that hold any structure of the reference; if
they do not divide by three, the base and then the middle get one more.  Files store a stack
from base to apex or the other way round, and headers often do not say which: the end with less
heart in it is the apex.  Slices beyond the reference's heart belong to no level.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Level = Literal["basal", "mid", "apical"]
LEVELS: tuple[Level, ...] = get_args(Level)


def heart_levels(reference: NDArray[np.integer]) -> dict[Level, slice]:
    """The slices of each level in ``reference`` (Z, Y, X), class indices with 0 as background.

    Empty where there are fewer than three slices of heart, or where both ends hold equally much.
    """
    area = np.count_nonzero(reference, axis=(1, 2))
    heart = np.flatnonzero(area)
    if len(heart) == 0:
        return {}
    first, after = int(heart[0]), int(heart[-1]) + 1
    count = after - first
    larger, middle = -(-count // 3), -(-(count - 1) // 3)
    ends = area[first : first + larger].mean() - area[after - larger : after].mean()
    if count < len(LEVELS) or ends == 0:
        return {}
    if ends > 0:
        cuts = (first, first + larger, first + larger + middle, after)
        return {level: slice(cuts[i], cuts[i + 1]) for i, level in enumerate(LEVELS)}
    cuts = (after, after - larger, after - larger - middle, first)
    return {level: slice(cuts[i + 1], cuts[i]) for i, level in enumerate(LEVELS)}
