"""Accepted slices as arrays: labelled throughout where a person accepted, unlabelled elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import LabelError


def keep_slices(labels: NDArray[np.uint8], accepted: Sequence[int]) -> NDArray[np.uint8]:
    """``labels`` (Z, Y, X) in the slices ``accepted``, 255 elsewhere.

    ``LabelError`` for a slice that is not there or is not labelled throughout.
    """
    outside = [number for number in accepted if not 0 <= number < len(labels)]
    if outside:
        raise LabelError(
            f"Got the slice {outside[0]} to accept; expected slices from 0 to {len(labels) - 1}."
        )
    kept = np.full_like(labels, UNLABELLED)
    kept[list(accepted)] = labels[list(accepted)]
    whole = set(accepted_slices(kept))
    if missing := [number for number in accepted if number not in whole]:
        raise LabelError(
            f"Got unlabelled pixels in the accepted slice {missing[0]}; expected a full mask: "
            "accept a prediction."
        )
    return kept


def accepted_slices(labels: NDArray[np.uint8]) -> tuple[int, ...]:
    """The slices of accepted labels (Z, Y, X) that are labelled throughout: those accepted."""
    return tuple(np.flatnonzero((labels != UNLABELLED).all(axis=(1, 2))).tolist())
