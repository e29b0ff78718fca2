"""What a person decides of masks: accepted, taken back, corrected, given up."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import mask_arrives

from napari_scribblemix import events as ev
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.state.open_case import corrections_at_risk
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.project.project import Project


def test_a_later_prediction_leaves_accepted_slices_alone(
    session: Session, project: Project
) -> None:
    mask_arrives(session, 1)
    session.accept((2,))
    mask_arrives(session, 3)
    mask = session.the_case().prediction
    assert mask is not None
    assert (mask[2] == 1).all()
    assert (mask[0] == 3).all()
    assert project.read_review("case00")["accepted_slices"] == [2]


def test_a_withdrawn_slice_is_predicted_again(session: Session, project: Project) -> None:
    mask_arrives(session, 1)
    session.accept((2,))
    session.withdraw((2,))
    mask_arrives(session, 3)
    mask = session.the_case().prediction
    assert mask is not None
    assert (mask == 3).all()


def test_a_mask_corrected_by_hand_counts_as_accepted(session: Session, project: Project) -> None:
    mask_arrives(session, 1)
    mask = session.the_case().prediction
    assert mask is not None
    mask = mask.copy()
    mask[0, 5, 5] = 2
    session.correct(mask, (0,))
    mask_arrives(session, 3)
    shown = session.the_case().prediction
    assert shown is not None
    assert shown[0, 5, 5] == 2
    assert session.the_case().accepted == {0}


def paint(session: Session, value: int, *places: tuple[int, int, int]) -> None:
    """Change pixels of the mask by hand."""
    mask = session.the_case().prediction
    assert mask is not None
    mask = mask.copy()
    for place in places:
        mask[place] = value
    session.correct(mask, sorted({place[0] for place in places}))


def pixel(session: Session, *place: int) -> int:
    mask = session.the_case().prediction
    assert mask is not None
    return int(mask[place])


def test_a_correction_stays_when_its_acceptance_is_taken_back(
    session: Session, project: Project
) -> None:
    mask_arrives(session, 1)
    paint(session, 2, (0, 5, 5))
    session.withdraw((0,))
    mask_arrives(session, 3)
    assert (pixel(session, 0, 5, 5), pixel(session, 0, 0, 0), pixel(session, 1, 5, 5)) == (2, 1, 3)
    session.open_case("case01")
    session.open_case("case00")
    assert pixel(session, 0, 5, 5) == 2
    assert (session.the_case().accepted, session.the_case().corrected) == (frozenset(), {0})
    assert corrections_at_risk(project, ["case00", "case01"]) == {"case00": {0}}


def test_who_undoes_a_correction_takes_its_acceptance_back(
    session: Session, project: Project
) -> None:
    mask_arrives(session, 1)
    session.accept((2,))
    paint(session, 2, (0, 5, 5), (2, 5, 5))
    assert session.the_case().accepted == {0, 2}
    mask_arrives(session, 3)
    paint(session, 1, (0, 5, 5), (2, 5, 5))
    case = session.the_case()
    assert (case.accepted, case.corrected) == ({2}, frozenset())
    session.open_case("case01")
    session.open_case("case00")
    assert pixel(session, 0, 5, 5) == 1
    mask_arrives(session, 3)
    assert (pixel(session, 0, 5, 5), pixel(session, 2, 5, 5)) == (3, 1)


def test_a_correction_takes_only_its_own_slices_over(session: Session, project: Project) -> None:
    mask_arrives(session, 1)
    old = session.the_case().prediction
    assert old is not None
    mask_arrives(session, 3)
    mask = old.copy()
    mask[0] = 2
    session.correct(mask, (0,))
    assert pixel(session, 1, 0, 0) == 3


def segmented(project: Project, value: int, *, over: bool) -> ev.Segmented:
    """What the worker writes and tells of the open case."""
    geometry = project.read_image("case00").geometry
    mask = np.full(geometry.shape, value, np.uint8)
    left = project.write_prediction("case00", mask, geometry, {}, over_corrections=over)
    return ev.Segmented(case="case00", file="f", number=1, of=1, corrected=left, replaced=over)


def test_corrections_go_only_where_a_person_let_them_go(session: Session, project: Project) -> None:
    mask_arrives(session, 1)
    paint(session, 2, (0, 5, 5), (1, 5, 5))
    session.withdraw((0, 1))
    session.follow(segmented(project, 3, over=False))
    assert (pixel(session, 0, 5, 5), pixel(session, 2, 5, 5)) == (2, 3)
    # One of them is corrected again after it was let go.
    session.give_up(corrections_at_risk(project, ["case00"]))
    paint(session, 1, (1, 7, 7))
    session.withdraw((1,))
    session.follow(segmented(project, 3, over=True))
    assert (pixel(session, 0, 5, 5), pixel(session, 1, 5, 5), pixel(session, 1, 7, 7)) == (3, 2, 1)
    assert session.the_case().corrected == {1}


def test_nothing_can_be_accepted_without_a_prediction(session: Session) -> None:
    with pytest.raises(ProjectError, match="no prediction"):
        session.accept((0,))
