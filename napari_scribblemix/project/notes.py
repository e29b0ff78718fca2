"""Notes of many cases in few lines: what was decided or noticed, and for which cases."""

from __future__ import annotations

from collections.abc import Iterable


class NoteList:
    """Notes of many cases, each different note once with the cases it belongs to."""

    def __init__(self) -> None:
        self._cases: dict[str, list[str]] = {}

    def add(self, case: str, notes: Iterable[str]) -> None:
        """Take the notes of one case."""
        for note in notes:
            self._cases.setdefault(note, []).append(case)

    def lines(self) -> list[str]:
        """One line a note, e.g. ``case1 and 3 more: ...``."""
        result = []
        for note, cases in self._cases.items():
            more = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
            result.append(f"{cases[0]}{more}: {note}")
        return result
