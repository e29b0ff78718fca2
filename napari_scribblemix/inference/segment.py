"""A whole volume to labels on its native grid.

Native grid -> working grid, the right way up -> network, slice by slice -> probabilities back on
the native grid -> the most probable class -> the heart and its structures, one piece each.
Probabilities are what is resampled, never labels, so borders are as fine as the image allows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_scribblemix.data.intensity import normalise
from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.model import Model, check_fit
from napari_scribblemix.inference.orientation import AS_STORED, Turn, find_turn
from napari_scribblemix.inference.pieces import keep_largest_components
from napari_scribblemix.inference.plausibility import heart_window, placed, with_neighbours
from napari_scribblemix.settings import SegmentSettings

_PIXELS_AT_ONCE = 1_500_000
_MIRRORS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


@dataclass(frozen=True)
class Look:
    """How to look at a volume; what each is worth is in the benchmark record.

    Attributes:
        mirror: average over mirrored images; ``None``: if the model was trained with mirrors.
        upright: find the way up first, if the model needs that.
        find_heart: look a second time, at a window about the heart.
        neighbours: weight of the slices next to each slice; 0: each stands alone.
        largest_component: keep the heart and one piece of each structure.
    """

    mirror: bool | None = None
    upright: bool = True
    find_heart: bool = False
    neighbours: float = 0.0
    largest_component: bool = True

    @classmethod
    def of(cls, settings: SegmentSettings) -> Look:
        """The options of ``segment``."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})


LOOK = Look()


@dataclass(frozen=True)
class Segmentation:
    """``labels`` (Z, Y, X) uint8 class numbers; ``probability`` (K, Z, Y, X) float32."""

    labels: NDArray[np.uint8]
    probability: NDArray[np.float32]


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
    chunk = max(1, _PIXELS_AT_ONCE // (slices.shape[2] * slices.shape[3]))
    parts = slices.split(chunk)
    return torch.cat([_probability(model.network, part.to(device), mirror).cpu() for part in parts])


def _working_slices(model: Model, volume: Volume) -> tuple[WorkingGrid, Tensor]:
    """The working grid of ``volume`` and its slices (Z, C, h, w) on it, normalised."""
    (_, *shape), (_, *spacing) = volume.array.shape, volume.geometry.spacing
    grid = WorkingGrid((shape[0], shape[1]), (spacing[0], spacing[1]), model.card.spacing)
    channels = [
        grid.image_to_working(normalise(array, model.card.intensity)) for array in volume.arrays
    ]
    return grid, torch.from_numpy(np.stack(channels, axis=1))


@torch.inference_mode()
def turn_of(model: Model, volume: Volume) -> Turn:
    """The way up in which ``model`` knows ``volume``; as stored if it knows any."""
    if not model.card.upright:
        return AS_STORED
    _, slices = _working_slices(model, volume)
    model.network.eval()
    return find_turn(lambda turned: _predict_slices(model, turned, mirror=False), slices)


@torch.inference_mode()
def predict_probability(
    model: Model, volume: Volume, look: Look = LOOK, turn: Turn | None = None
) -> NDArray[np.float32]:
    """Class probabilities (K, Z, Y, X) on the volume's own grid; ``turn`` it, if that is known."""
    if turn is None:
        turn = turn_of(model, volume) if look.upright else AS_STORED
    grid, stored = _working_slices(model, volume)
    model.network.eval()
    mirror = model.card.mirrored if look.mirror is None else look.mirror
    slices = turn.apply(stored)
    predicted = _predict_slices(model, slices.contiguous(), mirror=mirror)
    if look.find_heart:
        rows, columns = window = heart_window(predicted, model.card.spacing)
        again = _predict_slices(model, slices[..., rows, columns].contiguous(), mirror=mirror)
        predicted = placed(again, window, *slices.shape[2:])
    if look.neighbours:
        predicted = with_neighbours(predicted, look.neighbours)
    return grid.to_native(turn.undo(predicted).transpose(0, 1).contiguous().numpy())


def segment_volume(
    model: Model, volume: Volume, look: Look = LOOK, turn: Turn | None = None
) -> Segmentation:
    """Labels and probabilities of ``volume`` on its own grid (that of its first channel).

    ``ImageError`` if it has other channels than the model was trained on.
    """
    check_fit(model.card, volume)
    probability = predict_probability(model, volume, look, turn)
    labels = probability.argmax(axis=0).astype(np.uint8)
    if look.largest_component:
        labels = keep_largest_components(labels, model.card.labels.connected)
    return Segmentation(labels, probability)
