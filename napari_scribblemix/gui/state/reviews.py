"""What a person decides of masks: accepted, corrected by hand, or given up; on the disk at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from napari_scribblemix import events as ev
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.open_case import Labels, OpenCase, corrected
from napari_scribblemix.project.project import Project


def keep_review(
    project: Project, case: OpenCase, accepted: frozenset[int], mask: Labels | None
) -> None:
    """``accepted`` are the slices of ``mask`` (Z, Y, X) that the reader stands for from now on."""
    project.write_review(
        case.id,
        sorted(accepted),
        preferences.reviewer(),
        labels=mask,
        geometry=case.image.geometry,
    )
    case.accepted, case.prediction = accepted, mask


def keep_correction(
    project: Project, case: OpenCase, mask: Labels, slices: Collection[int]
) -> None:
    """The reader changed ``slices`` of the mask (Z, Y, X) by hand: theirs now, so accepted.

    Who undoes a correction takes back that it was accepted.
    """
    made = corrected(case, mask, slices)
    project.write_corrected(case.id, sorted(made.corrected), made.mask, case.image.geometry)
    keep_review(project, case, made.accepted, made.mask)
    case.corrected, case.untouched = made.corrected, made.untouched
    if made.undone:
        project.put_back(case.id, sorted(made.undone), made.mask)


class GivenUp:
    """Corrections that a person lets go: what is segmented next may take their place."""

    def __init__(self, corrections: Mapping[str, frozenset[int]]) -> None:
        """``corrections``: the slices of each case."""
        self._slices = dict(corrections)

    def keep(self, case_id: str, slices: Collection[int]) -> None:
        """These were corrected since it was said, so they stay."""
        self._slices[case_id] = self._slices.get(case_id, frozenset()) - set(slices)

    def forget_replaced(self, project: Project, case: OpenCase | None, event: ev.Segmented) -> None:
        """Forget the corrections that were replaced; ``case`` is the one on screen."""
        gone = self._slices.pop(event.case, frozenset()) & set(event.corrected)
        if event.replaced and gone:
            project.drop_corrected(event.case, gone)
            if case is not None and case.id == event.case:
                for z in gone:
                    case.untouched.pop(z, None)
