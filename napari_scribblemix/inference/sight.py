"""What a network is shown of a volume, and how it is shown that.

Native grid -> working grid, the part with the body in it -> the right way up -> a window about the
heart.  A ``Sight`` says how to get there and back; the network's answers are class probabilities
(Z, K, h, w) of slices (Z, C, h, w), always on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_scribblemix.data.intensity import normalise
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.orientation import (
    AS_STORED,
    SURE,
    Turn,
    confidence,
    find_turn,
)
from napari_scribblemix.inference.placement import likely_turns
from napari_scribblemix.inference.plausibility import (
    Window,
    body_window,
    heart_window,
    placed,
)

_PIXELS_AT_ONCE = 150_000
"""Slices of so many pixels together go through a network that computes on the CPU: they stay in
its cache, which is a fifth faster than all slices at once."""

_PIXELS_ON_DEVICE = 1_500_000

_ROUGH = 1.5
"""Pixels of a rough look, in those of the model; twice as large, hearts are too small for it."""

_MIRRORS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


def _probability(network: nn.Module, images: Tensor, mirror: bool) -> Tensor:
    """Class probabilities (B, K, H, W) of ``images`` (B, C, H, W), over mirror images if asked."""
    flips = _MIRRORS if mirror else _MIRRORS[:1]
    total = torch.zeros(())
    for axes in flips:
        logits = network(torch.flip(images, axes)).float()
        total = total.to(logits.device) + torch.flip(logits.softmax(dim=1), axes)
    return total / len(flips)


def predict_slices(network: nn.Module, slices: Tensor, *, mirror: bool) -> Tensor:
    """Class probabilities (Z, K, h, w), on the CPU, of slices (Z, C, h, w) of any number."""
    device = next(network.parameters()).device
    most = _PIXELS_AT_ONCE if device.type == "cpu" else _PIXELS_ON_DEVICE
    chunk = max(1, most // (slices.shape[2] * slices.shape[3]))
    parts = slices.split(chunk)
    return torch.cat([_probability(network, part.to(device), mirror).cpu() for part in parts])


@dataclass(frozen=True, eq=False)
class Sight:
    """Slices as a network sees them, and where in the volume they lie.

    Attributes:
        grid: from the native grid to the working grid.
        body: which part of the working grid is looked at, as stored.
        turn: how that part is turned.
        heart: which part of that, turned, the slices are.
        size: (h, w) of the turned part.
        slices: (Z, C, h, w), normalised.
    """

    grid: WorkingGrid
    body: Window
    turn: Turn
    heart: Window
    size: tuple[int, int]
    slices: Tensor

    def back(self, probability: Tensor) -> Tensor:
        """Probabilities (Z, K, h, w) of the slices on the whole working grid, as stored.

        All that was not looked at is background.
        """
        turned = placed(probability, self.heart, *self.size)
        return placed(self.turn.undo(turned), self.body, *self.grid.shape)

    def strokes(self, strokes: NDArray[np.uint8]) -> Tensor:
        """Strokes (Z, Y, X) of the native grid as the slices lie: (Z, h, w) uint8."""
        working = torch.from_numpy(self.grid.strokes_to_working(strokes, UNLABELLED))
        turned = self.turn.apply(working[:, self.body[0], self.body[1]])
        return turned[:, self.heart[0], self.heart[1]].contiguous()

    def only(self, number: int) -> Sight:
        """The same, but one slice alone."""
        return replace(self, slices=self.slices[number : number + 1])

    def around(self, model: Model, probability: Tensor) -> Sight:
        """The same, but only a window about the heart that ``probability`` found here."""
        return self.within(model, heart_window(probability, model.card.spacing))

    def within(self, model: Model, window: Window) -> Sight:
        """The same, but only that window of it."""
        part = _cut_out(model, self.slices, window)
        return self if part.shape == self.slices.shape else replace(self, heart=window, slices=part)


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
        return predict_slices(model.network, turned, mirror=False)

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
        if confidence(predict_slices(model.network, few, mirror=False)) >= SURE:
            return likely[0]
    return _find_turn(model, volume, slices, likely)[0]


@torch.inference_mode()
def first_look(
    model: Model, volume: Volume, turn: Turn | None, *, mirror: bool
) -> tuple[Sight, Tensor]:
    """All of the body, and the class probabilities (Z, K, h, w) there.

    ``turn`` it that way; ``None``: the way up in which the model is surest.
    """
    grid, whole = _working_slices(model, volume)
    body, stored = _body(model, whole)
    model.network.eval()
    predicted = None
    if turn is None:
        turn, predicted = _find_turn(model, volume, stored, likely_turns(volume.geometry))
    slices = turn.apply(stored).contiguous()
    height, width = slices.shape[2:]
    everything = (slice(0, height), slice(0, width))
    sight = Sight(grid, body, turn, everything, (height, width), slices)
    if predicted is None or mirror:
        predicted = predict_slices(model.network, slices, mirror=mirror)
    return sight, predicted
