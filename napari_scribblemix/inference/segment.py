"""A whole volume to labels on its native grid.

Native grid -> working grid -> network, slice by slice -> probabilities back on the native grid ->
the most probable class -> the heart and its structures, one piece each.  Probabilities are what is
resampled, never labels, so borders are as fine as the image allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from napari_scribblemix.data.intensity import standardise
from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.model import Model

_PIXELS_AT_ONCE = 1_500_000
_MIRRORS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


@dataclass(frozen=True)
class Segmentation:
    """``labels`` (Z, Y, X) uint8 class numbers; ``probability`` (K, Z, Y, X) float32."""

    labels: NDArray[np.uint8]
    probability: NDArray[np.float32]


def _probability(network: nn.Module, images: Tensor, mirror: bool) -> Tensor:
    """Class probabilities (B, K, H, W) of ``images`` (B, 1, H, W), over mirror images if asked."""
    flips = _MIRRORS if mirror else _MIRRORS[:1]
    total = torch.zeros(())
    for axes in flips:
        logits = network(torch.flip(images, axes)).float()
        total = total.to(logits.device) + torch.flip(logits.softmax(dim=1), axes)
    return total / len(flips)


@torch.inference_mode()
def predict_probability(
    model: Model, volume: Volume, *, mirror: bool | None = None
) -> NDArray[np.float32]:
    """Class probabilities (K, Z, Y, X) on the volume's own grid.

    ``mirror``: average over mirrored images; ``None``: if the model was trained with mirrors.
    """
    network, card = model.network, model.card
    network.eval()
    device = next(network.parameters()).device
    array = volume.array
    grid = WorkingGrid((array.shape[1], array.shape[2]), volume.geometry.spacing[1:], card.spacing)
    slices = torch.from_numpy(grid.image_to_working(standardise(array)))[:, None]
    chunk = max(1, _PIXELS_AT_ONCE // (slices.shape[2] * slices.shape[3]))
    use_mirrors = card.mirrored if mirror is None else mirror
    parts = [
        _probability(network, part.to(device), use_mirrors).cpu() for part in slices.split(chunk)
    ]
    working = torch.cat(parts).transpose(0, 1).contiguous().numpy()
    return grid.to_native(working)


_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)
_SPECK = 0.1
"""A piece under this share of its structure's largest piece is noise."""


def _pieces(mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Number of the piece of each voxel (0: none), and the voxels of each piece (of 0: none)."""
    numbers, _ = ndimage.label(mask, structure=_NEIGHBOURS)
    sizes = np.bincount(numbers.ravel())
    sizes[0] = 0
    return numbers, sizes


def _without_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    numbers, sizes = _pieces(mask)
    kept: NDArray[np.bool_] = (sizes > _SPECK * sizes.max())[numbers]
    return kept


def keep_largest_components(labels: NDArray[np.uint8], classes: int) -> NDArray[np.uint8]:
    """Only the heart, and of each structure in it the largest 3-D piece; the rest is background.

    The heart is the largest group of pieces, where pieces a voxel apart are one group: a structure
    that was also seen elsewhere in the chest, larger than the true one, keeps the true one.  Specks
    do not count, or a trail of them would join the two.  Neighbours are the 26 around a voxel.
    """
    result = np.zeros_like(labels)
    structures = [_without_specks(labels == k) for k in range(1, classes)]
    anything = np.logical_or.reduce(structures)
    groups, _ = ndimage.label(
        ndimage.binary_dilation(anything, structure=_NEIGHBOURS), structure=_NEIGHBOURS
    )
    heart = groups == np.bincount(groups[anything], minlength=1).argmax()
    for k, structure in enumerate(structures, start=1):
        numbers, sizes = _pieces(structure & heart)
        if sizes.any():
            result[numbers == sizes.argmax()] = k
    return result


def segment_volume(
    model: Model, volume: Volume, *, mirror: bool | None = None, largest_component: bool = True
) -> Segmentation:
    """Labels and probabilities of ``volume`` (Z, Y, X) on its own grid."""
    probability = predict_probability(model, volume, mirror=mirror)
    labels = probability.argmax(axis=0).astype(np.uint8)
    if largest_component:
        labels = keep_largest_components(labels, model.card.labels.classes)
    return Segmentation(labels, probability)
