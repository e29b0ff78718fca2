"""The child that follows strokes: what it answers, what it leaves alone, and that it goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from child_at_work import of, project, work
from live_job import JOB, Parent, draw_on, soon

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.events import (
    Event,
    Failed,
    Finished,
    Preparing,
    Preview,
    Warned,
)
from napari_scribblemix.inference.model import load_model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.worker.messages import (
    Command,
    PreviewCase,
    ScribblesChanged,
    SegmentJob,
    Stop,
)

__all__ = ["project", "soon"]


def test_a_stroke_is_answered_in_its_slice_at_once_and_then_in_the_case(project: Project) -> None:
    draw_on(project, "case01", 1, 3)
    code, events = work(project, JOB, Parent([ScribblesChanged(case="case01")]))
    assert code == 0
    first, last = of(Preview, events)
    assert (first.whole, last.whole) == (False, True)
    found = project.read_prediction("case01")
    assert found is not None
    assert (found[0][1, 20:26, 20:26] == 3).all()
    assert found[1]["live"] is True
    assert (found[1]["kind"], found[1]["model"]) == ("bundled", "starter")
    uncertainty = project.read_uncertainty("case01")
    assert uncertainty is not None
    assert not uncertainty[1, 20:26, 20:26].any()
    assert of(Finished, events)[0].stopped


def test_a_case_that_is_only_looked_at_keeps_its_mask(project: Project) -> None:
    draw_on(project, "case01", 1, 3)
    shown = [PreviewCase(case="case00", slice=0), PreviewCase(case="case01", slice=1)]
    work(project, JOB, Parent([*shown, ScribblesChanged(case="case01")]))
    assert project.read_prediction("case00") is None
    assert project.read_prediction("case01") is not None


def test_an_undone_stroke_brings_the_mask_before_it_back(project: Project) -> None:
    changed: list[Command] = [ScribblesChanged(case="case01")]
    masks = []

    def parent(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            draw_on(project, "case01", 1, 3)
            return changed
        if not (isinstance(event, Preview) and event.whole):
            return []
        found = project.read_prediction("case01")
        assert found is not None
        masks.append(found[0])
        if len(masks) == 1:
            draw_on(project, "case01", 2, 1)
        elif len(masks) == 2:
            draw_on(project, "case01", 2, UNLABELLED)
        return changed if len(masks) < 3 else [Stop()]

    work(project, JOB, parent)
    one, two, three = masks
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, three)


def test_accepted_slices_stay_and_teach(project: Project) -> None:
    work(project, SegmentJob(model=Path("starter"), cases=("case01",), device="cpu"))
    image = project.read_image("case01")
    mask = np.zeros(image.array.shape, np.uint8)
    mask[2, 10:20, 10:20] = 2
    project.write_review("case01", [2], "me", mask, image.geometry)
    _, events = work(project, JOB, Parent([ScribblesChanged(case="case01")]))
    assert [event.whole for event in of(Preview, events)] == [False, True]
    found = project.read_prediction("case01")
    assert found is not None
    np.testing.assert_array_equal(found[0][2], mask[2])


def test_a_case_that_cannot_be_read_is_told_and_the_next_is_followed(project: Project) -> None:
    draw_on(project, "case00", 1, 3)
    project.image_path("case01").unlink()
    parent = Parent(
        [ScribblesChanged(case="case01")],
        [PreviewCase(case="case00", slice=1), ScribblesChanged(case="case00")],
    )
    code, events = work(project, JOB, parent)
    assert code == 0
    assert of(Warned, events)[0].message.startswith("case01 is not followed: ")
    assert {event.case for event in of(Preview, events)} == {"case00"}


def test_a_model_that_is_not_there_is_told(project: Project) -> None:
    job = JOB.model_copy(update={"model": project.folder / "none"})
    code, events = work(project, job)
    assert code != 0
    assert of(Failed, events)[0].what == "The live mask could not start."


def test_a_stroke_on_one_frame_keeps_what_the_frames_of_the_heart_agreed_on(
    tmp_path: Path,
) -> None:
    """The muscle of the systole stays about as large as that of the diastole made it."""
    images = sample_folder("cine") / "train" / "images"
    names = ("cine01_ED", "cine01_ES")
    masks = []

    def parent(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            return [ScribblesChanged(case="cine01_ES")]
        if not isinstance(event, Preview):
            return []
        if not event.whole:
            masks.append(project.read_prediction("cine01_ES"))
        return [Stop()] if event.whole else []

    with Project.create(tmp_path / "p.scribblemix") as project:
        for name in names:
            project.add_case(CaseFiles(name, images / f"{name}.nii.gz"))
        work(project, SegmentJob(model=Path("starter"), cases=names, device="cpu"))
        agreed = project.read_prediction("cine01_ES")
        assert agreed is not None
        assert agreed[1]["agreed"]
        image = project.read_image("cine01_ES")
        row, column = (int(place.mean()) for place in np.nonzero(agreed[0][4] == 3))
        nothing = np.full(image.array.shape, UNLABELLED, np.uint8)
        stroke = nothing.copy()
        stroke[4, row, column] = 3
        project.record_stroke("cine01_ES", nothing, stroke)
        work(project, JOB.model_copy(update={"case": "cine01_ES", "slice": 4}), parent)
    ((mask, origin),) = masks
    alone = segment_volume(load_model(Path("starter"), torch.device("cpu")), image).labels
    apart, kept = (int(abs((m == 2).sum() - (agreed[0] == 2).sum())) for m in (alone, mask))
    assert kept < 0.35 * apart
    assert origin["wall_ml"] > 0


def test_when_all_strokes_are_undone_the_very_mask_of_before_is_there(project: Project) -> None:
    geometry = project.read_image("case01").geometry
    before = np.zeros(geometry.shape, np.uint8)
    before[1, 5:30, 7:19] = 2
    origin = {"kind": "run", "model": "cyclemix", "step": 40, "quality": [0.9], "case_quality": 0.8}
    project.write_prediction("case01", before, geometry, origin, np.full(before.shape, 0.25))
    seen = []

    def parent(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            draw_on(project, "case01", 1, 3)
            return [ScribblesChanged(case="case01")]
        if isinstance(event, Preview) and event.whole:
            found = project.read_prediction("case01")
            assert found is not None
            seen.append(found)
            draw_on(project, "case01", 1, UNLABELLED)
            return [ScribblesChanged(case="case01")] if len(seen) == 1 else [Stop()]
        return []

    work(project, JOB, parent)
    (_, followed), (mask, told) = seen
    assert followed["live"] is True
    np.testing.assert_array_equal(mask, before)
    assert told == origin
    percent = project.read_uncertainty("case01")
    assert percent is not None
    assert (percent == 25).all()


def test_strokes_that_a_segmentation_drew_in_go_when_they_are_undone(project: Project) -> None:
    draw_on(project, "case01", 1, 3)
    job = SegmentJob(model=Path("starter"), cases=("case01",), device="cpu")
    work(project, job)
    found = project.read_prediction("case01")
    assert found is not None
    assert (found[0][1, 20:26, 20:26] == 3).all()
    draw_on(project, "case01", 1, UNLABELLED)
    work(project, JOB, Parent([ScribblesChanged(case="case01")]))
    followed = project.read_prediction("case01")
    assert followed is not None
    assert not (followed[0][1, 20:26, 20:26] == 3).all()
