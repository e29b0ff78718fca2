"""A whole volume to labels on its native grid.

Native grid -> working grid, the right way up -> network, slice by slice -> probabilities back on
the native grid -> the most probable class -> the heart and its structures, one piece each,
without holes.
Probabilities are what is resampled, never labels, so borders are as fine as the image allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.cavities import solid_where_dark
from napari_scribblemix.inference.look import LOOK, Look
from napari_scribblemix.inference.model import Model, check_fit
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.inference.pieces import Known, keep_largest_components
from napari_scribblemix.inference.plausibility import Window, extent, with_neighbours
from napari_scribblemix.inference.sight import Sight, first_look, predict_slices
from napari_scribblemix.inference.topology import tidy


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What was found in a volume, on its own grid.

    Attributes:
        labels: (Z, Y, X) uint8 class numbers.
        turn: the way up in which it was looked at.
        weights: (K,) by which the network's probabilities were multiplied, if they were.
    """

    labels: NDArray[np.uint8]
    turn: Turn
    _working: NDArray[np.float32]
    _grid: WorkingGrid
    weights: NDArray[np.float32] | None = None

    @property
    def probability(self) -> NDArray[np.float32]:
        """Class probabilities (K, Z, Y, X); made anew each time, since they fill the memory."""
        probability = self._grid.to_native(self._working)
        if self.weights is not None:
            probability *= self.weights[:, None, None, None]
            probability /= probability.sum(axis=0)
        return probability

    def likely_part(self) -> tuple[NDArray[np.float32], Window]:
        """The network's probabilities where anything but background may win, and where that is.

        (K, Z, y, x), of size 0 where that is nowhere.
        """
        # Where background is the likelier half of every pixel, nothing else can win between them.
        maybe = (self._working[0] <= 0.5).any(axis=0)
        if not maybe.any():
            return self._working[..., :0, :0], (slice(0, 0), slice(0, 0))
        rows, columns = (extent(maybe.any(axis=axis)) for axis in (1, 0))
        return self._grid.to_native_part(self._working, rows, columns)


@torch.inference_mode()
def look_at(
    model: Model, volume: Volume, look: Look, turn: Turn | None = None
) -> tuple[Sight, Tensor]:
    """What is shown of ``volume``, and the class probabilities (Z, K, h, w) found in that."""
    mirror = model.card.mirrored if look.mirror is None else look.mirror
    if turn is None and not (look.upright and model.card.upright):
        turn = AS_STORED
    sight, predicted = first_look(model, volume, turn, mirror=mirror)
    if look.find_heart:
        near = sight.around(model, predicted)
        if near is not sight:
            sight, predicted = near, predict_slices(model.network, near.slices, mirror=mirror)
    if look.neighbours:
        predicted = with_neighbours(predicted, look.neighbours)
    return sight, predicted


def found_in(sight: Sight, predicted: Tensor) -> Segmentation:
    """Class probabilities (Z, K, h, w) of what was shown, on the native grid; no labels yet."""
    working = sight.back(predicted).transpose(0, 1).contiguous().numpy()
    labels = np.zeros((len(predicted), *sight.grid.native_shape), np.uint8)
    return Segmentation(labels, sight.turn, working, sight.grid)


def segment_volume(
    model: Model,
    volume: Volume,
    look: Look = LOOK,
    turn: Turn | None = None,
    known: Known | None = None,
) -> Segmentation:
    """Labels and probabilities of ``volume`` on its own grid (that of its first channel).

    ``turn`` it that way, if that is known; ``known`` as for ``decide``.  ``ImageError`` if it has
    other channels than the model was trained on.
    """
    check_fit(model.card, volume)
    found = found_in(*look_at(model, volume, look, turn))
    return decide(found, model, volume, look, known=known)


def decide(
    found: Segmentation,
    model: Model,
    volume: Volume,
    look: Look,
    weights: NDArray[np.float32] | None = None,
    known: Known | None = None,
) -> Segmentation:
    """The labels of ``found``, which came of this model, volume and look, anew.

    ``weights`` (K,) multiply the probabilities of the classes before the greatest is taken;
    ``known`` is what is known of the case, on its own grid, see ``keep_largest_components``.
    """
    labels = np.zeros(volume.array.shape, np.uint8)
    part, window = found.likely_part()
    if part.size:
        if weights is not None:
            part *= weights[:, None, None, None]
        decided = part.argmax(axis=0).astype(np.uint8)
        if look.largest_component:
            here = None if known is None else known.part(*window)
            decided = keep_largest_components(decided, model.card.labels.connected, here)
            strokes = None if here is None else here.strokes
            decided = tidy(decided, model.card.labels, strokes)
            image = volume.array[:, window[0], window[1]]
            decided = solid_where_dark(decided, image, model.card.labels)
        labels[:, window[0], window[1]] = decided
    return replace(found, labels=labels, weights=weights)
