"""What was learnt from which strokes, so that an undone stroke brings it back."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

_MOST_BYTES = 80_000_000
"""States are kept up to so much, and one in any case; a dozen of the fast network."""


class Learnt:
    """The weights of a network by the strokes from which they were learnt, the latest kept."""

    def __init__(self) -> None:
        self._states: OrderedDict[str, dict[str, Tensor]] = OrderedDict()

    def of(self, strokes: NDArray[np.uint8], whole: Collection[int]) -> Mapping[str, Tensor] | None:
        """What was learnt from these strokes and slices accepted as a whole, if anything was."""
        key = _key(strokes, whole)
        if key in self._states:
            self._states.move_to_end(key)
        return self._states.get(key)

    def keep(
        self, strokes: NDArray[np.uint8], whole: Collection[int], weights: Mapping[str, Tensor]
    ) -> None:
        """Remember a copy of ``weights``, and forget what was asked for longest ago."""
        key = _key(strokes, whole)
        # On the host: a card has no room to spare, and undoing is not in a hurry.
        self._states[key] = {
            name: value.detach().to("cpu", copy=True) for name, value in weights.items()
        }
        self._states.move_to_end(key)
        size = sum(value.nbytes for value in self._states[key].values())
        while len(self._states) > max(1, _MOST_BYTES // max(1, size)):
            self._states.popitem(last=False)


def _key(strokes: NDArray[np.uint8], whole: Collection[int]) -> str:
    return hashlib.sha256(strokes.tobytes() + repr(sorted(whole)).encode()).hexdigest()
