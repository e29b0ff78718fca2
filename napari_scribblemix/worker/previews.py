"""Which case to show when: the one on screen first, at a share of the time that is not felt.

A preview costs what it costs, so the gap after it grows with it; where several cases wait, the one
on screen has most of the turns.  Nothing is computed here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

SHARE = 0.15
"""The most of the time that previews may take."""

SHORTEST_GAP = 3.0
"""Seconds between previews, however quickly they are made."""

_OTHERS_TURN = 4


class PreviewPlan:
    """The order of the previews of one training.

    Args:
        cases: all that can be shown, in their order.
        shown: the one on screen, if known.
        first: seconds until the first preview.
        clock: seconds, from anywhere.
    """

    def __init__(
        self,
        cases: Iterable[str],
        shown: str | None,
        first: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cases, self._clock = list(cases), clock
        self.shown = shown if shown in self._cases else None
        self._turn = 0
        self._asked = False
        self._due = clock() + first

    def show(self, case: str) -> None:
        """``case`` is on screen now: it is due at once."""
        if case not in self._cases:
            self._cases.append(case)
        self.shown, self._asked = case, True

    def next(self, *, only_asked: bool = False) -> str | None:
        """The case to show now, or ``None``; ``only_asked``: nothing changes, so do not repeat."""
        if self._asked and self.shown is not None:
            return self.shown
        if only_asked or not self._cases or self._clock() < self._due:
            return None
        others = [case for case in self._cases if case != self.shown]
        if self.shown is not None and (not others or (self._turn + 1) % _OTHERS_TURN):
            return self.shown
        number = self._turn // _OTHERS_TURN if self.shown is not None else self._turn
        return others[number % len(others)]

    def done(self, seconds: float) -> None:
        """The case of ``next`` was shown, which took ``seconds``."""
        self._turn += 0 if self._asked else 1
        self._asked = False
        self._due = self._clock() + max(SHORTEST_GAP, seconds * (1 - SHARE) / SHARE)

    def drop(self, case: str) -> None:
        """``case`` cannot be shown; do not try again unless asked."""
        self._cases = [other for other in self._cases if other != case]
        if self.shown == case:
            self.shown = None
        self._asked = False
