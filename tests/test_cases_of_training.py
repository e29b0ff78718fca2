"""Which cases a training takes, which it is validated on, and where its run goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import FileError, GeometryError, TrainingError
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.cases import (
    TrainingCases,
    default_output,
    load_training_cases,
    reload_case,
)
from napari_scribblemix.training.checkpoint import checkpoint_path
from phantoms import (
    draw,
    make_project,
    write_channels,
    write_cine,
    write_file,
    write_folder,
)


def settings(folder: Path, **changes: object) -> TrainSettings:
    return TrainSettings.model_validate({"folder": folder} | changes)


def load(folder: Path, **changes: object) -> TrainingCases:
    return load_training_cases(settings(folder, **changes))


def shown(cases: TrainingCases) -> tuple[list[str], list[str], list[str]]:
    """The names of the scribbled, the unlabelled and the validation cases."""
    return (
        [case.id for case in cases.training if case.scribble is not None],
        [case.id for case in cases.training if case.scribble is None],
        [case.id for case in cases.validation],
    )


def everything(folder: Path, count: int = 3) -> Path:
    """A folder in which each case has scribbles and a mask."""
    write_folder(folder, scribbled=count, masked=0)
    for number in range(count):
        write_file(folder / "masks" / f"case{number:02d}_gt.nii.gz", draw(number)[1])
    return folder


def cine(folder: Path, name: str) -> None:
    write_cine(folder / "images" / f"{name}.nii.gz", [draw(n)[0] for n in range(2)])


def test_masked_cases_without_scribbles_are_held_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, scribbled=2, unlabelled=1, masked=1)
    assert shown(load(folder)) == (["case00", "case01"], ["case02"], ["case03"])


def test_cases_that_are_not_chosen_are_unlabelled(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, scribbled=3, masked=0)
    assert shown(load(folder, scribbled="case01")) == (["case01"], ["case00", "case02"], [])


def test_masked_cases_that_are_not_chosen_are_unseen_and_validated_on(tmp_path: Path) -> None:
    folder = everything(tmp_path)
    chosen = load(folder, scribbled="case01")
    assert shown(chosen) == (["case01"], [], ["case00", "case02"])
    assert chosen.warnings == []
    (warning,) = load(folder).warnings
    assert "the Dice shown flatters" in warning


def test_masked_cases_that_are_not_chosen_train_where_none_is_held_out(tmp_path: Path) -> None:
    folder = everything(tmp_path)
    without = load(folder, scribbled="case01", validations=0)
    assert shown(without) == (["case01"], ["case00", "case02"], [])


def test_a_case_that_a_person_left_out_takes_no_part(tmp_path: Path) -> None:
    source = write_folder(tmp_path / "source", scribbled=2, unlabelled=1, masked=2)
    with Project.create(tmp_path / "p.scribblemix") as project:
        for files in find_cases(source):
            project.add_case(files)
        for name in ("case01", "case03"):
            project.leave_out(name, left_out=True)
        cases = load(project.folder)
        assert shown(cases) == (["case00"], ["case02"], ["case04"])
        assert cases.warnings == [
            "case01, case03: left out of training, as the list of cases says."
        ]
        measured = load(project.folder, validation=project.folder)
        assert shown(measured)[2] == ["case04"]
        with pytest.raises(TrainingError, match="case01 was left out of training"):
            reload_case(settings(project.folder), "case01", CARDIAC)
        with pytest.raises(TrainingError, match=r"Got only cases .* leaves out .*\(case01\); exp"):
            load(project.folder, cases="case01")
        project.leave_out("case01", left_out=False)
        assert shown(load(project.folder))[0] == ["case00", "case01"]


def test_a_cine_without_scribbles_is_left_out_with_a_warning(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, scribbled=1, masked=1)
    for name in ("cine1", "cine2"):
        cine(folder, name)
    write_file(folder / "masks" / "cine2_gt.nii.gz", draw(0)[1])
    cases = load(folder)
    assert shown(cases) == (["case00"], [], ["case01"])
    assert cases.warnings == [
        "cine1, cine2: left out, because training reads 3-D volumes and not 4-D cines."
    ]


def test_a_scribbled_cine_is_an_error_that_advises_the_possible(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, scribbled=1, masked=0)
    cine(folder, "cine")
    write_file(folder / "scribbles" / "cine_scribble.nii.gz", CARDIAC.encode(draw(0)[2]))
    with pytest.raises(GeometryError, match="save the frame you need as a 3-D file") as caught:
        load(folder)
    assert "choose a frame" not in str(caught.value)


def test_without_a_scribbled_case_what_was_not_read_is_told(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, scribbled=0, masked=0, unlabelled=1)
    write_file(folder / "contours" / "case00.nii.gz", draw(0)[1])
    with pytest.raises(TrainingError, match=r"no scribbled case.*The folder contours is not read"):
        load(folder)


def test_strokes_not_saved_yet_are_trained_on(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "plain", scribbled=0, unlabelled=2, masked=0)
    with Project.create(tmp_path / "p.scribblemix") as project:
        for files in find_cases(folder):
            project.add_case(files)
        before = project.read_scribble("case01", project.read_image("case01").geometry)
        project.record_stroke("case01", before, draw(1)[2])
        cases = load(project.folder)
    assert shown(cases) == (["case01"], ["case00"], [])
    np.testing.assert_array_equal(cases.training[1].scribble, draw(1)[2])


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("study")


def finished(*names: str) -> None:
    for name in names:
        path = checkpoint_path(Path("runs") / name)
        path.parent.mkdir(parents=True)
        path.touch()


def test_a_new_run_gets_a_new_folder(study: Path) -> None:
    finished("study-cyclemix", "study-cyclemix-2")
    assert default_output(settings(study)) == Path("runs/study-cyclemix-3")


def test_the_newest_run_that_can_is_gone_on_with(study: Path) -> None:
    finished("study-cyclemix", "study-cyclemix-2", "study-cyclemix-10", "study-cyclemix-old")
    Path("runs/study-cyclemix-11").mkdir()  # stopped before its first checkpoint
    assert default_output(settings(study, resume=True)) == Path("runs/study-cyclemix-10")
    first = default_output(settings(study, resume=True, method="partial"))
    assert first == Path("runs/study-partial")


def test_accepted_slices_are_trained_on_unless_left_aside(tmp_path: Path) -> None:
    with make_project(tmp_path, scribbled=1, unlabelled=1) as project:
        geometry = project.read_image("case01").geometry
        project.write_review("case01", [0, 2], "me", draw(1)[1], geometry)
    cases = load(project.folder)
    assert shown(cases) == (["case00", "case01"], [], [])
    assert cases.training[1].accepted == (0, 2)
    left = load(project.folder, scribbled="case00")
    assert shown(left) == (["case00"], ["case01"], [])


def test_a_case_is_read_again_with_its_new_strokes(tmp_path: Path) -> None:
    with make_project(tmp_path, scribbled=1, unlabelled=1) as project:
        chosen = settings(project.folder)
        assert reload_case(chosen, "case01", CARDIAC).scribble is None
        before = project.read_scribble("case01", project.read_image("case01").geometry)
        project.record_stroke("case01", before, draw(1)[2])
        strokes = reload_case(chosen, "case01", CARDIAC).scribble
        np.testing.assert_array_equal(strokes, draw(1)[2])
        aside = settings(project.folder, scribbled="case00")
        assert reload_case(aside, "case01", CARDIAC).scribble is None
        with pytest.raises(FileError, match="Got the case gone"):
            reload_case(chosen, "gone", CARDIAC)


def test_all_cases_of_a_training_have_the_same_channels(tmp_path: Path) -> None:
    folder = write_channels(tmp_path / "a", scribbled=2, masked=0)
    assert (load(folder).channels, load(folder).in_channels) == (("C0", "LGE", "T2"), 3)
    (folder / "images" / "case01_T2.nii.gz").unlink()
    cases = load(folder)
    assert shown(cases)[0] == ["case00"]
    assert cases.warnings[0].startswith("case01: got the channels C0, LGE")
    single = write_folder(tmp_path / "b", scribbled=0, masked=1)
    with pytest.raises(
        TrainingError, match=r"one image in case00 and the channels C0, LGE, T2 in case00; expected"
    ):
        load(folder, validation=single)


def test_what_is_not_read_of_the_validation_folder_is_told(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "a", scribbled=1)
    held_out = write_folder(tmp_path / "b", scribbled=0, masked=1)
    (held_out / "masks" / "gone_gt.nii.gz").symlink_to(tmp_path / "nowhere")
    cases = load(folder, validation=held_out)
    (told,) = [line for line in cases.warnings if "gone_gt" in line]
    assert told.startswith("masks/gone_gt.nii.gz is only a link to a file that is not there")


def test_an_image_that_changed_since_it_was_added_is_told(tmp_path: Path) -> None:
    with make_project(tmp_path, scribbled=1, unlabelled=1) as project:
        settings = TrainSettings(folder=project.folder)
        assert not any("another file" in w for w in load_training_cases(settings).warnings)
        write_file(project.image_path("case01"), draw(9)[0])
        warnings = [w for w in load_training_cases(settings).warnings if "another file" in w]
        assert [w.partition(":")[0] for w in warnings] == ["case01"]
