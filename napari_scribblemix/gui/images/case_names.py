"""Names of cases where there is little room: what most names share gives way, what differs stays.

Of ``patient_0123456780_study_2019`` among its like the letters that all bear go first, then the
year, and of the number that tells the patient the end is seen as long as there is any room.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from qtpy.QtCore import QModelIndex
from qtpy.QtGui import QFontMetrics
from qtpy.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

PADDING = 8
"""Pixels left and right of a name."""

_PART = re.compile(r"[\W_]*(?:\d+|[^\W\d_]+)|[\W_]+")
"""A word or a number, with what parts it from the one before."""

_GONE = "…"
_ENDS = 3
"""By so many digits it is seen whether numbers differ at their end or at their beginning."""


def _is_number(part: str) -> bool:
    return part[-1].isdigit()


class Shortening:
    """How the names of one list are shortened; it knows which of their parts are borne by many."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = len(names)
        self._borne_by = Counter(part for name in names for part in set(_PART.findall(name)))
        own = (part for part, count in self._borne_by.items() if count == 1)
        numbers = [part for part in own if _is_number(part)]
        ends, starts = ({p[-_ENDS:] for p in numbers}, {p[:_ENDS] for p in numbers})
        self._keep_end = len(ends) >= len(starts)

    def __call__(self, name: str, width: int, measure: Callable[[str], int]) -> str:
        """``name`` with parts shortened until ``measure`` says it is no wider than ``width``.

        What most names bear goes first; of that, words before numbers, the longest in its middle.
        """
        whole = _PART.findall(name)
        left = list(whole)
        while measure(short := _joined(left)) > width:
            place = self._next(whole, left)
            if place is None:
                break
            left[place] = self._less(whole[place], left[place])
        return short

    def _next(self, whole: Sequence[str], left: Sequence[str]) -> int | None:
        """The part that gives way next."""
        most_borne = [
            (self._borne_by[part], not _is_number(part), len(left[place]), place)
            for place, part in enumerate(whole)
            if left[place] != _GONE
        ]
        return max(most_borne)[-1] if most_borne else None

    def _less(self, part: str, left: str) -> str:
        """One letter or digit less of it; a number that most bear goes as a whole."""
        seen = left.replace(_GONE, "")
        if not _is_number(part):
            # The beginning and the end of a word tell most, and what differs is mostly its end.
            keep = len(seen) - 1
            return seen[: keep // 2] + _GONE + seen[len(seen) - (keep + 1) // 2 :]
        if 2 * self._borne_by[part] > max(2, self._names) or len(seen) == 1:
            return _GONE
        return _GONE + seen[1:] if self._keep_end else seen[:-1] + _GONE


def _joined(parts: Sequence[str]) -> str:
    return re.sub(f"{_GONE}+", _GONE, "".join(parts))


class Names(QStyledItemDelegate):
    """Draws the names, shortened as the column is wide."""

    def __init__(self, parent: object) -> None:
        super().__init__(parent)
        self._tops, self._below = Shortening(), Shortening()

    def know(self, tops: Collection[str], below: Collection[str]) -> None:
        """The names that stand in the list, and those below them."""
        self._tops, self._below = Shortening(tops), Shortening(below)

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Called by Qt before each row is drawn."""
        super().initStyleOption(option, index)
        advance = QFontMetrics(option.font).horizontalAdvance
        shortening = self._below if index.parent().isValid() else self._tops
        option.text = shortening(option.text, option.rect.width() - PADDING, advance)
