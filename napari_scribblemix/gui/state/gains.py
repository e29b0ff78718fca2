"""Whether a training gets better, without true masks: what the last look at a case tells.

How many of the strokes' pixels have the class in the mask that the stroke says, and how much of the
heart changed since the look before: a mask that agrees and hardly changes any more is done.  The
strokes are those that are trained on, so agreement says what was taken in, not what is true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.gui.state.open_case import Labels, OpenCase


@dataclass(frozen=True)
class Gain:
    """Shares from 0 to 1; ``None`` where there is nothing to compare."""

    agreement: float | None
    change: float | None

    @property
    def words(self) -> str:
        """A sentence, or two, for the panel; empty if there is nothing to say."""
        parts = []
        if self.agreement is not None:
            parts.append(f"the mask agrees with {_percent(self.agreement)} of this case's strokes")
        if self.change is not None:
            parts.append(f"{_percent(self.change)} of it changed since the last look")
        return ", ".join(parts).capitalize() + "." if parts else ""


def _percent(share: float) -> str:
    # 99.6 is not all.
    shown = min(99, round(100 * share)) if share < 1 else 100
    return f"{shown} %"


def gain(before: Labels | None, case: OpenCase | None) -> Gain:
    """What the mask of ``case`` tells, which took the place of ``before`` (Z, Y, X)."""
    if case is None or case.prediction is None:
        return Gain(None, None)
    mask, drawn = case.prediction, case.scribble != UNLABELLED
    agreement = float((mask == case.scribble)[drawn].mean()) if drawn.any() else None
    if before is None or before.shape != mask.shape:
        return Gain(agreement, None)
    heart = np.count_nonzero((mask > 0) | (before > 0))
    return Gain(agreement, np.count_nonzero(mask != before) / heart if heart else None)
