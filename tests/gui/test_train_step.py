"""Step 3 of the widget, with a worker that is none."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from by_hand import STARTED, project_of
from fakes import FakeClient

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.viewer.layers import SCRIBBLES
from napari_scribblemix.worker.client import WorkerClient
from napari_scribblemix.worker.messages import (
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    TrainJob,
)

Make = Callable[..., ScribbleMixWidget]


def test_the_fake_worker_is_called_as_the_real_one() -> None:
    for name in ("start", "send", "stop", "close"):
        fake, real = getattr(FakeClient, name), getattr(WorkerClient, name)
        assert inspect.signature(fake) == inspect.signature(real), name
    assert isinstance(WorkerClient.running, property)


def test_train_starts_a_run_of_the_project_with_the_form_s_settings(
    widget: ScribbleMixWidget,
) -> None:
    panel = widget.train_panel
    panel.form.set_value("time", 30)
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


def test_strokes_on_a_case_left_out_are_not_told_to_a_training(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    project_of(widget).leave_out("case00", left_out=True)
    widget.train_panel.train_button.click()
    FakeClient.made.tell(STARTED)
    widget.session.strokes_saved.emit("case00")
    widget.session.strokes_saved.emit("case01")
    qtbot.waitUntil(lambda: bool(FakeClient.made.commands), timeout=5000)
    told = [c for c in FakeClient.made.commands if isinstance(c, ScribblesChanged)]
    assert [command.case for command in told] == ["case01"]


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
    widget.train_panel.form.set_value("device", "toaster")
    widget.train_panel.train_button.click()
    assert "Device: got 'toaster'" in widget.message.text()
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
    assert lines[0][""].getData()[1].tolist() == pytest.approx([1.0, 0.5, 1 / 3])
    assert lines[1][""].getData()[1].tolist() == [0.5]
    assert widget.train_panel.job.bar.value() == 300


def test_what_is_still_on_its_way_when_the_worker_is_closed_arrives_nowhere(
    widget: ScribbleMixWidget,
) -> None:
    widget.train_panel.train_button.click()
    client, heard = FakeClient.made, []
    widget.session.run_changed.connect(lambda: heard.append(widget.session.run))
    widget.session.told.connect(lambda *what: heard.append(what))
    client.tell(STARTED)
    assert len(heard) == 1
    widget.relay.close()
    client.tell(STARTED)
    client.end()
    assert len(heard) == 1


def test_while_the_worker_starts_the_time_is_said_and_the_bar_is_busy(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = widget.train_panel
    panel.train_button.click()
    widget.session.follow(ev.Preparing(message="Starting the worker: loading PyTorch"))
    assert panel.job.bar.maximum() == 0
    assert panel.stop_button.isEnabled()
    waited = type("Waited", (), {"elapsed": lambda _self: 12_400})()
    monkeypatch.setattr(panel.job, "waited", waited)
    panel.job.each_second.timeout.emit()
    assert panel.job.words.text() == "Starting the worker: loading PyTorch, 12 s…"
    assert panel.job.each_second.isActive()
    widget.session.end("It ended.", failed=False)
    assert panel.job.bar.maximum() == 1000
    assert panel.job.words.text() == "It ended."
    assert not panel.job.each_second.isActive()
