"""Which slice to scribble next, so that a minute of drawing is worth most, and which to look at.

Before there is a prediction nothing is known of the image, so the strokes are spread evenly, from
the middle of the ventricle outwards.  With a prediction the slice comes first in which the model is
least sure of a structure, each structure counting the more the less it has been scribbled.  To look
at comes first the mask that is probably the worst; where that is not told (masks of earlier
versions), the slice of which the model is least sure.
Arrays are (Z, Y, X); slices count from 0.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.project.expected import expected_of


def spread(slices: int, done: Collection[int]) -> int | None:
    """The slice furthest from those ``done`` and from both ends; ``None`` if all are done.

    Of equally good ones the one nearest the middle.
    """
    middle = (slices - 1) / 2
    walls = np.array([-1, slices, *done])
    best: tuple[float, float, int] | None = None
    for number in range(slices):
        room = float(np.abs(walls - number).min())
        candidate = (-room, abs(number - middle), number)
        if room > 0 and (best is None or candidate < best):
            best = candidate
    return None if best is None else best[2]


def least_sure(case: OpenCase, leave_out: Collection[int], classes: int) -> int | None:
    """The slice of ``case`` with the worst mask, probably; ``None`` if nothing is known of any."""
    told = {
        number: known
        for number, known in enumerate(expected_of(case.origin).slices)
        if known is not None and number not in leave_out and number < case.slices
    }
    if told:
        return min(told, key=lambda number: told[number])
    if case.prediction is None or case.uncertainty is None:
        return None
    return most_doubtful(slice_doubts(case.prediction, case.uncertainty, [0] * classes), leave_out)


def slice_doubts(
    prediction: NDArray[np.uint8], uncertainty: NDArray[np.uint8], pixels: Sequence[int]
) -> NDArray[np.float64]:
    """For each slice how unsure the model is of the structures in it, at least 0.

    ``uncertainty`` is in percent; ``pixels`` are the scribbled pixels of each class, background
    first.  A structure's doubt is its mean uncertainty over the pixels predicted as it.
    """
    scribbled = np.asarray(pixels[1:], float)
    weights = 1.0 / (1.0 + scribbled / max(1.0, float(scribbled.mean()) if scribbled.size else 1.0))
    doubts = np.zeros(len(prediction))
    for index, weight in enumerate(weights, start=1):
        inside = prediction == index
        sums = np.where(inside, uncertainty, 0).sum(axis=(1, 2), dtype=float)
        doubts += weight * sums / np.maximum(1, inside.sum(axis=(1, 2)))
    return doubts


def most_doubtful(doubts: NDArray[np.float64], leave_out: Collection[int]) -> int | None:
    """The slice with the largest doubt that is not left out; ``None`` if there is none."""
    order = [int(number) for number in np.argsort(-doubts, kind="stable")]
    return next(
        (number for number in order if number not in leave_out and doubts[number] > 0), None
    )
