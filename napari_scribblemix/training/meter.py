"""The means of the loss terms between two reports of a training."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Meter:
    """Loss terms summed on the device since the last report; read only when reporting.

    ``step`` and ``since`` (seconds) say when that was.
    """

    step: int
    since: float
    sums: dict[str, Tensor] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, terms: dict[str, Tensor]) -> None:
        """Add the scalar terms of one step; a step need not have all of them."""
        self.counts.update(terms.keys())
        for name, value in terms.items():
            value = value.detach()
            self.sums[name] = self.sums[name] + value if name in self.sums else value

    def means(self) -> dict[str, float]:
        """The mean of each term over the steps that had it; waits for the device."""
        return {name: float(value) / self.counts[name] for name, value in self.sums.items()}
