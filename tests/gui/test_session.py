from __future__ import annotations

import nibabel
import numpy as np
import pytest
from by_hand import mask_arrives

from napari_scribblemix import events as ev
from napari_scribblemix.errors import GeometryError, ProjectError
from napari_scribblemix.gui.state.open_case import done_slices
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.project.project import Project
from phantoms import draw as phantom
from phantoms import write_file


def draw(session: Session, number: int = 1, value: int = 3) -> None:
    scribble = session.the_case().scribble.copy()
    scribble[number, 2:5, 2:5] = value
    session.take_scribble(scribble, (number,))


def test_a_stroke_is_in_the_journal_at_once_and_told_with_its_slices(
    session: Session, project: Project
) -> None:
    changed: list[tuple[int, ...]] = []
    saved: list[str] = []
    session.scribble_changed.connect(changed.append)
    session.strokes_saved.connect(saved.append)
    draw(session)
    assert project.unsaved_strokes("case00") == 1
    assert changed == [(1,)]
    assert saved == ["case00"]


def test_another_case_folds_the_journal_into_the_scribble_file(
    session: Session, project: Project
) -> None:
    draw(session)
    session.open_case("case01")
    assert project.unsaved_strokes("case00") == 0
    again = project.read_scribble("case00", project.read_image("case00").geometry)
    assert (again[1, 2:5, 2:5] == 3).all()


def test_what_a_crash_left_in_the_journal_is_brought_back_and_told(
    session: Session, project: Project, told: list[tuple[str, str]]
) -> None:
    draw(session)
    drawn = session.the_case().scribble.copy()
    session.case = None  # as after kill -9: nothing was folded
    session.open_case("case00")
    assert (session.the_case().scribble == drawn).all()
    assert any("brought back" in sentence for _, sentence in told)


def test_the_list_says_how_far_each_case_is(session: Session, project: Project) -> None:
    mask_arrives(session, 1)
    session.accept((0, 1))
    states = {state.id: state for state in session.case_states()}
    assert states["case00"].scribbled
    assert states["case00"].predicted
    assert states["case00"].accepted == 2
    assert not states["case02"].scribbled


def test_drawn_means_pixels_not_files(session: Session, project: Project) -> None:
    heard: list[bool] = []

    def scribbled() -> bool:
        return any(s.id == "case00" and s.scribbled for s in session.case_states())

    session.cases_changed.connect(lambda: heard.append(scribbled()))
    assert scribbled()
    scribble = session.the_case().scribble
    session.take_scribble(np.full_like(scribble, 255), (0, 1, 2, 3))
    assert heard == [False]
    session.open_case("case01")
    assert project.scribble_path("case00").is_file()
    assert not scribbled()


def test_a_started_training_marks_the_cases_that_take_part(session: Session) -> None:
    session.begin(Phase.STARTING, None, "")
    session.follow(ev.Started(
        run="r", method="partial", preset="fast", device="cpu", precision="32-true", cases=2,
        scribbled_cases=1, slices=8, scribbled_slices=8, validation_cases=0, parameters=1,
        scribbled=["case01"],
    ))  # fmt: skip
    assert session.trained == {"case01"}
    session.follow(ev.ScribblesTaken(case="case00", step=3, scribbled_cases=2, scribbled_slices=9))
    assert session.trained == {"case00", "case01"}


def test_a_run_that_goes_on_keeps_its_curve_and_its_cases(
    session: Session, project: Project
) -> None:
    run = project.new_run("a")
    started = ev.Started(
        run="r", method="partial", preset="fast", device="cpu", precision="32-true", cases=2,
        scribbled_cases=1, slices=8, scribbled_slices=8, validation_cases=0, parameters=1,
        scribbled=["case00"],
    )  # fmt: skip
    told: list[ev.Event] = [started]
    told += [
        ev.Progress(
            step=step, fraction=0.1, elapsed=1, eta=None, slices_per_second=1, learning_rate=0.1,
            loss=1 / step, terms={},
        )
        for step in (10, 20, 30)
    ]  # fmt: skip
    (run / "events.jsonl").write_text("".join(e.model_dump_json() + "\n" for e in told))
    session.begin(Phase.STARTING, run, "")
    assert [step for step, _ in session.run.curves.losses[""]] == [10, 20, 30]
    # It goes on from a checkpoint: what came after that is done again.
    session.follow(started.model_copy(update={"step": 20, "scribbled": ["case01"]}))
    assert [step for step, _ in session.run.curves.losses[""]] == [10, 20]
    assert session.trained == {"case00", "case01"}


