"""Whether a mask calls the ventricles by each other's value.

ACDC and MSCMRseg count 1 right ventricle, 2 myocardium, 3 left ventricle; M&Ms and the pipelines of
UK Biobank count the other way round, in files that look the same.  The wall tells: it lies all
round the left ventricle and along one side of the right one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme

EXCHANGED = (
    "The myocardium lies round what should be the right ventricle: left and right seem to be "
    "exchanged (as in M&Ms and UK Biobank, where 1 is left and 3 right); expected 1 right, 3 left."
)
"""The note of a mask for which ``sides_exchanged`` is true."""

_MOST, _LEAST = 0.75, 0.6
_FEWEST = 50
"""Borders (pairs of neighbouring pixels) of a ventricle that are too few to tell."""


def wall_share(labels: NDArray[np.uint8], cavity: int, wall: Sequence[int]) -> tuple[float, int]:
    """The part of the border of ``cavity`` in its slices that is with ``wall``, 0 to 1; its length.

    ``labels`` (Z, Y, X) are class indices, ``wall`` those of the myocardium, healthy or not; the
    length counts pairs of neighbouring pixels.
    """
    touching = border = 0
    for a, b in (
        (labels[:, 1:], labels[:, :-1]),
        (labels[:, :, 1:], labels[:, :, :-1]),
    ):
        for one, other in ((a, b), (b, a)):
            beside = other[(one == cavity) & (other != cavity)]
            border += beside.size
            touching += int(np.isin(beside, wall).sum())
    return touching / max(1, border), border


def sides_exchanged(labels: NDArray[np.uint8], scheme: LabelScheme) -> bool:
    """Whether the wall lies round the right ventricle of a full mask and not round the left one.

    ``labels`` (Z, Y, X) are class indices of ``scheme``.  False where it cannot be told.
    """
    names = scheme.names
    cavities = ("right ventricle", "left ventricle")
    if not {*cavities, "myocardium"} <= set(names):
        return False
    wall = [index for index, name in enumerate(names) if index and name not in cavities]
    right, long_right = wall_share(labels, names.index("right ventricle"), wall)
    left, long_left = wall_share(labels, names.index("left ventricle"), wall)
    return min(long_right, long_left) >= _FEWEST and right > _MOST and left < _LEAST
