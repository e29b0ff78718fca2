"""The work of the child, in this process: commands and previews between the steps of the loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from child_at_work import Once, _often, jobs, of, project, train_job, work

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.events import (
    Event,
    Failed,
    Preview,
    ScribblesTaken,
    Segmented,
    Started,
    Warned,
)
from napari_scribblemix.methods.partial import PartialCE
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.scribble_job import prepare
from napari_scribblemix.worker import previews
from napari_scribblemix.worker.messages import (
    Command,
    PreviewCase,
    ScribblesChanged,
    SegmentJob,
)
from phantoms import draw, write_channels

__all__ = ["_often", "project"]


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


def test_new_strokes_are_trained_on_without_a_new_start(project: Project) -> None:
    image = project.read_image("case01")

    def react(event: Event) -> list[Command]:
        if isinstance(event, Preview) and event.step == 1:
            empty = project.read_scribble("case01", image.geometry)
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
