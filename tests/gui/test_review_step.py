"""Step 4 of the widget: masks, accepting, correcting, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import RUN, open_folder, predict, project_of, show_mask
from qtpy.QtWidgets import (
    QFileDialog,
    QMessageBox,
)

from napari_scribblemix import events as ev
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import ENCLOSED, PREDICTION
from phantoms import draw, write_file

Make = Callable[..., ScribbleMixWidget]


STARTER = {"kind": "bundled", "model": "starter", "step": 14000}


def test_the_mask_says_who_made_it_and_the_starter_what_it_is_worth(
    widget: ScribbleMixWidget,
) -> None:
    panel = widget.review_panel
    assert panel.starter.text() == ""
    show_mask(widget, "case00", STARTER)
    assert panel.origin.text() == "Mask: starter."
    assert "drawn hearts" in panel.starter.text()
    show_mask(widget, "case00", RUN)
    assert panel.chosen_model() == Path("starter"), "what is chosen is not what made the mask"
    assert panel.origin.text() == "Mask: run cyclemix, step 540."
    assert panel.starter.text() == ""
    widget.board.go_to_slice(1)
    layer = widget.board.layer(PREDICTION)
    layer.data[1, 5, 5] = 2
    widget.review.watch.look()
    assert "1 slice corrected by hand" in panel.origin.text()
    assert "This slice: run cyclemix, step 540; corrected by hand, accepted." in panel.origin.text()
    widget.board.go_to_slice(2)
    assert "This slice" not in panel.origin.text()


def test_the_other_phase_s_mask_gives_the_ejection_fraction_at_once(
    make_widget: Make, tmp_path: Path
) -> None:
    for phase in ("ED", "ES"):
        write_file(tmp_path / "study" / f"heart_{phase}.nii.gz", draw(0)[0])
    widget = make_widget()
    open_folder(widget, tmp_path / "study")
    assert widget.session.the_case().id == "heart_ED"
    project = widget.session.the_project()
    geometry = project.read_image("heart_ED").geometry
    for case_id, ventricle in (("heart_ED", 1000), ("heart_ES", 400)):
        mask = np.zeros(geometry.shape, np.uint8)
        mask.flat[:ventricle] = 3
        project.write_prediction(case_id, mask, geometry, RUN)
        widget.session.follow(ev.Segmented(case=case_id, file="f", number=1, of=2))
    assert "LV EF 60 %" in widget.review_panel.measures.text()


def test_a_correction_that_cannot_be_saved_yet_is_not_painted_over(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict(widget, 1)
    layer = widget.board.layer(PREDICTION)
    layer.data[1, 5, 5] = 2

    def full(*_: object) -> None:
        raise ProjectError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(widget.session, "correct", full)
        predict(widget, 3)
    assert layer.data[1, 5, 5] == 2
    widget.review.watch.look()
    predict(widget, 3)
    assert (layer.data[1, 5, 5], layer.data[0, 5, 5]) == (2, 3)


def test_undo_on_the_mask_takes_its_acceptance_back(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    layer = widget.board.layer(PREDICTION)
    layer.data_setitem((np.array([1]), np.array([5]), np.array([5])), 2)
    widget.review.watch.look()
    assert widget.session.the_case().accepted == {1}
    layer.undo()
    widget.review.watch.look()
    assert widget.session.the_case().accepted == frozenset()
    predict(widget, 3)
    assert (layer.data == 3).all()
    layer.redo()
    widget.review.watch.look()
    assert layer.data[1, 5, 5] == 2
    assert widget.session.the_case().accepted == {1}


def test_an_accepted_volume_is_taken_back_as_a_whole(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    panel, case = widget.review_panel, widget.session.the_case()
    widget.board.go_to_slice(2)
    panel.accept_button.click()
    panel.accept_all_button.click()
    assert len(case.accepted) == case.slices
    assert "undo" in panel.accept_all_button.text()
    panel.accept_all_button.click()
    assert case.accepted == {2}, "what was accepted before stays"
    assert panel.accept_all_button.text() == "Accept volume"


def test_a_preview_shows_and_an_accepted_slice_stays(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    layer = widget.board.layer(PREDICTION)
    widget.board.go_to_slice(2)
    widget.review_panel.accept_button.click()
    predict(widget, 3)
    assert (layer.data[2] == 1).all()
    assert (layer.data[0] == 3).all()
    assert "1 of 4" in widget.review_panel.accepted.text()
    widget.review_panel.accept_button.click()
    assert widget.session.the_case().accepted == frozenset()
    widget.review_panel.accept_all_button.click()
    assert len(widget.session.the_case().accepted) == 4


def test_a_correction_by_hand_is_kept(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    layer = widget.board.layer(PREDICTION)
    layer.data[1, 5, 5] = 2
    predict(widget, 3)
    assert layer.data[1, 5, 5] == 2
    assert widget.session.the_case().accepted == {1}


def test_strokes_and_a_closed_ring_are_taken_from_a_mask_and_can_be_undone(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    case = widget.session.the_case()
    y, x = np.mgrid[:48, :48]
    away = np.hypot(y - 24, x - 24)
    mask = np.zeros(case.image.array.shape, np.uint8)
    mask[1][away < 10] = 2
    mask[1][away < 6] = 3
    mask[1, 20:29, 8:15] = 1
    project_of(widget).write_prediction(case.id, mask, case.image.geometry, {})
    widget.session.reread_masks(case.id)
    widget.board.go_to_slice(1)
    before = case.scribble.copy()
    widget.review_panel.take_button.click()
    taken = widget.session.the_case().scribble[1]
    assert set(np.unique(taken)) == {0, 1, 2, 3, 255}
    assert (taken[taken != 255] == mask[1][taken != 255]).all()
    told = "The strokes of slice 1 were replaced; Undo brings them back."
    assert (widget.message.text() == told) is bool((before[1] != 255).any())
    qtbot.waitUntil(lambda: widget.board.layer(ENCLOSED) is not None, timeout=5000)
    qtbot.waitUntil(lambda: bool(widget.board.layer(ENCLOSED).data[1, 0, 0]), timeout=5000)
    assert "ring of background is open" not in widget.scribble_panel.warnings.text()
    widget.scribble_panel.undo_button.click()
    assert (widget.session.the_case().scribble == before).all()
    widget.board.go_to_slice(0)
    widget.review_panel.take_button.click()
    assert "no structure in slice 0" in widget.message.text()
    assert (widget.session.the_case().scribble == before).all()


def test_mask_layers_look_as_the_panel_says(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    panel, layer = widget.review_panel, widget.board.layer(PREDICTION)
    panel.outline.setChecked(True)
    panel.opacity.setValue(70)
    panel.uncertainty.setChecked(True)
    assert (layer.contour, layer.opacity) == (1, pytest.approx(0.91)), "outlines never fade"
    panel.outline.setChecked(False)
    assert (layer.contour, layer.opacity) == (0, pytest.approx(0.7))
    assert widget.board.layer("uncertainty").visible
    panel.prediction.setChecked(False)
    assert not layer.visible


def test_the_least_sure_slice_is_shown(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    widget.board.go_to_slice(0)
    widget.review_panel.uncertain_button.click()
    assert widget.session.slice == 3


def test_export_asks_before_it_replaces(
    widget: ScribbleMixWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict(widget, 1)
    folder = tmp_path / "masks"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    widget.review_panel.export_button.click()
    path = folder / "case00.nii.gz"
    first = path.read_bytes()
    predict(widget, 2)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Cancel)
    widget.review_panel.export_button.click()
    assert path.read_bytes() == first
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    widget.review_panel.export_all_button.click()
    assert path.read_bytes() != first
