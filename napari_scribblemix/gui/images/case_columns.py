"""What the list of cases says of each: a line of ``COLUMNS`` for every column after the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from napari_scribblemix.gui.state.case_states import CaseState
from napari_scribblemix.project.expected import LOW

QUALITY = "Dice?"

OUT = "out"
"""Said where a mark would be, of what a person left out."""

_TRAINED = "Its strokes or accepted slices took part in the last training; out: it is left out."

_QUALITY = (
    "Expected Dice of the mask with an expert's, in percent, as long as nobody accepted all of it; "
    "! where it is probably poor. Click here for the worst first, once more for the names."
)


def _percent(quality: float | None) -> str:
    if quality is None:
        return ""
    return f"{100 * quality:.0f}" + (" !" if quality < LOW else "")


def worst_quality(states: Sequence[CaseState]) -> float:
    """The smallest expected Dice among some cases; beyond all where none is told."""
    return min((state.quality for state in states if state.quality is not None), default=2.0)


def _worst_percent(states: Sequence[CaseState]) -> str:
    worst = worst_quality(states)
    return _percent(worst if worst <= 1 else None)


def _mark(yes: bool) -> str:
    return "✓" if yes else ""


@dataclass(frozen=True)
class Column:
    """A column after the name: what it says of a case, and of a patient of several."""

    title: str
    hint: str
    of_case: Callable[[CaseState], str]
    together: Callable[[Sequence[CaseState]], str] | None = None

    def of_patient(self, states: Sequence[CaseState]) -> str:
        """In how many of the cases something is said; a mark if in all."""
        if self.together is not None:
            return self.together(states)
        told = sum(self.of_case(state) not in ("", OUT) for state in states)
        return f"{told} of {len(states)}" if 0 < told < len(states) else _mark(told > 0)


COLUMNS = (
    Column("Drawn", "Has strokes.", lambda state: _mark(state.scribbled)),
    Column("Trained", _TRAINED, lambda s: OUT if s.left_out else _mark(s.trained)),
    Column("Mask", "Has a predicted mask.", lambda state: _mark(state.predicted)),
    Column("Accepted", "How many slices were accepted.", lambda s: str(s.accepted or "")),
    Column(QUALITY, _QUALITY, lambda s: _percent(s.quality), _worst_percent),
)


def row_of(state: CaseState) -> tuple[str, ...]:
    """All that the list says of a case after its name."""
    return tuple(column.of_case(state) for column in COLUMNS)


def row_of_patient(states: Sequence[CaseState]) -> tuple[str, ...]:
    """The same of a patient of several cases."""
    return tuple(column.of_patient(states) for column in COLUMNS)


def about(state: CaseState, facts: str) -> str:
    """The tooltip of a case: its whole name, what the columns say, and what else is known of it."""
    out = "Left out of training (right-click to take it in)." if state.left_out else ""
    told = zip((column.title for column in COLUMNS), row_of(state), strict=True)
    said = ", ".join(f"{title} {words}" for title, words in told if words not in ("", OUT))
    return "\n".join(line for line in (state.id, said, out, facts) if line)
