"""The phases of one heart help each other: its muscle moves, but keeps its volume.

At end-systole trabeculae and papillary muscles lie close together, and a network paints them as
wall: the muscle comes out larger than at end-diastole, and the cavity too small.  So where several
frames of a heart were segmented, the muscle of those with the smaller cavities is made as large as
that of the others: one number for the frame is taken from the logarithm of the muscle's probability
everywhere, and what was in doubt is decided anew.  How much it brings is in the benchmark record.

Frames must lie on the same grid: a frame of which slices were left out has less muscle to show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.evaluation.plausible import LEFT
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.pieces import Known
from napari_scribblemix.inference.segment import Segmentation, decide

KEPT = 1.05
"""Volume of the muscle with a small cavity over that with a large one, as outlines have it.

Experts' outlines at end-systole hold more than at end-diastole (ACDC 1.19 in the median of 15
patients), the predictions at end-diastole too (1.07): any value from 1 to 1.1 does as well.
"""

_MOST = 1.5
"""Largest change of the logarithm: what the network was sure of stays."""

_BELIEVED = (0.5, 2.0)
"""Wanted over present muscle: beyond, something else is wrong, and nothing is changed."""

_LEAST = 1e-6


@dataclass(frozen=True)
class HeartSize:
    """Volumes in ml of the left ventricle's cavity and of its wall in one frame.

    Rounded, so that what was kept in a file is what it was: two frames that are alike stay so.
    """

    cavity: float
    wall: float


def heart_size(
    labels: NDArray[np.uint8], scheme: LabelScheme, voxel_volume_ml: float
) -> HeartSize | None:
    """The size of the heart in a mask (class indices); ``None`` if it lacks either of the two."""
    left = scheme.find(LEFT)
    if left is None:
        return None
    counts = np.bincount(labels.ravel(), minlength=scheme.classes) * voxel_volume_ml
    cavity, wall = round(float(counts[left]), 3), round(float(counts[list(scheme.wall)].sum()), 3)
    return HeartSize(cavity, wall) if cavity and wall else None


def wanted_share(own: HeartSize | None, others: Sequence[HeartSize]) -> float | None:
    """Wanted over present volume of the wall of a frame, by ``others`` of the same heart.

    Wanted is that of the half of the frames with the larger cavities; ``None`` for those
    themselves, where the frame is too far from it to be mended so, and without a heart.
    """
    if own is None:
        return None
    large = sorted(others, key=lambda size: size.cavity, reverse=True)
    half = (len(others) + 2) // 2
    if sum(size.cavity > own.cavity for size in others) < half:
        return None
    share = KEPT * float(np.median([size.wall for size in large[:half]])) / own.wall
    low, high = _BELIEVED
    return share if low < share < high else None


def with_wall(
    found: Segmentation,
    share: float,
    model: Model,
    volume: Volume,
    look: Look,
    known: Known | None = None,
) -> Segmentation:
    """``found`` with ``share`` times as much wall, as far as the network was in doubt.

    Args:
        found: came of ``model``, ``volume`` and ``look``.
        share: see ``wanted_share``.
        model: its scheme says which classes are the wall.
        volume: the image.
        look: how it was looked at.
        known: as for ``decide``.
    """
    wall = list(model.card.labels.wall)
    rest = [k for k in range(model.card.labels.classes) if k not in wall]
    # On the image's own grid: between two pixels of the network's a border can lie anywhere.
    logarithm = np.log(np.maximum(found.likely_part()[0], _LEAST))
    # Above 0 where the wall wins: what is taken from it moves the threshold, nothing else.
    lead = (logarithm[wall].max(axis=0) - logarithm[rest].max(axis=0)).ravel()
    wanted = round(share * float((lead > 0).sum()))
    if not 0 < wanted < lead.size:
        return found
    threshold = float(np.partition(lead, lead.size - wanted)[lead.size - wanted])
    weights = np.ones(model.card.labels.classes, np.float32)
    weights[wall] = np.exp(-np.clip(threshold, -_MOST, _MOST))
    return decide(found, model, volume, look, weights, known)
