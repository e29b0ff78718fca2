"""The widget in a real viewer, with a worker that is none."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeClient
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSlider,
    QToolButton,
)

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.layers import ENCLOSED, PREDICTION, SCRIBBLES
from napari_scribblemix.gui.run_state import Phase
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.client import WorkerClient
from napari_scribblemix.worker.messages import (
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    SegmentJob,
    TrainJob,
)
from phantoms import draw, write_cine

Make = Callable[..., ScribbleMixWidget]

STARTED = ev.Started(
    run="r", method="cyclemix", preset="fast", device="cpu", precision="32-true", cases=3,
    scribbled_cases=2, slices=8, scribbled_slices=8, validation_cases=0, parameters=10,
)  # fmt: skip


def open_folder(widget: ScribbleMixWidget, folder: Path) -> None:
    widget.open_path(folder)
    widget.cases.finish_adding()


@pytest.fixture
def widget(make_widget: Make, folder: Path) -> ScribbleMixWidget:
    widget = make_widget()
    open_folder(widget, folder)
    return widget


def project_of(widget: ScribbleMixWidget) -> Project:
    return widget.session.the_project()


def predict(widget: ScribbleMixWidget, value: int) -> None:
    case = widget.session.the_case()
    mask = np.full(case.image.array.shape, value, np.uint8)
    doubt = np.zeros(mask.shape, np.float32)
    doubt[3] = 0.9
    project_of(widget).write_prediction(case.id, mask, case.image.geometry, {}, doubt)
    widget.session.follow(ev.Preview(case=case.id, file="f", step=value))


# -- images --


def test_opening_a_folder_makes_a_project_beside_it_and_says_where(
    make_widget: Make, folder: Path
) -> None:
    widget = make_widget()
    told: list[str] = []
    widget.session.told.connect(lambda _level, sentence: told.append(sentence))
    open_folder(widget, folder)
    assert project_of(widget).folder == folder.with_suffix(".scribblemix")
    assert any(str(project_of(widget).folder) in sentence for sentence in told)
    assert widget.images_panel.table.rowCount() == 3
    assert widget.session.the_case().id == "case00"


def test_a_click_on_a_case_shows_it(widget: ScribbleMixWidget) -> None:
    widget.images_panel.table.selectRow(1)
    assert widget.session.the_case().id == "case01"
    assert widget.board.layer("image").name == "case01"


def test_a_case_whose_image_is_gone_leaves_the_one_before_on_screen(
    widget: ScribbleMixWidget,
) -> None:
    project_of(widget).image_path("case01").unlink()
    widget.images_panel.table.selectRow(1)
    assert "does not exist" in widget.message.text()
    assert widget.session.the_case().id == "case00"
    assert widget.images_panel.table.currentRow() == 0


def test_what_cannot_be_opened_is_told_in_a_sentence(make_widget: Make, tmp_path: Path) -> None:
    widget = make_widget()
    widget.open_path(tmp_path / "nothing.nii.gz")
    assert "does not exist" in widget.message.text()


def test_the_frames_of_a_cine_are_cases_of_their_own(make_widget: Make, tmp_path: Path) -> None:
    cine = write_cine(tmp_path / "beat.nii.gz", [draw(seed)[0] for seed in range(3)])
    widget = make_widget()
    open_folder(widget, cine)
    panel = widget.images_panel
    assert widget.session.the_case().id == "beat_frame00"
    assert not panel.frame_row.isHidden()
    panel.frame.setValue(2)
    panel.frame_button.click()
    assert widget.session.the_case().id == "beat_frame02"
    assert panel.table.rowCount() == 2


def test_a_layer_without_a_file_becomes_a_case(make_widget: Make, projects_folder: Path) -> None:
    widget = make_widget()
    assert not widget.images_panel.layer_button.isEnabled()
    widget.board.viewer.add_image(draw(0)[0], name="mine", scale=(8, 1.5, 1.5))
    widget.images_panel.layer_button.click()
    widget.cases.finish_adding()
    assert widget.session.the_case().id == "mine"
    assert project_of(widget).folder == projects_folder / "mine.scribblemix"
    assert widget.session.the_case().image.geometry.spacing == pytest.approx((8, 1.5, 1.5))


# -- scribbles --


def test_undo_reaches_the_journal(widget: ScribbleMixWidget) -> None:
    layer, case = widget.board.layer(SCRIBBLES), widget.session.the_case()
    before = case.scribble.copy()
    layer.paint((1, 3, 3), 1)
    widget.draw.watch.look()
    assert (widget.session.the_case().scribble != before).any()
    widget.scribble_panel.undo_button.click()
    assert (widget.session.the_case().scribble == before).all()
    read = project_of(widget).read_scribble(case.id, case.image)
    assert (read == before).all()
    widget.scribble_panel.redo_button.click()
    assert project_of(widget).unsaved_strokes(case.id) == 3


def test_keys_choose_pens_and_the_eraser(widget: ScribbleMixWidget) -> None:
    layer = widget.board.layer(SCRIBBLES)
    keys = {str(key): action for key, action in layer.keymap.items()}
    keys["3"](layer)
    assert (layer.selected_label, layer.mode) == (3, "paint")
    keys["E"](layer)
    assert layer.mode == "erase"
    keys["4"](layer)
    assert (layer.selected_label, layer.mode) == (4, "paint")
    keys["0"](layer)
    assert layer.mode == "erase"
    assert widget.scribble_panel._pens.checkedId() == 0


def test_the_brush_is_as_wide_as_it_says_in_mm(widget: ScribbleMixWidget) -> None:
    widget.scribble_panel.brush.setValue(6.0)
    assert widget.board.layer(SCRIBBLES).brush_size == 4


def test_a_label_without_meaning_is_taken_back_and_told(widget: ScribbleMixWidget) -> None:
    layer, case = widget.board.layer(SCRIBBLES), widget.session.the_case()
    before = layer.data.copy()
    layer.data[1, 0:3, 0:3] = 9
    widget.draw.watch.look()
    assert (layer.data == before).all()
    assert "1 to 4" in widget.message.text()
    assert project_of(widget).unsaved_strokes(case.id) == 0


def test_a_full_disk_is_told_once_and_the_stroke_is_saved_later(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_scribblemix.errors import FileError

    told: list[str] = []
    widget.session.told.connect(lambda _level, sentence: told.append(sentence))

    def full(*_: Any) -> None:
        raise FileError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(Project, "record_stroke", full)
        widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
        widget.draw.watch.look()
        widget.draw.watch.look()
    assert len(told) == 1
    widget.draw.watch.look()
    assert project_of(widget).unsaved_strokes("case00") == 1


def test_missing_classes_are_named_in_place(widget: ScribbleMixWidget) -> None:
    layer = widget.board.layer(SCRIBBLES)
    layer.data[layer.data == 3] = 0
    widget.draw.watch.look()
    assert "LV has no scribble yet" in widget.scribble_panel.warnings.text()


def test_a_closed_ring_is_tinted_and_an_open_one_is_told(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    qtbot.waitUntil(lambda: widget.board.layer(ENCLOSED) is not None, timeout=3000)
    number = widget.session.slice
    qtbot.waitUntil(lambda: bool(widget.board.layer(ENCLOSED).data[number].any()), timeout=3000)
    layer = widget.board.layer(SCRIBBLES)
    layer.data[number, :24][layer.data[number, :24] == 4] = 0
    widget.draw.watch.look()
    qtbot.waitUntil(lambda: not widget.board.layer(ENCLOSED).data[number].any(), timeout=3000)
    assert "ring of background is open" in widget.scribble_panel.warnings.text()
    widget.scribble_panel.tint.setChecked(False)
    assert not widget.board.layer(ENCLOSED).visible


def test_without_strokes_a_button_makes_the_layer_to_draw_on(widget: ScribbleMixWidget) -> None:
    widget.board.viewer.layers.remove(widget.board.layer(SCRIBBLES))
    widget.session.open_case("case02")
    assert widget.board.layer(SCRIBBLES) is None
    assert not widget.scribble_panel.undo_button.isEnabled()
    assert "Draw scribbles" in widget.scribble_panel.undo_button.toolTip()
    widget.scribble_panel.draw_button.click()
    assert widget.board.layer(SCRIBBLES).mode == "paint"
    assert widget.scribble_panel.undo_button.isEnabled()


def test_the_next_slice_is_the_middle_at_first_and_the_least_sure_one_later(
    widget: ScribbleMixWidget,
) -> None:
    widget.session.open_case("case02")
    widget.board.go_to_slice(0)
    widget.scribble_panel.next_button.click()
    assert widget.session.slice in (1, 2)
    predict(widget, 1)
    widget.scribble_panel.next_button.click()
    assert widget.session.slice == 3


def test_another_case_brings_its_own_strokes_and_keeps_those_of_this_one(
    widget: ScribbleMixWidget,
) -> None:
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    widget.session.open_case("case01")
    assert widget.board.layer(SCRIBBLES).data[1, 3, 3] == 0
    widget.session.open_case("case00")
    assert widget.board.layer(SCRIBBLES).data[1, 3, 3] == 1


# -- training --


def test_the_fake_worker_is_called_as_the_real_one() -> None:
    for name in ("start", "send", "stop", "close"):
        fake, real = getattr(FakeClient, name), getattr(WorkerClient, name)
        assert inspect.signature(fake) == inspect.signature(real), name
    assert isinstance(WorkerClient.running, property)


def test_train_starts_a_run_of_the_project_with_the_form_s_settings(
    widget: ScribbleMixWidget,
) -> None:
    panel = widget.train_panel
    panel.form.editors["time"].setText("30s")
    panel.train_button.click()
    (job,) = FakeClient.made.jobs
    assert isinstance(job, TrainJob)
    assert job.settings.time == 30.0
    assert job.run is not None
    assert job.run.parent == project_of(widget).folder / "runs"
    assert job.preview_case == "case00"
    assert widget.session.run.phase is Phase.STARTING
    assert not panel.train_button.isEnabled()
    assert "at work" in panel.train_button.toolTip()


def test_strokes_during_a_training_are_told_after_they_are_saved(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    widget.train_panel.train_button.click()
    client = FakeClient.made
    client.tell(STARTED)
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    wanted = ScribblesChanged(case="case00")
    qtbot.waitUntil(lambda: wanted in client.commands, timeout=3000)
    assert project_of(widget).unsaved_strokes("case00") == 1
    widget.session.open_case("case01")
    shown = [c.case for c in client.commands if isinstance(c, PreviewCase)]
    qtbot.waitUntil(
        lambda: [c.case for c in client.commands if isinstance(c, PreviewCase)][-1:] == ["case01"],
        timeout=3000,
    )
    assert shown == ["case00"]


def test_pause_resume_and_stop_are_passed_on(widget: ScribbleMixWidget) -> None:
    panel = widget.train_panel
    panel.train_button.click()
    client = FakeClient.made
    client.tell(STARTED)
    panel.pause_button.click()
    client.tell(ev.Paused(step=3))
    assert panel.pause_button.text() == "Resume"
    panel.pause_button.click()
    client.tell(ev.Resumed(step=3))
    assert [c for c in client.commands if isinstance(c, Pause | Resume)] == [Pause(), Resume()]
    panel.stop_button.click()
    assert client.stopped == 1
    client.tell(ev.Finished(step=5, elapsed=3.0, stopped=True, model="m"))
    client.end()
    assert widget.session.run.phase is Phase.IDLE
    assert "Stopped after 5 steps" in widget.message.text()


def test_a_worker_that_dies_is_told_in_one_sentence(widget: ScribbleMixWidget) -> None:
    widget.train_panel.train_button.click()
    FakeClient.made.tell(STARTED)
    FakeClient.made.end(-9, "The training process was killed (signal 9); nothing is lost.")
    assert widget.message.text() == "The training process was killed (signal 9); nothing is lost."
    assert widget.train_panel.train_button.isEnabled()


def test_a_wrong_setting_is_told_and_starts_nothing(widget: ScribbleMixWidget) -> None:
    widget.train_panel.form.editors["time"].setText("soon")
    widget.train_panel.train_button.click()
    assert "Time: got 'soon'" in widget.message.text()
    assert widget.session.run.phase is Phase.IDLE
    assert project_of(widget).runs() == []


def test_a_stopped_run_goes_on_with_its_own_settings(widget: ScribbleMixWidget) -> None:
    import json

    run = project_of(widget).new_run("partial")
    (run / "checkpoint").mkdir()
    (run / "checkpoint" / "state.pt").write_bytes(b"")
    settings = {"folder": "elsewhere", "method": "partial", "steps": 7, "threads": 1}
    (run / "settings.json").write_text(json.dumps({"settings": settings}))
    widget.train._show_runs()
    widget.train_panel.resume_button.click()
    (job,) = FakeClient.made.jobs
    assert isinstance(job, TrainJob)
    assert (job.run, job.settings.resume, job.settings.steps) == (run, True, 7)
    assert job.settings.folder == project_of(widget).folder


def test_the_curves_follow_the_events(widget: ScribbleMixWidget) -> None:
    widget.train_panel.train_button.click()
    client = FakeClient.made
    for step in (1, 2, 3):
        client.tell(ev.Progress(
            step=step, fraction=step / 10, elapsed=1.0, eta=9.0, slices_per_second=1.0,
            learning_rate=0.1, loss=1.0 / step, terms={},
        ))  # fmt: skip
    client.tell(ev.Validation(step=3, elapsed=1.0, dice={}, mean_dice=0.5, cases=1))
    lines = widget.train_panel.curves._lines
    assert lines[0].getData()[1].tolist() == pytest.approx([1.0, 0.5, 1 / 3])
    assert lines[1].getData()[1].tolist() == [0.5]
    assert widget.train_panel.bar.value() == 300


# -- review --


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


# -- the whole --


def test_every_control_has_a_tooltip_and_grey_ones_say_why(make_widget: Make) -> None:
    widget = make_widget()
    controls = [
        found
        for kind in (QPushButton, QToolButton, QCheckBox, QComboBox, QLineEdit, QSlider)
        for found in widget.findChildren(kind)
        if not isinstance(found.parent(), QComboBox) and "qt_" not in found.objectName()
    ]
    assert len(controls) > 30
    for control in controls:
        assert control.toolTip(), control
        if not control.isEnabled() and not isinstance(control, QComboBox):
            assert "Not now:" in control.toolTip(), control.toolTip()


def test_the_widget_fits_beside_the_image_on_a_small_laptop(make_widget: Make) -> None:
    widget = make_widget()
    assert widget.minimumSizeHint().width() < 420
    assert widget.minimumSizeHint().height() < 700


def test_closing_the_dock_saves_and_lets_go(widget: ScribbleMixWidget) -> None:
    folder = project_of(widget).folder
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    widget.train_panel.train_button.click()
    viewer = widget.board.viewer
    viewer.window.remove_dock_widget(widget)
    assert FakeClient.made.closed
    assert len(viewer.layers) == 0
    with Project.open(folder) as again:
        assert again.writable
        assert again.unsaved_strokes("case00") == 0
        assert again.read_scribble("case00", again.read_image("case00"))[1, 3, 3] == 1


@pytest.mark.parametrize("answer", ["Cancel", "Yes"])
def test_closing_the_window_in_a_training_asks(
    make_widget: Make, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    widget.train_panel.train_button.click()
    asked = []

    def question(*_: Any) -> Any:
        asked.append(True)
        return getattr(QMessageBox.StandardButton, answer)

    monkeypatch.setattr(QMessageBox, "question", question)
    # The event as the window would get it; napari's own handling of it is not tested here.
    refused = widget.eventFilter(widget.window(), QCloseEvent())
    assert asked == [True]
    assert refused is (answer == "Cancel")
    assert bool(FakeClient.made.closed) is (answer == "Yes")


def test_closing_the_window_without_a_training_saves_and_does_not_ask(
    widget: ScribbleMixWidget,
) -> None:
    project = project_of(widget)
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    assert not widget.eventFilter(widget.window(), QCloseEvent())
    assert not project.writable
    assert project.unsaved_strokes("case00") == 0
