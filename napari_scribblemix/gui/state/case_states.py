"""How far each case of a project has come, for the list of cases.  No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.state.open_case import OpenCase, accepted_slices
from napari_scribblemix.project.drawn import is_drawn_on
from napari_scribblemix.project.expected import Expected, expected_of
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.record import CaseRecord

Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class CaseState:
    """What the list of cases says of one; ``accepted`` counts slices.

    ``quality``: the expected Dice of its mask, 0 to 1, where it is told and somebody has still to
    look at some of it; ``left_out``: a person wants no training to use it.
    """

    id: str
    scribbled: bool
    trained: bool
    predicted: bool
    accepted: int
    quality: float | None = None
    left_out: bool = False

    @property
    def labelled(self) -> bool:
        """Whether there is something to train on."""
        return (self.scribbled or self.accepted > 0) and not self.left_out


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
    """Looks a case's files up once, and again when they have changed."""

    def __init__(self) -> None:
        self._drawn: dict[Path, tuple[Stamp, bool]] = {}
        self._accepted: dict[Path, tuple[Stamp, int]] = {}
        self._expected: dict[Path, tuple[Stamp, Expected]] = {}

    def of(
        self, project: Project, case: OpenCase | None, trained: Collection[str]
    ) -> list[CaseState]:
        """Every case, sorted by name; ``case`` is on screen, ``trained`` took part."""
        states = [
            self._of(project, record, case, trained=record.id in trained)
            for record in project.cases
        ]
        return sorted(states, key=lambda state: state.id)

    def of_case(
        self, project: Project, case_id: str, case: OpenCase | None, trained: Collection[str]
    ) -> CaseState:
        """The same of one case of the project."""
        return self._of(project, project.case(case_id), case, trained=case_id in trained)

    def any_labelled(self, project: Project, case: OpenCase | None) -> bool:
        """Whether any case has something to train on; looks no further than the first."""
        return any(
            self._of(project, record, case, trained=False).labelled for record in project.cases
        )

    def _of(
        self, project: Project, record: CaseRecord, case: OpenCase | None, *, trained: bool
    ) -> CaseState:
        case_id = record.id
        accepted = self._accepted_of(project, case_id)
        expected = self._expected_of(project, case_id)
        return CaseState(
            case_id,
            self._is_drawn_on(project, case_id, case),
            trained,
            project.prediction_path(case_id).is_file(),
            accepted,
            None if accepted and accepted == len(expected.slices) else expected.case,
            record.left_out,
        )

    def _accepted_of(self, project: Project, case_id: str) -> int:
        labels = project.accepted_path(case_id)
        now = stamp(labels, labels.with_name(f"{case_id}.json"))
        known = self._accepted.get(labels)
        if known is None or known[0] != now:
            known = self._accepted[labels] = (now, len(accepted_slices(project, case_id)))
        return known[1]

    def _expected_of(self, project: Project, case_id: str) -> Expected:
        mask = project.prediction_path(case_id)
        now = stamp(mask, mask.with_name(f"{case_id}.json"))
        if now[0] is None:
            return Expected()
        known = self._expected.get(mask)
        if known is None or known[0] != now:
            try:
                told = expected_of(project.read_origin(case_id))
            except ScribbleMixError:  # told where it is opened
                told = Expected()
            known = self._expected[mask] = (now, told)
        return known[1]

    def _is_drawn_on(self, project: Project, case_id: str, case: OpenCase | None) -> bool:
        if case is not None and case.id == case_id:
            return bool((case.scribble != UNLABELLED).any())
        saved = project.scribble_path(case_id)
        now = stamp(saved, project.journal_path(case_id))
        known = self._drawn.get(saved)
        if known is None or known[0] != now:
            known = self._drawn[saved] = (now, is_drawn_on(project, case_id))
        return known[1]
