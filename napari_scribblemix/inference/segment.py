"""A whole volume to labels on its native grid.

Native grid -> working grid, the right way up -> network, slice by slice -> probabilities back on
the native grid -> the most probable class -> the heart and its structures, one piece each,
without holes.
Probabilities are what is resampled, never labels, so borders are as fine as the image allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_scribblemix.data.intensity import normalise
from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.cavities import solid_where_dark
from napari_scribblemix.inference.look import LOOK, Look
from napari_scribblemix.inference.model import Model, check_fit
from napari_scribblemix.inference.orientation import (
    AS_STORED,
    SURE,
    Turn,
    confidence,
    find_turn,
)
from napari_scribblemix.inference.pieces import keep_largest_components
from napari_scribblemix.inference.placement import likely_turns
from napari_scribblemix.inference.plausibility import (
    Window,
    body_window,
    extent,
    heart_window,
    placed,
    with_neighbours,
)
from napari_scribblemix.inference.topology import tidy

_PIXELS_AT_ONCE = 150_000
"""Slices of so many pixels together go through a network that computes on the CPU: they stay in
its cache, which is a fifth faster than all slices at once."""

_PIXELS_ON_DEVICE = 1_500_000

_ROUGH = 1.5
"""Pixels of a rough look, in those of the model; twice as large, hearts are too small for it."""

_MIRRORS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


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

    @cached_property
    def probability(self) -> NDArray[np.float32]:
        """Class probabilities (K, Z, Y, X); made when asked for, since they fill the memory."""
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


def _probability(network: nn.Module, images: Tensor, mirror: bool) -> Tensor:
    """Class probabilities (B, K, H, W) of ``images`` (B, C, H, W), over mirror images if asked."""
    flips = _MIRRORS if mirror else _MIRRORS[:1]
    total = torch.zeros(())
    for axes in flips:
        logits = network(torch.flip(images, axes)).float()
        total = total.to(logits.device) + torch.flip(logits.softmax(dim=1), axes)
    return total / len(flips)


def _predict_slices(model: Model, slices: Tensor, *, mirror: bool) -> Tensor:
    """Class probabilities (Z, K, h, w), on the CPU, of slices (Z, C, h, w) of any number."""
    device = next(model.network.parameters()).device
    most = _PIXELS_AT_ONCE if device.type == "cpu" else _PIXELS_ON_DEVICE
    chunk = max(1, most // (slices.shape[2] * slices.shape[3]))
    parts = slices.split(chunk)
    return torch.cat([_probability(model.network, part.to(device), mirror).cpu() for part in parts])


def _working_slices(model: Model, volume: Volume) -> tuple[WorkingGrid, Tensor]:
    """The working grid of ``volume`` and its slices (Z, C, h, w) on it, normalised."""
    grid = _grid(volume, model.card.spacing)
    return grid, _on_grid(grid, _normalised(model, volume))


def _cut_out(model: Model, slices: Tensor, window: Window) -> Tensor:
    """A window of ``slices`` (Z, C, h, w), normalised as if there were nothing else."""
    part = slices[..., window[0], window[1]]
    if model.card.intensity == "volume-zscore":
        deviation, mean = torch.std_mean(part, dim=(0, 2, 3), keepdim=True, correction=0)
        part = (part - mean) / torch.where(deviation > 0, deviation, 1.0)
    return part.contiguous()


def _body(model: Model, slices: Tensor) -> tuple[Window, Tensor]:
    """Where in ``slices`` (Z, C, h, w) the body is, and that part of them."""
    window = body_window(slices)
    return window, _cut_out(model, slices, window)


def _grid(volume: Volume, spacing: float) -> WorkingGrid:
    (_, *shape), (_, *native) = volume.array.shape, volume.geometry.spacing
    return WorkingGrid((shape[0], shape[1]), (native[0], native[1]), spacing)


def _normalised(model: Model, volume: Volume) -> list[NDArray[np.float32]]:
    return [normalise(array, model.card.intensity) for array in volume.arrays]


def _on_grid(grid: WorkingGrid, arrays: Sequence[NDArray[np.float32]]) -> Tensor:
    return torch.from_numpy(np.stack([grid.image_to_working(each) for each in arrays], axis=1))


def _find_turn(
    model: Model, volume: Volume, slices: Tensor, likely: Sequence[Turn]
) -> tuple[Turn, Tensor]:
    def rough() -> Tensor:
        grid = _grid(volume, _ROUGH * model.card.spacing)
        middle = _middle(len(volume.array))
        few = _on_grid(grid, [array[middle] for array in _normalised(model, volume)])
        return _body(model, few)[1]

    def predict(turned: Tensor) -> Tensor:
        return _predict_slices(model, turned, mirror=False)

    return find_turn(predict, slices, rough, likely)


def _middle(slices: int) -> slice:
    """The middle three slices, where every structure is."""
    start = max(0, slices // 2 - 1)
    return slice(start, start + 3)


@torch.inference_mode()
def turn_of(model: Model, volume: Volume) -> Turn:
    """The way up in which ``model`` knows ``volume``; as stored if it knows any."""
    if not model.card.upright:
        return AS_STORED
    slices = _body(model, _working_slices(model, volume)[1])[1]
    model.network.eval()
    likely = likely_turns(volume.geometry)
    if likely:
        # What the header states is only checked, and for that a few slices are enough.
        few = likely[0].apply(slices[_middle(len(slices))]).contiguous()
        if confidence(_predict_slices(model, few, mirror=False)) >= SURE:
            return likely[0]
    return _find_turn(model, volume, slices, likely)[0]


@torch.inference_mode()
def _predict(
    model: Model, volume: Volume, look: Look, turn: Turn | None
) -> tuple[WorkingGrid, Turn, Tensor]:
    """The working grid, the way up, and the class probabilities (Z, K, h, w), as stored."""
    grid, whole = _working_slices(model, volume)
    body, stored = _body(model, whole)
    model.network.eval()
    mirror = model.card.mirrored if look.mirror is None else look.mirror
    predicted = None
    if turn is None and not (look.upright and model.card.upright):
        turn = AS_STORED
    elif turn is None:
        turn, predicted = _find_turn(model, volume, stored, likely_turns(volume.geometry))
    slices = turn.apply(stored)
    if predicted is None or mirror:
        predicted = _predict_slices(model, slices.contiguous(), mirror=mirror)
    if look.find_heart:
        window = heart_window(predicted, model.card.spacing)
        part = _cut_out(model, slices, window)
        if part.shape != slices.shape:
            again = _predict_slices(model, part, mirror=mirror)
            predicted = placed(again, window, *slices.shape[2:])
    if look.neighbours:
        predicted = with_neighbours(predicted, look.neighbours)
    return grid, turn, placed(turn.undo(predicted), body, *whole.shape[2:])


def segment_volume(
    model: Model, volume: Volume, look: Look = LOOK, turn: Turn | None = None
) -> Segmentation:
    """Labels and probabilities of ``volume`` on its own grid (that of its first channel).

    ``turn`` it that way, if that is known.  ``ImageError`` if it has other channels than the model
    was trained on.
    """
    check_fit(model.card, volume)
    grid, turn, predicted = _predict(model, volume, look, turn)
    working = predicted.transpose(0, 1).contiguous().numpy()
    nothing = Segmentation(np.zeros(volume.array.shape, np.uint8), turn, working, grid)
    return decide(nothing, model, volume, look)


def decide(
    found: Segmentation,
    model: Model,
    volume: Volume,
    look: Look,
    weights: NDArray[np.float32] | None = None,
) -> Segmentation:
    """The labels of ``found``, which came of this model, volume and look, anew.

    ``weights`` (K,) multiply the probabilities of the classes before the greatest is taken.
    """
    labels = np.zeros(volume.array.shape, np.uint8)
    part, window = found.likely_part()
    if part.size:
        if weights is not None:
            part *= weights[:, None, None, None]
        decided = part.argmax(axis=0).astype(np.uint8)
        if look.largest_component:
            decided = keep_largest_components(decided, model.card.labels.connected)
            decided = tidy(decided, model.card.labels)
            image = volume.array[:, window[0], window[1]]
            decided = solid_where_dark(decided, image, model.card.labels)
        labels[:, window[0], window[1]] = decided
    return replace(found, labels=labels, weights=weights)
