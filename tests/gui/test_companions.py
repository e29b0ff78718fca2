"""Choosing what ModelMix learns together with, through the widget and without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from by_hand import STARTED, project_of
from fakes import FakeClient
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QFileDialog, QPushButton

from napari_scribblemix import events as ev
from napari_scribblemix.errors import FileError, ModelError, ScribbleError
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.runs import list_runs
from napari_scribblemix.gui.train.companions import Companion, look_at, offers, reason_against
from napari_scribblemix.project.project import Project
from phantoms import write_folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "other")


def choose(box: QComboBox | Any, text: str) -> None:
    """As the keyboard does: the arrow keys go through the box until ``text`` is there."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentText() == text:
            return
        QTest.keyClick(box, Qt.Key.Key_Down)
    raise AssertionError(f"{text} is not among the choices")


def choose_method(widget: ScribbleMixWidget, method: str = "modelmix") -> None:
    choose(widget.train_panel.form.editors["method"], method)


def press(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))


def add_folder(widget: ScribbleMixWidget, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    press(widget.train_panel.companions.folder_button)


def test_companions_are_asked_for_with_modelmix_alone(
    widget: ScribbleMixWidget, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = widget.train_panel
    assert panel.companions.isHidden()
    choose_method(widget)
    assert not panel.companions.isHidden()
    assert not panel.train_button.isEnabled()
    assert "needs a companion" in panel.train_button.toolTip()
    add_folder(widget, other, monkeypatch)
    assert panel.train_button.isEnabled()
    # To and fro: the choice stays, and another method trains without it.
    choose_method(widget, "partial")
    assert panel.companions.isHidden()
    choose_method(widget)
    assert widget.train.companions.paths == [other]
    press(panel.train_button)
    (job,) = FakeClient.made.jobs
    assert (job.settings.method, job.settings.companions) == ("modelmix", [other])


def test_another_method_takes_no_companion_along(
    widget: ScribbleMixWidget, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_method(widget)
    add_folder(widget, other, monkeypatch)
    choose_method(widget, "cyclemix")
    press(widget.train_panel.train_button)
    (job,) = FakeClient.made.jobs
    assert job.settings.companions == []


def test_each_companion_says_what_becomes_of_it_and_can_be_removed(
    widget: ScribbleMixWidget, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = widget.train_panel.companions
    choose_method(widget)
    add_folder(widget, other, monkeypatch)
    box.choices.activated.emit(box.choices.findText("model starter"))
    named = [companion.sentence for companion in widget.train.companions.chosen]
    assert named[0].startswith("other, a folder with scribbles: it is trained along")
    assert named[1].startswith("starter, a finished model: it stays as it is")
    assert box.choices.currentIndex() == 0
    buttons = [found for found in box.findChildren(QPushButton) if found.text() == "Remove"]
    press(buttons[0])
    assert widget.train.companions.paths == [Path("starter")]


def test_what_cannot_serve_is_told_in_one_line_and_not_taken(
    widget: ScribbleMixWidget, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_method(widget)
    box, control = widget.train_panel.companions, widget.train.companions
    blank = write_folder(tmp_path / "blank", scribbled=0, unlabelled=1, masked=0)
    for path, words in (
        (blank, "nothing is scribbled"),
        (tmp_path / "none", "which is not there"),
        (project_of(widget).folder, "this project itself"),
        (tmp_path / "study", "this project itself"),
    ):
        control.add(path)
        assert words in box.problem.text()
        assert "\n" not in box.problem.text()
        assert control.paths == []
    add_folder(widget, other, monkeypatch)
    assert box.problem.isHidden()
    add_folder(widget, other, monkeypatch)
    assert "already" in box.problem.text()
    assert control.paths == [other]


def test_a_model_of_another_network_greys_train_and_says_which_preset_fits(
    widget: ScribbleMixWidget,
) -> None:
    choose_method(widget)
    widget.train.companions.add(Path("starter"))
    assert widget.train_panel.train_button.isEnabled()
    choose(widget.train_panel.form.editors["preset"], "best")
    assert not widget.train_panel.train_button.isEnabled()
    assert "choose the preset fast" in widget.train_panel.train_button.toolTip()


def stopped_modelmix(project: Project, companion: Path) -> Path:
    run = project.new_run("modelmix")
    (run / "checkpoint").mkdir()
    (run / "checkpoint" / "state.pt").write_bytes(b"")
    settings = {"folder": "elsewhere", "method": "modelmix", "companions": [str(companion)]}
    (run / "settings.json").write_text(json.dumps({"settings": settings}))
    return run


def test_a_stopped_run_goes_on_with_its_companions(widget: ScribbleMixWidget, other: Path) -> None:
    run = stopped_modelmix(project_of(widget), other)
    widget.train._show_runs()
    press(widget.train_panel.resume_button)
    (job,) = FakeClient.made.jobs
    assert (job.run, job.settings.resume, job.settings.companions) == (run, True, [other])


def test_a_run_whose_companion_is_gone_says_so(widget: ScribbleMixWidget, tmp_path: Path) -> None:
    stopped_modelmix(project_of(widget), tmp_path / "moved")
    widget.train._show_runs()
    press(widget.train_panel.resume_button)
    assert "moved, which is not there" in widget.message.text()
    assert not widget.session.run.busy


def test_models_runs_earlier_companions_and_neighbours_are_offered(
    project: Project, other: Path, tmp_path: Path
) -> None:
    run = stopped_modelmix(project, other)
    (run / "model.safetensors").write_bytes(b"")
    Project.create(tmp_path / "beside.scribblemix").close()
    names = dict(offers(project, list_runs(project)))
    assert names["model starter"] == Path("starter")
    assert names["run modelmix"] == run
    assert names["used before: other"] == other
    assert names["project beside"] == tmp_path / "beside.scribblemix"
    assert "project study" not in names


def test_what_a_path_is(other: Path, tmp_path: Path) -> None:
    assert look_at(other) == Companion(other, "other")
    assert look_at(Path("starter")) == Companion(Path("starter"), "starter", "fast")
    with pytest.raises(FileError, match="not there"):
        look_at(tmp_path / "none")
    bare = tmp_path / "bare.safetensors"
    bare.write_bytes(b"")
    with pytest.raises(ModelError, match=r"without a readable bare\.json"):
        look_at(bare)
    blank = write_folder(tmp_path / "blank", scribbled=0, unlabelled=1, masked=0)
    with pytest.raises(ScribbleError, match="nothing is scribbled"):
        look_at(blank)
    run = tmp_path / "run"
    (run / "heart").mkdir(parents=True)
    (run / "heart" / "model.safetensors").write_bytes(b"")
    (run / "heart" / "model.json").write_text('{"network": "residual"}')
    (run / "events.jsonl").write_text("")
    (run / "settings.json").write_text("{}")
    assert look_at(run) == Companion(run / "heart", "run/heart", "residual")
    assert reason_against([look_at(run)], "best") is None
    assert "remove it" in (reason_against([look_at(run)], "fast") or "")


def test_every_task_has_its_curve_and_its_name(
    widget: ScribbleMixWidget, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_method(widget)
    add_folder(widget, other, monkeypatch)
    press(widget.train_panel.train_button)
    client, curves = FakeClient.made, widget.train_panel.curves
    client.tell(STARTED.model_copy(update={"method": "modelmix", "tasks": ["study", "other"]}))
    client.tell(ev.Progress(
        step=1, fraction=0.1, elapsed=1.0, eta=9.0, slices_per_second=1.0, learning_rate=0.1,
        loss=2.0, terms={"study: sup": 0.5, "other: sup": 0.75},
    ))  # fmt: skip
    for task, dice in (("study", 0.5), ("other", 0.625)):
        client.tell(ev.Validation(step=1, elapsed=1.0, dice={}, mean_dice=dice, cases=1, task=task))
    losses, dices = curves._lines
    assert {task: line.getData()[1].tolist() for task, line in losses.items()} == {
        "study": [0.5], "other": [0.75]
    }  # fmt: skip
    assert {task: line.getData()[1].tolist() for task, line in dices.items()} == {
        "study": [0.5], "other": [0.625]
    }  # fmt: skip
    assert "study" in curves.names.text()
    assert "other" in curves.names.text()
    client.tell(ev.Finished(step=1, elapsed=1.0, stopped=True, model="m"))
    client.end()
    # The next training, of one task, has no leftovers of this one.
    choose_method(widget, "partial")
    press(widget.train_panel.train_button)
    client.tell(STARTED)
    client.tell(ev.Progress(
        step=1, fraction=0.1, elapsed=1.0, eta=9.0, slices_per_second=1.0, learning_rate=0.1,
        loss=2.0, terms={"sup": 0.5},
    ))  # fmt: skip
    assert [list(lines) for lines in curves._lines] == [[""], []]
    assert curves.names.isHidden()


def test_the_curves_of_an_earlier_run_are_shown_when_it_is_chosen(
    widget: ScribbleMixWidget,
) -> None:
    for name, loss in (("a", 0.5), ("b", 0.25)):
        run = project_of(widget).new_run(name)
        step = ev.Progress(
            step=1, fraction=0.1, elapsed=1.0, eta=9.0, slices_per_second=1.0, learning_rate=0.1,
            loss=loss, terms={},
        )  # fmt: skip
        (run / "events.jsonl").write_text(step.model_dump_json() + "\n")
    widget.train._show_runs()
    panel = widget.train_panel
    assert not panel.curves.drawn
    choose(panel.runs, panel.runs.itemText(0))
    panel.runs.activated.emit(0)
    widget.session.run_changed.emit()
    assert panel.curves._lines[0][""].getData()[1].tolist() == [0.5]


def test_the_panel_stays_narrow_with_companions(widget: ScribbleMixWidget, tmp_path: Path) -> None:
    choose_method(widget)
    widget.train.companions.add(Path("starter"))
    widget.train.companions.add(write_folder(tmp_path / ("long_name_" * 6)))
    assert len(widget.train.companions.paths) == 2
    assert widget.minimumSizeHint().width() < 420
    assert widget.minimumSizeHint().height() < 700