def test_a_preview_of_the_open_case_is_taken_from_the_disk(
    session: Session, project: Project
) -> None:
    case = session.the_case()
    mask = np.full(case.image.array.shape, 2, np.uint8)
    project.write_prediction(case.id, mask, case.image.geometry, {"step": 1})
    heard: list[str] = []
    session.masks_changed.connect(heard.append)
    session.follow(ev.Preview(case="case00", file="f", step=1))
    assert heard == ["case00"]
    assert case.prediction is not None
    assert (case.prediction == 2).all()


def test_a_mask_of_another_shape_is_not_laid_over_the_image(
    session: Session, project: Project
) -> None:
    path = project.prediction_path("case00")
    path.parent.mkdir(exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 5, 5), np.uint8), np.eye(4)), path)
    session.reread_masks("case00")
    assert session.the_case().prediction is None


def test_a_second_opener_may_look_but_not_draw(session: Session, project: Project) -> None:
    other = Session()
    messages: list[str] = []
    other.told.connect(lambda _level, sentence: messages.append(sentence))
    other.use_project(Project.open(project.folder))
    other.open_case("case00")
    assert not other.writable
    assert any("read-only" in sentence for sentence in messages)
    with pytest.raises(ProjectError, match="read-only"):
        draw(other)
    other.close_project()


def test_without_a_project_the_errors_say_what_to_do() -> None:
    with pytest.raises(ProjectError, match="open images"):
        Session().the_project()
    with pytest.raises(ProjectError, match="open images"):
        Session().the_case()


def test_slices_with_background_and_a_structure_are_done(session: Session) -> None:
    case = session.the_case()
    assert done_slices(case) == {0, 1, 2, 3}
    case.scribble[1][case.scribble[1] == 0] = 255
    assert done_slices(case) == {0, 2, 3}


def test_an_image_that_changed_is_told_when_its_case_is_opened(
    session: Session, project: Project, told: list[tuple[str, str]]
) -> None:
    session.open_case("case01")
    assert not told
    write_file(project.image_path("case00"), phantom(9)[0])
    session.open_case("case00")
    assert [level for level, _ in told] == ["warning"]
    assert told[0][1].startswith("case00: The image is another file than when it was added")


def test_work_of_a_hand_on_another_shape_is_never_replaced(
    session: Session, project: Project
) -> None:
    mask_arrives(session, 1)
    session.accept({0, 1})
    project.scribble_path("case00").unlink()
    session.open_case("case01")
    accepted = project.accepted_path("case00").read_bytes()
    write_file(project.image_path("case00"), phantom(9, (5, 20, 20))[0])
    with pytest.raises(GeometryError, match=r"another file.*but the image is 5 x 20 x 20"):
        session.open_case("case00")
    assert project.accepted_path("case00").read_bytes() == accepted


def test_unsaved_strokes_on_another_shape_are_not_lost(session: Session, project: Project) -> None:
    draw(session)
    session.case = None  # as after kill -9
    project.scribble_path("case00").unlink(missing_ok=True)
    write_file(project.image_path("case00"), phantom(9, (5, 20, 20))[0])
    with pytest.raises(GeometryError, match=r"Strokes were drawn on .* put the image"):
        session.open_case("case00")
    assert project.unsaved_strokes("case00") == 1


def test_a_mask_of_another_shape_is_told_when_its_case_is_opened(
    session: Session, project: Project, told: list[tuple[str, str]]
) -> None:
    session.open_case("case02")
    mask_arrives(session, 1)
    session.open_case("case01")
    write_file(project.image_path("case02"), phantom(9, (5, 20, 20))[0])
    session.open_case("case02")
    assert session.the_case().prediction is None
    assert "Its mask has another shape than the image" in told[-1][1]
