"""How far each case of a project has come, for the list of cases.  No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.gui.state.open_case import OpenCase, accepted_slices
from napari_scribblemix.project.drawn import is_drawn_on
from napari_scribblemix.project.project import Project

Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class CaseState:
    """What the list of cases says of one; ``accepted`` counts slices."""

    id: str
    scribbled: bool
    trained: bool
    predicted: bool
    accepted: int

    @property
    def labelled(self) -> bool:
        """Whether there is something to train on."""
        return self.scribbled or self.accepted > 0


def stamp(*paths: Path) -> Stamp:
    """What changes when one of the files does: their times and sizes, ``None`` if not there."""
    found: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)


class CaseStates:
    """Looks a case's strokes up once, and again when their files have changed."""

    def __init__(self) -> None:
        self._drawn: dict[Path, tuple[Stamp, bool]] = {}

    def of(
        self, project: Project, case: OpenCase | None, trained: Collection[str]
    ) -> list[CaseState]:
        """Every case, sorted by name; ``case`` is on screen, ``trained`` took part."""
        states = [
            CaseState(
                record.id,
                self._is_drawn_on(project, record.id, case),
                record.id in trained,
                project.prediction_path(record.id).is_file(),
                len(accepted_slices(project, record.id)),
            )
            for record in project.cases
        ]
        return sorted(states, key=lambda state: state.id)

    def _is_drawn_on(self, project: Project, case_id: str, case: OpenCase | None) -> bool:
        if case is not None and case.id == case_id:
            return bool((case.scribble != UNLABELLED).any())
        saved = project.scribble_path(case_id)
        now = stamp(saved, project.journal_path(case_id))
        known = self._drawn.get(saved)
        if known is None or known[0] != now:
            known = self._drawn[saved] = (now, is_drawn_on(project, case_id))
        return known[1]
