"""The child that follows strokes: what it answers, what it leaves alone, and that it goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from child_at_work import of, project, work

from napari_scribblemix.data.labels import CARDIAC, MYOPS, UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.events import (
    Event,
    Failed,
    Finished,
    Followed,
    Preparing,
    Preview,
    Warned,
)
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.project_cases import classes_of_model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.training import live
from napari_scribblemix.training.live import LiveCase
from napari_scribblemix.worker.child import following
from napari_scribblemix.worker.child.following import LEARNING
from napari_scribblemix.worker.messages import (
    Command,
    LiveJob,
    PreviewCase,
    ScribblesChanged,
    SegmentJob,
    Stop,
)
from phantoms import draw, write_channels, write_file

__all__ = ["project"]

JOB = LiveJob(model=Path("starter"), case="case01", slice=1, device="cpu", threads=1)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STEPS", 2)


def draw_on(project: Project, case_id: str, number: int, value: int) -> None:
    """A square of strokes in the middle of a slice."""
    image = project.read_image(case_id)
    before = project.read_scribble(case_id, image)
    after = before.copy()
    after[number, 20:26, 20:26] = value
    project.record_stroke(case_id, before, after)


class Parent:
    """Sends the next commands after each answer for a whole case, and at last the end."""

    def __init__(self, *steps: list[Command]) -> None:
        self._steps = list(steps)

    def __call__(self, event: Event) -> list[Command]:
        done = isinstance(event, Followed) and event.words != LEARNING
        if isinstance(event, Preparing) or done:
            return self._steps.pop(0) if self._steps else [Stop()]
        return []


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


def test_a_structure_that_the_model_does_not_know_is_in_the_mask_where_it_is_drawn(
    tmp_path: Path,
) -> None:
    image = sample_folder("cine") / "train" / "images" / "cine01_ED.nii.gz"
    with Project.create(tmp_path / "p.scribblemix", MYOPS) as project:
        project.add_case(CaseFiles("case01", image))
        scar = MYOPS.names.index("scar")
        draw_on(project, "case01", 1, scar)
        _, events = work(project, JOB, Parent([ScribblesChanged(case="case01")]))
        found = project.read_prediction("case01")
    assert found is not None
    assert (found[0][1, 20:26, 20:26] == scar).all()
    known = classes_of_model(np.array([0, 1, 2, 3], np.uint8), MYOPS, CARDIAC)
    assert known[scar] == CARDIAC.wall[0]
    assert of(Followed, events)[-1].words == "This model knows no scar: train first."
    assert known[[0, 1, 2, 3, UNLABELLED]].tolist() == [0, 1, 2, 3, UNLABELLED]


def test_a_case_that_was_left_while_it_learnt_is_finished(project: Project) -> None:
    draw_on(project, "case01", 1, 3)

    def parent(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            return [ScribblesChanged(case="case01")]
        if isinstance(event, Preview) and not event.whole:
            return [PreviewCase(case="case00", slice=0)]
        return [Stop()] if isinstance(event, Preview) and event.whole else []

    _, events = work(project, JOB, parent)
    assert [(event.case, event.whole) for event in of(Preview, events)] == [
        ("case01", False),
        ("case01", True),
    ]
    found = project.read_prediction("case01")
    assert found is not None
    assert found[1]["settled"] is True


def test_what_was_broken_off_goes_on_when_the_case_is_shown_again(project: Project) -> None:
    draw_on(project, "case01", 1, 3)

    def killed(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            return [ScribblesChanged(case="case01")]
        return [Stop()] if isinstance(event, Preview) else []

    work(project, JOB, killed)
    found = project.read_prediction("case01")
    assert found is not None
    assert found[1]["settled"] is False
    shown: list[Command] = [PreviewCase(case="case01", slice=0)]
    other = JOB.model_copy(update={"case": "case00"})
    _, events = work(project, other, Parent(shown))
    assert of(Preview, events)[-1].whole


def test_what_there_is_to_say_of_strokes_that_teach_nothing(project: Project) -> None:
    image = project.read_image("case01")
    mask = np.zeros(image.array.shape, np.uint8)
    project.write_review("case01", [2], "me", mask, image.geometry)

    def parent(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            return [ScribblesChanged(case="case01")]
        if isinstance(event, Followed) and "follows the strokes (" in event.words:
            draw_on(project, "case01", 2, 3)
            return [ScribblesChanged(case="case01")]
        return [Stop()] if isinstance(event, Followed) and "accepted" in event.words else []

    _, events = work(project, JOB, parent)
    words = [event.words for event in of(Followed, events)]
    assert words[0] == LEARNING
    assert words[-1] == "Strokes in accepted slices change nothing."


def test_an_image_that_was_replaced_is_read_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_on(project, "case01", 1, 3)
    seen: list[float] = []

    class Seen(LiveCase):
        def __init__(self, model: Model, volume: Volume, look: Look) -> None:
            seen.append(float(volume.array.mean()))
            super().__init__(model, volume, look)

    monkeypatch.setattr(following, "LiveCase", Seen)

    def parent(event: Event) -> list[Command]:
        if isinstance(event, Preparing):
            return [ScribblesChanged(case="case01")]
        if not (isinstance(event, Preview) and event.whole):
            return []
        if len(seen) > 1:
            return [Stop()]
        write_file(project.image_path("case01"), 300 - draw(7)[0])
        draw_on(project, "case01", 0, 1)
        return [ScribblesChanged(case="case01")]

    work(project, JOB, parent)
    assert len(seen) == 2
    assert seen[1] > seen[0] + 50


def test_a_case_of_other_channels_is_refused_with_what_can_be_done(tmp_path: Path) -> None:
    source = write_channels(tmp_path / "source", scribbled=1, masked=0)
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(find_cases(source)[0])
        job = JOB.model_copy(update={"case": "case00"})
        _, events = work(project, job, Parent([]))
    (warned,) = of(Warned, events)
    assert warned.message == (
        "case00 is not followed: it has 3 channels and starter takes 1; train a model on such "
        "cases first (step 3)."
    )
    assert of(Followed, events)[-1].words == "Not followed."


def test_a_stroke_that_was_erased_leaves_the_mask_also_where_it_was_learnt_by_another_process(
    project: Project,
) -> None:
    draw_on(project, "case01", 1, 3)
    work(project, JOB, Parent([ScribblesChanged(case="case01")]))
    draw_on(project, "case01", 1, UNLABELLED)
    work(project, JOB, Parent([ScribblesChanged(case="case01")]))
    found = project.read_prediction("case01")
    assert found is not None
    assert not (found[0][1, 20:26, 20:26] == 3).all()


def test_wall_that_is_painted_over_as_scar_is_scar(tmp_path: Path) -> None:
    """To a model without scar both are wall, and to the mask they are not."""
    image = sample_folder("cine") / "train" / "images" / "cine01_ED.nii.gz"
    with Project.create(tmp_path / "p.scribblemix", MYOPS) as project:
        project.add_case(CaseFiles("case01", image))
        wall, scar = MYOPS.names.index("myocardium"), MYOPS.names.index("scar")
        draw_on(project, "case01", 1, wall)
        done: list[Command] = [ScribblesChanged(case="case01")]

        def parent(event: Event) -> list[Command]:
            if isinstance(event, Preparing):
                return done
            if isinstance(event, Followed) and "follows the strokes (" in event.words:
                draw_on(project, "case01", 1, scar)
                return done
            return [Stop()] if isinstance(event, Followed) and "scar" in event.words else []

        work(project, JOB, parent)
        found = project.read_prediction("case01")
    assert found is not None
    assert (found[0][1, 20:26, 20:26] == scar).all()
