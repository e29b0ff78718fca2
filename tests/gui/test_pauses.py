"""What would make the window stall is not done while somebody draws, or not done twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from by_hand import open_folder, project_of

from napari_scribblemix.gui import long_lived
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.images import adding
from napari_scribblemix.gui.state.last_view import VIEW_FILE
from napari_scribblemix.project.project import Project
from phantoms import write_folder

Make = Callable[..., ScribbleMixWidget]


def test_what_the_window_is_made_of_is_set_aside_once_and_taken_back_at_the_end(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(long_lived, "set_aside", lambda: done.append("aside"))
    monkeypatch.setattr(long_lived, "take_back", lambda: done.append("back"))
    widget = make_widget()
    assert done == []
    open_folder(widget, folder)
    widget.session.open_case("case01")
    assert done == ["aside"]
    widget.shut_down()
    assert done == ["aside", "back"]


def test_a_mask_that_comes_while_one_draws_writes_no_view(widget: ScribbleMixWidget) -> None:
    project, session = project_of(widget), widget.session
    case = session.the_case()
    mask = np.zeros(case.image.array.shape, np.uint8)
    project.write_prediction(case.id, mask, case.image.geometry, {})
    view = project.folder / VIEW_FILE
    widget.board.go_to_slice(0)
    before = view.read_bytes()
    session.reread_masks(case.id)
    assert view.read_bytes() == before
    session.open_case("case01")
    assert view.read_bytes() != before


def test_reviews_are_read_again_only_when_they_changed(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, project = widget.session, project_of(widget)
    read: list[str] = []
    real = Project.read_review
    monkeypatch.setattr(Project, "read_review", lambda self, i: (read.append(i), real(self, i))[1])
    session.case_states()
    read.clear()
    session.case_states()
    assert read == []
    case = session.the_case()
    mask = np.zeros(case.image.array.shape, np.uint8)
    project.write_prediction(case.id, mask, case.image.geometry, {})
    project.write_review(case.id, [0, 1], "reader")
    counts = {state.id: state.accepted for state in session.case_states()}
    assert counts[case.id] == 2
    assert read.count("case01") == 0


def test_many_cases_are_told_of_now_and_then_and_at_the_end(
    make_widget: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "_TELL_SECONDS", 1000.0)
    folder = write_folder(tmp_path / "many", scribbled=2, unlabelled=6, masked=0)
    widget = make_widget()
    told: list[int] = []
    widget.session.cases_changed.connect(lambda: told.append(1))
    open_folder(widget, folder)
    assert len(widget.images_panel.tree.case_ids) == 8
    assert widget.session.the_case().id == "case00"
    assert len(told) < 8


def test_a_tint_that_stays_the_same_is_not_drawn_anew(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, case, scheme = widget.board, widget.session.the_case(), widget.session.scheme
    tint = np.zeros((1, *case.image.array.shape[1:]), bool)
    tint[0, :4] = True
    board.show_enclosed(tint, 1, case, scheme)
    layer = board.layer("enclosed")
    assert layer.data[1, :4].all()
    drawn: list[int] = []
    monkeypatch.setattr(type(layer), "refresh", lambda *_, **__: drawn.append(1))
    board.show_enclosed(tint, 1, case, scheme)
    assert drawn == []
    board.show_enclosed(~tint, 1, case, scheme)
    assert drawn == [1]
    assert not layer.data[1, :4].any()
