"""Pause, resume and stop between the steps of a training in the child."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from child_at_work import (
    Once,
    Script,
    _often,
    jobs,
    of,
    project,
    stopped_in_the_middle,
    train_job,
    work,
)

from napari_scribblemix.events import (
    Checkpoint,
    Event,
    Finished,
    Paused,
    Preparing,
    Preview,
    Resumed,
    Started,
)
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.cases import Case
from napari_scribblemix.project.project import Project
from napari_scribblemix.training import validation
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.worker.child import training
from napari_scribblemix.worker.messages import (
    Command,
    Pause,
    PreviewCase,
    Resume,
    Stop,
)
from phantoms import write_folder

__all__ = ["_often", "project"]


def test_a_pause_saves_waits_and_still_shows_what_comes_on_screen(project: Project) -> None:
    def react(event: Event) -> list[Command]:
        if isinstance(event, Started):
            return [Pause()]
        if isinstance(event, Paused):
            assert checkpoint_path(project.folder / "runs" / "r").is_file()
            return [PreviewCase(case="case00")]
        if isinstance(event, Preview) and event.step == 0:
            return [Resume()]
        return []

    code, events = work(project, train_job(project), react)
    kept = [e.event for e in events if isinstance(e, Checkpoint | Paused | Resumed | Preview)]
    assert kept[:3] == ["checkpoint", "paused", "preview"]
    assert "resumed" in kept[3:]
    assert of(Preview, events)[0].case == "case00"
    assert (code, of(Finished, events)[0].step) == (0, 4)


def test_a_pause_is_not_counted_as_time(project: Project) -> None:
    begun = Once(Started, Pause())

    def react(event: Event) -> list[Command]:
        if isinstance(event, Paused):
            threading.Timer(1.5, lambda: script._put(Resume())).start()
        return begun(event)

    script = Script(react)
    job = train_job(project, steps=None, time=0.5)
    assert jobs.run(job, project.folder, script, script.tell) == 0
    assert 0.5 <= of(Finished, script.events)[0].elapsed < 1.5


def test_a_stop_saves_and_the_next_job_goes_on(project: Project) -> None:
    first = Once(Preview, Stop(), when=lambda event: event.step == 2)
    code, events = work(project, train_job(project, steps=50), first)
    stopped = of(Finished, events)[0]
    assert (code, stopped.stopped) == (0, True)
    assert 2 <= stopped.step < 50
    job = train_job(project, steps=stopped.step + 2, resume=True)
    code, events = work(project, job)
    assert of(Started, events)[0].step == stopped.step
    assert of(Finished, events)[0].step == stopped.step + 2
    assert code == 0


def test_a_stop_ends_a_pause(project: Project) -> None:
    begun, paused = Once(Started, Pause()), Once(Paused, Stop())
    code, events = work(project, train_job(project), lambda e: begun(e) + paused(e))
    assert code == 0
    assert of(Finished, events)[0].stopped
    assert not of(Resumed, events)


def test_a_stop_in_a_validation_is_heard_at_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(lambda event: [])
    measured = write_folder(tmp_path / "measured", masked=2)
    looked: list[str] = []

    def slow(model: Model, cases: Sequence[Case]) -> dict[str, float]:
        for case in cases:
            looked.append(case.id)
            script._put(Stop())  # as the reading thread does, in the middle of the measuring
            segment_volume(model, case.image)
        raise AssertionError

    monkeypatch.setattr(validation, "measure", slow)
    job = train_job(project, validations=1, validation=measured)
    assert jobs.run(job, project.folder, script, script.tell) == 0
    assert len(looked) == 1
    finished = of(Finished, script.events)[0]
    assert (finished.step, finished.stopped) == (4, True)
    assert checkpoint_path(project.folder / "runs" / "r").is_file()


def test_a_stop_in_a_preview_leaves_the_mask_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(lambda event: [])
    monkeypatch.setattr(training, "predict_case", stopped_in_the_middle(script))
    assert jobs.run(train_job(project), project.folder, script, script.tell) == 0
    assert of(Finished, script.events)[0].stopped
    assert not of(Preview, script.events)
    assert not list((project.folder / "predictions").glob("*"))


def test_a_stop_before_the_first_step_leaves_no_run(project: Project) -> None:
    react = Once(Preparing, Stop())
    code, events = work(project, train_job(project), react)
    assert code == 0
    assert [event.event for event in events] == ["preparing", "finished"]
    assert not (project.folder / "runs").exists()


def test_the_search_for_the_way_up_says_how_far_it_is_and_can_be_stopped(
    project: Project, tmp_path: Path
) -> None:
    begin = train_job(project, start="starter", spacing=None)
    code, events = work(project, begin)
    assert code == 0
    said = [event.message for event in of(Preparing, events)]
    count = len(said) - 1
    assert said[1:] == [f"Finding which way up: {n} of {count}" for n in range(1, count + 1)]
    assert count > 1

    def react(event: Event) -> list[Command]:
        asked = isinstance(event, Preparing) and event.message.startswith("Finding which way up: 1")
        return [Stop()] if asked else []

    (project.folder / "runs" / "ways_up.json").unlink()
    code, events = work(project, begin.model_copy(update={"run": tmp_path / "none"}), react)
    assert code == 0
    assert [event.event for event in events] == ["preparing", "preparing", "finished"]
    assert not (tmp_path / "none").exists()
