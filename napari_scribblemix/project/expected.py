"""How good a mask was expected to be when it was made, as it is written beside it.

``inference/quality.py`` makes the figures.  Whatever else a record holds counts as not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOW = 0.7
"""Expected Dice below which a mask is called probably poor."""


@dataclass(frozen=True)
class Expected:
    """Expected Dice, 0 to 1: of each slice and of the volume; ``None`` where nothing is told."""

    slices: tuple[float | None, ...] = ()
    case: float | None = None

    def of_slice(self, number: int) -> float | None:
        """Of one slice, from 0."""
        return self.slices[number] if 0 <= number < len(self.slices) else None

    @property
    def poor(self) -> tuple[int, ...]:
        """The slices whose mask is probably poor, the worst first."""
        told = [(each, number) for number, each in enumerate(self.slices) if each is not None]
        return tuple(number for each, number in sorted(told) if each < LOW)


def expected_of(record: Mapping[str, Any]) -> Expected:
    """What the record of a mask says; nothing of one of an earlier version."""
    slices = record.get("quality")
    return Expected(
        tuple(_share(each) for each in slices) if isinstance(slices, list) else (),
        _share(record.get("case_quality")),
    )


def _share(value: object) -> float | None:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if known and 0 <= value <= 1 else None  # type: ignore[arg-type, operator]
