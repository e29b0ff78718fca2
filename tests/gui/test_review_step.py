"""Step 4 of the widget: masks, accepting, correcting, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from by_hand import predict
from fakes import FakeClient
from qtpy.QtWidgets import (
    QFileDialog,
    QMessageBox,
)

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.layers import PREDICTION
from napari_scribblemix.gui.run_state import Phase
from napari_scribblemix.worker.messages import (
    SegmentJob,
)

Make = Callable[..., ScribbleMixWidget]


def test_segment_makes_a_job_for_the_case_on_screen_or_for_all(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = widget.review_panel
    assert not panel.segment_button.isEnabled() or panel.chosen_model() is not None
    panel.show_models([("starter", Path("starter"))])
    panel.allow_segmenting(None)
    assert "drawn hearts" in panel.starter.text()
    panel.segment_button.click()
    panel.segment_wanted.emit(True)
    (job,) = FakeClient.made.jobs[:1]
    assert isinstance(job, SegmentJob)
    assert (job.model, job.cases) == (Path("starter"), ("case00",))
    assert widget.session.run.phase is Phase.SEGMENTING


def test_the_chosen_model_stays_when_the_list_is_made_again(widget: ScribbleMixWidget) -> None:
    panel = widget.review_panel
    panel.show_models([("run a", Path("runs/a")), ("starter", Path("starter"))])
    panel.choose_model(Path("starter"))
    panel.show_models([("run b", Path("runs/b")), ("starter", Path("starter"))])
    assert panel.chosen_model() == Path("starter")
    panel.show_models([("run b", Path("runs/b"))])
    assert panel.chosen_model() == Path("runs/b")


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


def test_a_mask_is_taken_into_the_scribbles_and_can_be_undone(widget: ScribbleMixWidget) -> None:
    predict(widget, 2)
    widget.board.go_to_slice(1)
    before = widget.session.the_case().scribble.copy()
    widget.review_panel.take_button.click()
    assert (widget.session.the_case().scribble[1] == 2).all()
    widget.scribble_panel.undo_button.click()
    assert (widget.session.the_case().scribble == before).all()


def test_mask_layers_look_as_the_panel_says(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    panel, layer = widget.review_panel, widget.board.layer(PREDICTION)
    panel.outline.setChecked(True)
    panel.opacity.setValue(70)
    panel.uncertainty.setChecked(True)
    assert (layer.contour, layer.opacity) == (1, pytest.approx(0.7))
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
