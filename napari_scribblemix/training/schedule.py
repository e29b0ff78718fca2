"""How long a training lasts and which learning rate belongs to which part of it.

A budget is time, steps or epochs; the schedule only sees the share of it that is used, so that ten
minutes on a laptop and on a GPU both end with a small learning rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_scribblemix.training.recipe import Recipe

_WARM_UP = 0.05
_LAST = 0.01


@dataclass(frozen=True)
class Budget:
    """Exactly one of ``steps`` and ``seconds`` is set."""

    steps: int | None
    seconds: float | None

    @classmethod
    def of(cls, recipe: Recipe, steps_per_epoch: int) -> Budget:
        """The recipe's budget; epochs become steps."""
        if recipe.time is not None:
            return cls(None, recipe.time)
        return cls(recipe.steps or (recipe.epochs or 1) * steps_per_epoch, None)

    def fraction(self, step: int, elapsed: float) -> float:
        """Share of the budget used, 0-1."""
        if self.seconds is not None:
            return min(1.0, elapsed / self.seconds)
        return min(1.0, step / (self.steps or 1))

    def spent(self, step: int, elapsed: float) -> bool:
        """Whether nothing is left."""
        return self.fraction(step, elapsed) >= 1.0

    def eta(self, step: int, elapsed: float) -> float | None:
        """Seconds left; ``None`` before the first step."""
        if self.seconds is not None:
            return max(0.0, self.seconds - elapsed)
        if not step:
            return None
        return elapsed / step * max(0, (self.steps or 0) - step)


def learning_rate(recipe: Recipe, fraction: float) -> float:
    """One-cycle: a short linear rise, then a cosine to a hundredth; or constant."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    if fraction < _WARM_UP:
        return recipe.learning_rate * (0.1 + 0.9 * fraction / _WARM_UP)
    share = (fraction - _WARM_UP) / (1 - _WARM_UP)
    return recipe.learning_rate * (_LAST + (1 - _LAST) * 0.5 * (1 + math.cos(math.pi * share)))
