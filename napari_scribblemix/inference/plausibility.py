"""What is known of any heart, used on a prediction: where it is, and that slices belong together.

Both work on class probabilities (Z, K, h, w) of a stack on the working grid; that structures hang
together is in ``pieces``, that a heart lies the right way up in ``orientation``.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_scribblemix.inference.pieces import each_alone, keep_largest_components

_FIELD = 256.0
"""mm of a second look: the field of view of the drawn hearts, and some room."""

_MARGIN = 24.0
"""mm round the heart that a second look takes in at least."""

Window = tuple[slice, slice]
"""Rows and columns of a part of a slice."""

_MULTIPLE = 16

_DARK = 0.1
"""Share of the body's brightness under which there is nothing."""

_BRIGHT = 0.01
"""Share of bright pixels from which a row or column belongs to the body."""


def body_window(slices: Tensor) -> Window:
    """Rows and columns of slices (Z, C, h, w) in which there is a body, by the first channel.

    Padding and air are left out: a network's norms are taken over what it is shown, so a heart in
    a wide black frame looked like another one.  Bright is what exceeds a tenth of the mean
    brightness weighted by brightness itself, to which black adds nothing, however much there is.
    """
    above = slices[:, 0] - slices[:, 0].min()
    total = above.sum()
    if not total > 0:
        return slice(0, slices.shape[2]), slice(0, slices.shape[3])
    bright = (above > _DARK * (above * above).sum() / total).float()
    rows, columns = (bright.mean(dim=axes).numpy() > _BRIGHT for axes in ((0, 2), (0, 1)))
    return extent(rows), extent(columns)


def extent(there: NDArray[np.bool_]) -> slice:
    """From the first to the last place where ``there`` (N,) holds; all if it holds nowhere."""
    found = np.flatnonzero(there)
    if not len(found):
        return slice(0, len(there))
    return slice(int(found[0]), int(found[-1]) + 1)


Lines = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""In which rows and in which columns something is."""


def heart_lines(probability: Tensor) -> Lines:
    """Where a prediction (Z, K, h, w) has a heart."""
    labels = probability.argmax(dim=1).numpy().astype(np.uint8)
    kept = keep_largest_components(labels, each_alone(probability.shape[1])) > 0
    rows: NDArray[np.bool_] = np.logical_or.reduce(kept, axis=(0, 2))
    columns: NDArray[np.bool_] = np.logical_or.reduce(kept, axis=(0, 1))
    return rows, columns


def window_of(lines: Lines, spacing: float) -> Window:
    """Rows and columns of a square about what is there, as far as it lies in the image.

    The whole image where nothing is there, or where it is no larger than the square.
    """
    rows, columns = (np.flatnonzero(there) for there in lines)
    height, width = (len(there) for there in lines)
    if not len(rows):
        return slice(0, height), slice(0, width)
    extent = max(np.ptp(rows), np.ptp(columns)) + 1 + 2 * _MARGIN / spacing
    side = -int(-max(extent, _FIELD / spacing) // _MULTIPLE) * _MULTIPLE
    return _about(rows, side, height), _about(columns, side, width)


def heart_window(probability: Tensor, spacing: float) -> Window:
    """Rows and columns of a square about the heart of a prediction (Z, K, h, w)."""
    return window_of(heart_lines(probability), spacing)


def _about(found: np.ndarray, side: int, size: int) -> slice:
    start = int(np.clip((found[0] + found[-1] + 1 - side) // 2, 0, max(0, size - side)))
    return slice(start, min(size, start + side))


def placed(probability: Tensor, window: Window, height: int, width: int) -> Tensor:
    """``probability`` of a window in a whole (Z, K, height, width), sure of background around."""
    whole = torch.zeros(*probability.shape[:2], height, width)
    whole[:, 0] = 1.0
    whole[:, :, window[0], window[1]] = probability
    return whole


def with_neighbours(probability: Tensor, weight: float) -> Tensor:
    """Each slice's probabilities and ``weight`` times those of the slices next to it, as a mean."""
    total, mass = probability.clone(), torch.ones(len(probability), 1, 1, 1)
    for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        total[here] += weight * probability[there]
        mass[here] += weight
    return total / mass
