"""Which way up a volume lies: found by looking, because headers often do not say.

Scanners store short-axis slices with the right ventricle to the left; converters flip, turn and
transpose them.  A model trained on upright hearts alone needs fewer steps and is better than one
trained on all ways up, and it tells by itself: seen the wrong way up, a heart comes out in pieces
and with doubt.  So where the likely way (by the header, see ``placement``, else as stored) leaves
doubt, the others are tried: all of them roughly, the two surest in full.  Mirror images count too:
upside down a heart looks much like a heart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_scribblemix.inference.pieces import each_alone, keep_largest_components

SURE = 0.95
"""Confidence from which a likely way up is taken and no other is tried."""

CLEARLY = 0.02
"""By how much another way up must be surer to be taken."""

AGAINST_HEADER = 0.05
"""The same where the header states the likely one: array and header may have been parted."""

_LOOKED_AT_AGAIN = 2


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


def find_turn(
    predict: Predict,
    slices: Tensor,
    rough: Callable[[], Tensor],
    likely: Sequence[Turn] = (),
) -> tuple[Turn, Tensor]:
    """The way up in which ``predict`` is surest, and what it finds in ``slices`` turned that way.

    ``slices`` (Z, C, h, w) are all of a volume, ``rough`` gives a few of them with larger pixels.
    In doubt it is the first of the ``likely`` ways, or, if the header states none, as stored.
    """
    expected = likely or (AS_STORED,)
    margin = AGAINST_HEADER if likely else CLEARLY
    found: dict[Turn, tuple[float, Tensor]] = {}

    def look(turn: Turn) -> float:
        probability = predict(turn.apply(slices).contiguous())
        found[turn] = confidence(probability), probability
        return found[turn][0]

    for turn in expected:
        if look(turn) >= SURE:
            return turn, found[turn][1]
    best = _surest(found, CLEARLY)
    few = rough()
    others = [turn for turn in TURNS if turn not in found]
    glances = {turn: confidence(predict(turn.apply(few).contiguous())) for turn in others}
    again = sorted(others, key=glances.__getitem__)[-_LOOKED_AT_AGAIN:]
    challenger = max(again, key=look)
    if found[challenger][0] > found[best][0] + margin:
        best = challenger
    return best, found[best][1]


def _surest(found: dict[Turn, tuple[float, Tensor]], clearly: float) -> Turn:
    """The first way found, unless a later one is clearly surer."""
    best, *others = found
    for turn in others:
        if found[turn][0] > found[best][0] + clearly:
            best = turn
    return best
