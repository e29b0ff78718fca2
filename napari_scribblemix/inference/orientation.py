"""Which way up a volume lies: found by looking, because headers often do not say.

Scanners store short-axis slices with the right ventricle to the left; converters flip, turn and
transpose them.  A model trained on upright hearts alone needs fewer steps and is better than one
trained on all ways up, and it tells by itself: seen the wrong way up, a heart comes out in pieces
and with doubt.  So where a volume as stored leaves doubt, the eight ways are tried, and the surest
is taken.  Mirror images count too: upside down a heart looks much like a heart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_scribblemix.inference.pieces import each_alone, keep_largest_components

SURE = 0.95
"""Confidence from which a volume is taken as it is stored."""

CLEARLY = 0.02
"""By how much another way up must be surer to be taken."""


@dataclass(frozen=True)
class Turn:
    """A way up: mirrored left to right if ``mirrored``, then turned by quarters of a circle."""

    quarters: int = 0
    mirrored: bool = False

    def apply(self, x: Tensor) -> Tensor:
        """``x`` (..., H, W) as seen after the turn; H and W change places for odd quarters."""
        if self.mirrored:
            x = x.flip(-1)
        return torch.rot90(x, self.quarters, (-2, -1))

    def undo(self, x: Tensor) -> Tensor:
        """The inverse of ``apply``."""
        x = torch.rot90(x, -self.quarters, (-2, -1))
        return x.flip(-1) if self.mirrored else x

    def __bool__(self) -> bool:
        return self != AS_STORED

    def __str__(self) -> str:
        """In words, for a note to the user."""
        words = ["mirrored"] if self.mirrored else []
        words += [f"turned by {90 * self.quarters} degrees"] if self.quarters else []
        return " and ".join(words) or "as stored"


AS_STORED = Turn()
TURNS = tuple(Turn(quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""All ways up; the stored one first."""

Predict = Callable[[Tensor], Tensor]
"""Slices (Z, C, h, w) to class probabilities (Z, K, h, w)."""


def confidence(probability: Tensor) -> float:
    """How sure a prediction (Z, K, H, W) of a whole heart is, 0-1.

    The mean probability of each structure inside its largest piece, averaged over the structures;
    one that is found nowhere counts 0.
    """
    classes = probability.shape[1]
    best, winner = (part.numpy() for part in probability.max(dim=1))
    labels = keep_largest_components(winner.astype(np.uint8), each_alone(classes))
    found = [best[labels == k] for k in range(1, classes)]
    return float(np.mean([part.mean() if part.size else 0.0 for part in found]))


def find_turn(predict: Predict, slices: Tensor) -> Turn:
    """The way up in which ``predict`` is surest of ``slices`` (Z, C, h, w); as stored in doubt."""
    stored = confidence(predict(slices))
    if stored >= SURE:
        return AS_STORED
    others = {turn: confidence(predict(turn.apply(slices).contiguous())) for turn in TURNS[1:]}
    surest = max(others, key=others.__getitem__)
    return surest if others[surest] > stored + CLEARLY else AS_STORED
