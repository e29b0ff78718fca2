"""What a live model learns from, and when: strokes, and what the model before it was sure of.

Near a stroke that says otherwise the model is not asked.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.inference.sight import Sight
from napari_scribblemix.training.slices import SliceStore

SURE = 0.9
"""Probability from which the model labels a pixel."""

FREE_MM = 10.0
"""So far around a stroke that the model had wrong it is not asked what it thought."""

DRAWN_ON = 2
"""Slices with strokes in a step, that on screen among them."""

OTHERS = 2
"""Slices without any: what is learnt on one slice must not undo what was known of the others."""


def labelled_store(
    sight: Sight,
    strokes: NDArray[np.uint8],
    whole: Collection[int],
    before: Tensor,
    spacing: float,
    device: torch.device,
) -> SliceStore:
    """The slices of ``sight`` on ``device``, labelled.

    Labels are the classes of strokes, 0 to K-1, K more for what the model was sure of, and 255.

    Args:
        sight: what is shown.
        strokes: (Z, Y, X), 255 where there is none.
        whole: slices that somebody accepted; their background counts as what the model was sure
            of, for a hundred times more of it than of anything else would drown the strokes.
        before: class probabilities (Z, K, h, w) of the model in ``sight``.
        spacing: mm of a pixel there.
        device: of the training.
    """
    classes = before.shape[1]
    drawn = sight.strokes(strokes)
    best, found = before.max(dim=1)
    there = drawn != UNLABELLED
    free = _near(there & (drawn != found), FREE_MM / spacing)
    known = torch.where((best >= SURE) & ~free, found + classes, UNLABELLED)
    labels = torch.where(there, drawn.long(), known).to(torch.uint8)
    for number in whole:
        labels[number][labels[number] == 0] = classes
    count, height, width = labels.shape
    drawn_on = there.flatten(1).any(dim=1)
    middle = _middle(torch.where(there, drawn, found) > 0)
    return SliceStore(
        images=sight.slices.to(device),
        labels=labels.to(device),
        centres=middle.expand(count, 2).to(device),
        sizes=torch.tensor([[height, width]], dtype=torch.float32).expand(count, 2).to(device),
        labelled=torch.nonzero(drawn_on)[:, 0].to(device),
        unlabelled=torch.nonzero(~drawn_on)[:, 0].to(device),
        rows={},
        turns={},
        spacing=spacing,
        enclosure_rule=False,
    )


def slices_of_step(store: SliceStore, shown: int, generator: torch.Generator) -> Tensor:
    """The numbers of the slices of a step: with strokes, that on screen first, and without."""
    drawn_on = _shuffled(store.labelled, generator)
    drawn_on = drawn_on[torch.argsort((drawn_on != shown).int(), stable=True)]
    others = _shuffled(store.unlabelled, generator)
    return torch.cat((drawn_on[:DRAWN_ON], others[:OTHERS]))


def _shuffled(numbers: Tensor, generator: torch.Generator) -> Tensor:
    order = torch.randperm(len(numbers), generator=generator, device=generator.device)
    return numbers[order]


def _near(there: Tensor, pixels: float) -> Tensor:
    """Where, in each slice (Z, h, w), anything of ``there`` is at most so many ``pixels`` away."""
    near = np.zeros(there.shape, bool)
    for number, mask in enumerate(there.numpy()):
        if mask.any():
            near[number] = ndimage.distance_transform_edt(~mask) <= pixels
    return torch.from_numpy(near)


def _middle(structures: Tensor) -> Tensor:
    """The middle (1, 2) of what is in any slice of (Z, h, w); that of the slices if nothing is."""
    found = torch.nonzero(structures.any(dim=0))
    if not len(found):
        height, width = structures.shape[1:]
        return torch.tensor([[height / 2, width / 2]])
    return (found.amin(dim=0) + found.amax(dim=0) + 1)[None] / 2
