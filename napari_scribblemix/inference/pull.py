"""What a stroke says of the pixels around it, before any network has learnt from it.

Where a stroke contradicts a prediction, its class becomes likelier near it: the nearer, and the
more alike in grey value what lies in between, the more.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.graph import MCP_Geometric
from torch import Tensor

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.inference.sight import Sight

PULL = 4.0
"""Logarithm by which a stroke makes its class likelier where the network contradicts it."""

REACH_MM = 8.0
"""Distance at which 1/e of that is left."""

EDGE = 2.0
"""How many times longer a way is through pixels whose grey value is one SD off the stroke's."""


def pull_of(
    image: NDArray[np.float32], stroke: NDArray[np.bool_], spacing: float
) -> NDArray[np.float32]:
    """How strongly a stroke speaks for each pixel of its slice: 1 on it, 0 far away.

    Far is what is many mm away, or less behind pixels of another grey value than the stroke's: a
    geodesic distance.  ``image`` (h, w) has unit variance, pixels of ``spacing`` mm.
    """
    away = np.abs(image - np.median(image[stroke]))
    paths = MCP_Geometric(spacing * (1.0 + EDGE * away))
    starts = [tuple(place) for place in np.argwhere(stroke).tolist()]
    distance, _ = paths.find_costs(starts)
    result: NDArray[np.float32] = np.exp(-((distance / REACH_MM) ** 2)).astype(np.float32)
    return result


def pulled(sight: Sight, predicted: Tensor, strokes: NDArray[np.uint8], spacing: float) -> Tensor:
    """Class probabilities (Z, K, h, w) in ``sight``, drawn to the strokes that they contradict.

    ``strokes`` (Z, Y, X) of the native grid, 255 where there is none; working pixels of
    ``spacing`` mm.
    """
    drawn = sight.strokes(strokes)
    wrong = (drawn != UNLABELLED) & (drawn != predicted.argmax(dim=1))
    result = predicted.clone()
    for number in torch.nonzero(wrong.flatten(1).any(dim=1))[:, 0].tolist():
        image = sight.slices[number, 0].numpy()
        for k in drawn[number][wrong[number]].unique().tolist():
            here = (wrong[number] & (drawn[number] == k)).numpy()
            result[number, k] *= torch.from_numpy(np.exp(PULL * pull_of(image, here, spacing)))
    return result / result.sum(dim=1, keepdim=True)
