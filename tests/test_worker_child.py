"""The work of the child, in this process: commands and previews between the steps of the loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.events import (
    Checkpoint,
    Event,
    Failed,
    Finished,
    Paused,
    Preparing,
    Preview,
    Resumed,
    ScribblesTaken,
    Segmented,
    Started,
    Warned,
)
from napari_scribblemix.methods.partial import PartialCE
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.scribble_job import prepare
from napari_scribblemix.worker import previews
from napari_scribblemix.worker.child import training
from napari_scribblemix.worker.child import work as jobs
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    Command,
    Job,
    Pause,
    PreviewCase,
    Resume,
    ScribblesChanged,
    SegmentJob,
    Stop,
    TrainJob,
)
from phantoms import draw, make_project, write_channels, write_file

React = Callable[[Event], list[Command]]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as project:
        yield project


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "SHORTEST_GAP", 0.0)
    monkeypatch.setattr(previews, "SHARE", 1.0)
    monkeypatch.setattr(training, "_FRESH_SECONDS", 0.0)


class Script(Inbox):
    """An inbox that a function of the events fills: what the parent would send on seeing them."""

    def __init__(self, react: React) -> None:
        super().__init__(-1, self.tell)
        self.react = react
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        self.events.append(event)
        for command in self.react(event):
            self._put(command)


def work(project: Project, job: Job, react: React = lambda event: []) -> tuple[int, list[Event]]:
    script = Script(react)
    code = jobs.run(job, project.folder, script, script.tell)
    return code, script.events


def train_job(project: Project, **changes: Any) -> TrainJob:
    small = {"folder": project.folder, "method": "partial", "crop": 48, "batch": 4, "spacing": 1.5}
    small |= {"steps": 4, "device": "cpu", "start": "scratch", "learning_rate": 6e-3}
    settings = TrainSettings.model_validate(small | changes)
    return TrainJob(settings=settings, run=project.folder / "runs" / "r", preview_case="case01")


def of(kind: type, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


class Once:
    """Answers the first event of a kind, for which ``when`` holds."""

    def __init__(
        self, kind: type, *commands: Command, when: Callable[[Any], bool] = lambda event: True
    ) -> None:
        self.kind, self.when = kind, when
        self.commands: list[Command] = list(commands)

    def __call__(self, event: Event) -> list[Command]:
        if not isinstance(event, self.kind) or not self.when(event):
            return []
        commands, self.commands = self.commands, []
        return commands


def test_a_training_tells_its_story_and_leaves_predictions(project: Project) -> None:
    code, events = work(project, train_job(project))
    assert code == 0
    names = [event.event for event in events]
    assert names[:2] == ["preparing", "started"]
    assert names[-1] == "finished"
    shown = of(Preview, events)
    assert shown[0].case == "case01"
    assert shown[0].step == 0
    assert {event.case for event in shown} == {"case00", "case01"}
    assert (project.folder / shown[-1].file).is_file()
    assert shown[-1].step == 4
    labels, origin = project.read_prediction("case01") or (None, {})
    assert labels is not None
    assert (origin["model"], origin["step"], len(origin["uncertainty"])) == ("r", 4, 4)
    uncertainty = project.read_uncertainty("case01")
    assert uncertainty is not None
    assert uncertainty.max() <= 100
    np.testing.assert_allclose(
        uncertainty.mean(axis=(1, 2)) / 100, origin["uncertainty"], atol=0.01
    )


def test_previews_change_nothing_in_what_is_learnt(project: Project) -> None:
    job = train_job(project, threads=1)
    code, events = work(project, job)
    assert (code, len(of(Preview, events)) > 3) == (0, True)
    alone = project.folder / "runs" / "alone"
    list(Training(prepare(job.settings), alone).events())
    first, second = (
        torch.load(checkpoint_path(run), weights_only=True)["method"]
        for run in (project.folder / "runs" / "r", alone)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


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


def test_new_strokes_are_trained_on_without_a_new_start(project: Project) -> None:
    image = project.read_image("case01")

    def react(event: Event) -> list[Command]:
        if isinstance(event, Preview) and event.step == 1:
            empty = project.read_scribble("case01", image)
            project.record_stroke("case01", empty, draw(1)[2])
            return [ScribblesChanged(case="case01")]
        return []

    code, events = work(project, train_job(project), react)
    started, taken = of(Started, events)[0], of(ScribblesTaken, events)[0]
    assert (started.scribbled_cases, started.scribbled_slices) == (1, 4)
    assert (taken.case, taken.step) == ("case01", 2)  # told at step 1, in before step 2
    assert (taken.scribbled_cases, taken.scribbled_slices) == (2, 8)
    assert (code, len(of(Started, events))) == (0, 1)


def test_a_change_of_mind_changes_the_prediction(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "SHARE", 0.2)
    image = project.read_image("case00")
    strokes = draw(0)[2]
    inside = strokes == 3
    corrected = strokes.copy()
    corrected[inside], corrected[strokes == 2] = 2, 3
    seen: dict[str, float] = {}

    def share_of_two() -> float:
        labels, _ = project.read_prediction("case00") or (np.zeros(1), {})
        return float((labels[inside] == 2).mean())

    def react(event: Event) -> list[Command]:
        if isinstance(event, Preview) and event.step >= 50 and not seen:
            seen["before"] = share_of_two()
            project.write_scribble("case00", corrected, image.geometry)
            return [ScribblesChanged(case="case00")]
        return []

    project.remove_case("case01")
    job = train_job(project, steps=130).model_copy(update={"preview_case": "case00"})
    code, events = work(project, job, react)
    seen["after"] = share_of_two()
    assert code == 0
    assert len(of(ScribblesTaken, events)) == 1
    assert seen["before"] < 0.3
    assert seen["after"] > 0.7


def test_scribbles_that_cannot_be_taken_are_a_warning(project: Project) -> None:
    image = project.read_image("case00")

    def react(event: Event) -> list[Command]:
        if isinstance(event, Started):
            empty = np.full(image.array.shape, UNLABELLED, np.uint8)
            project.write_scribble("case00", empty, image.geometry)
            return [ScribblesChanged(case="case00"), ScribblesChanged(case="nobody")]
        return []

    code, events = work(project, train_job(project), react)
    messages = [event.message for event in of(Warned, events)]
    assert any("case00 was the last case with a scribble" in message for message in messages)
    assert any("nobody was not part of this training" in message for message in messages)
    assert code == 0


def test_accepted_slices_stay_and_are_measured_against(project: Project) -> None:
    image, mask = project.read_image("case01"), draw(1)[1]
    mask[2] = 3  # nothing a network would say
    project.write_review("case01", [2], "me", mask, image.geometry)
    code, events = work(project, train_job(project))
    last = of(Preview, events)[-1]
    assert last.case == "case01"
    assert last.mean_dice is not None
    assert last.mean_dice < 0.9
    stored = project.read_prediction("case01")
    assert stored is not None
    assert (stored[0][2] == 3).all()
    assert not (stored[0][1] == 3).all()
    assert of(Started, events)[0].scribbled_slices == 5
    assert code == 0


def test_a_case_that_cannot_be_shown_is_told_once(project: Project) -> None:
    react = Once(Started, PreviewCase(case="nobody"))
    code, events = work(project, train_job(project), react)
    messages = [event.message for event in of(Warned, events) if "shown" in event.message]
    assert len(messages) == 1
    assert messages[0].startswith("nobody cannot be shown: Got the case 'nobody'")
    assert code == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"device": "cuda:77"}, "Got --device cuda:77"),
        ({"cases": "none*"}, "matches none of 2 cases"),
        ({"folder": Path("elsewhere")}, "Got settings for elsewhere"),
        ({"resume": True}, "holds no checkpoint"),
    ],
)
def test_a_job_that_cannot_start_fails_in_a_line(
    project: Project, changes: dict[str, Any], why: str
) -> None:
    code, events = work(project, train_job(project, **changes))
    assert code in {1, 2}
    failed = of(Failed, events)
    assert len(failed) == 1
    assert why in failed[0].why
    assert "\n" not in failed[0].why


@pytest.mark.parametrize(
    ("error", "what", "code"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "ran out of memory", 1),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "ran out of memory", 1),
        (MemoryError(), "ran out of memory", 1),
        (KeyError("unforeseen"), "a defect", jobs.DEFECT),
    ],
)
def test_what_breaks_in_a_step_is_told_once(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    what: str,
    code: int,
) -> None:
    def broken(self: PartialCE, batch: object) -> dict[str, torch.Tensor]:
        raise error

    monkeypatch.setattr(PartialCE, "forward", broken)
    ended, events = work(project, train_job(project))
    failed = of(Failed, events)
    assert (ended, len(failed)) == (code, 1)
    assert what in failed[0].what
    assert failed[0].next
    assert ("Traceback" in capfd.readouterr().err) == (code == jobs.DEFECT)


def test_segmenting_writes_all_cases_and_says_how_far_it_is(project: Project) -> None:
    work(project, train_job(project))
    (project.folder / "predictions" / "case00.nii.gz").unlink()
    run = project.folder / "runs" / "r"
    code, events = work(project, SegmentJob(model=run, device="cpu"))
    assert code == 0
    assert [(e.case, e.number, e.of) for e in of(Segmented, events)] == [
        ("case00", 1, 2),
        ("case01", 2, 2),
    ]
    assert of(Finished, events)[0].step == 2
    found = project.read_prediction("case00")
    assert found is not None
    assert found[1]["model"] == "r"


def test_corrections_are_kept_by_previews_and_segmentations_unless_a_person_lets_them_go(
    project: Project,
) -> None:
    image = project.read_image("case01")
    mask = np.full(image.array.shape, 3, np.uint8)
    project.write_corrected("case01", [2], mask, image.geometry)

    def slice_2() -> bool:
        found = project.read_prediction("case01")
        assert found is not None
        return bool((found[0][2] == 3).all())

    _, events = work(project, train_job(project))
    assert of(Preview, events)
    assert slice_2()
    assert of(Started, events)[0].scribbled == ["case00"]
    job = SegmentJob(model=project.folder / "runs" / "r", cases=("case01",), device="cpu")
    _, events = work(project, job)
    assert slice_2()
    assert "case01: 1 slice was corrected by hand and kept." in [
        event.message for event in of(Warned, events)
    ]
    _, events = work(project, job.model_copy(update={"over_corrections": True}))
    (done,) = of(Segmented, events)
    assert (done.corrected, done.replaced) == ([2], True)
    project.drop_corrected("case01", [2])
    assert not slice_2()
    found = project.read_prediction("case01")
    assert found is not None
    assert (found[1]["kind"], found[1]["model"], found[1]["step"]) == ("run", "r", 4)


def test_segmenting_an_image_that_changed_since_it_was_added_says_so(project: Project) -> None:
    write_file(project.image_path("case01"), draw(9)[0])
    _, events = work(project, SegmentJob(model=Path("starter"), device="cpu"))
    assert len(of(Segmented, events)) == 2
    told = [event.message for event in of(Warned, events) if "another file" in event.message]
    assert [message.partition(":")[0] for message in told] == ["case01"]


def test_segmenting_can_be_stopped_and_goes_past_a_bad_case(project: Project) -> None:
    work(project, train_job(project))
    job = SegmentJob(model=project.folder / "runs" / "r", device="cpu")
    code, events = work(project, job, Once(Segmented, Stop()))
    assert (code, len(of(Segmented, events)), of(Finished, events)[0].stopped) == (0, 1, True)
    project.image_path("case00").unlink()
    code, events = work(project, job)
    assert [event.case for event in of(Segmented, events)] == ["case01"]
    assert "case00 was not segmented" in of(Warned, events)[0].message
    assert code == 0
    project.image_path("case01").unlink()
    code, events = work(project, job)
    assert "none could be segmented" in of(Failed, events)[0].why
    assert code == 2


def test_segmenting_with_a_missing_model_fails_in_a_line(project: Project) -> None:
    code, events = work(project, SegmentJob(model=Path("gone"), device="cpu"))
    assert code == 2
    assert "expected a run folder" in of(Failed, events)[0].why


def test_cases_of_several_channels_are_trained_shown_and_segmented(tmp_path: Path) -> None:
    source = write_channels(tmp_path / "source", scribbled=2, masked=0)
    with Project.create(tmp_path / "c.scribblemix") as project:
        for files in find_cases(source):
            project.add_case(files)
        # As the window starts it: nothing is said of what to begin with.
        code, events = work(project, train_job(project, start=None))
        assert code == 0
        (started,) = of(Started, events)
        assert started.start == "scratch"
        assert {event.case for event in of(Preview, events)} == {"case00", "case01"}
        assert not [event for event in of(Warned, events) if "cannot be shown" in event.message]
        job = SegmentJob(model=project.folder / "runs" / "r", device="cpu")
        code, events = work(project, job)
        assert (code, len(of(Segmented, events))) == (0, 2)
