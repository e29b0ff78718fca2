"""The case that is followed: what it says, where it goes on, and what its mask must not keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from child_at_work import of, project, work
from live_job import JOB, Parent, draw_on, soon

from napari_scribblemix.data.labels import CARDIAC, MYOPS, UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.events import (
    LEARNING,
    Event,
    Followed,
    Preparing,
    Preview,
    Warned,
)
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.project_cases import classes_of_model
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.training.live import LiveCase
from napari_scribblemix.worker.child import following
from napari_scribblemix.worker.messages import (
    Command,
    PreviewCase,
    ScribblesChanged,
    Stop,
)
from phantoms import draw, write_channels, write_file

__all__ = ["project", "soon"]


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
