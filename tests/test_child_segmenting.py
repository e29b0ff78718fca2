"""The child writes masks: all that were asked for, and what a person made stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    Failed,
    Finished,
    Preview,
    Segmented,
    Started,
    Warned,
)
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.child import segmenting
from napari_scribblemix.worker.messages import (
    SegmentJob,
    Stop,
)
from phantoms import draw, write_file

__all__ = ["_often", "project"]


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


def test_a_stop_in_the_middle_of_a_case_leaves_its_mask_as_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(lambda event: [])
    monkeypatch.setattr(segmenting, "predict_case", stopped_in_the_middle(script))
    job = SegmentJob(model=Path("starter"), device="cpu")
    assert jobs.run(job, project.folder, script, script.tell) == 0
    assert not of(Segmented, script.events)
    assert (of(Finished, script.events)[0].step, of(Finished, script.events)[0].stopped) == (
        0,
        True,
    )
    assert not list((project.folder / "predictions").glob("*"))


def test_segmenting_with_a_missing_model_fails_in_a_line(project: Project) -> None:
    code, events = work(project, SegmentJob(model=Path("gone"), device="cpu"))
    assert code == 2
    assert "expected a run folder" in of(Failed, events)[0].why


def test_what_the_strokes_say_is_in_the_mask_of_a_case_that_is_segmented(project: Project) -> None:
    image = project.read_image("case01")
    nothing = project.read_scribble("case01", image.geometry)
    drawn = nothing.copy()
    drawn[1, 5:9, 30:40] = 2
    project.record_stroke("case01", nothing, drawn)
    work(project, SegmentJob(model=Path("starter"), cases=("case01",), device="cpu"))
    found = project.read_prediction("case01")
    assert found is not None
    assert (found[0][1, 5:9, 30:40] == 2).all()
