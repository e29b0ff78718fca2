"""The cases of a project: added, taken off, drawn on, changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC, CARDIAC_RAW, MYOPS
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from phantoms import draw, write_channels, write_file


def test_a_case_is_not_added_twice(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        with pytest.raises(ProjectError, match="case00 twice"):
            project.add_case(plain[0])
        assert len(project.cases) == 1


def test_a_removed_case_finds_its_scribbles_when_added_again(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        project.remove_case("case00")
        assert project.case_files() == []
        project.add_case(CaseFiles("case00", plain[0].image))
        assert project.case_files()[0].scribble is not None
        with pytest.raises(ProjectError, match="Got the case 'nobody'"):
            project.remove_case("nobody")


def test_a_case_left_out_of_training_stays_so_until_it_is_taken_in(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        project.leave_out("case00", left_out=True)
        with pytest.raises(ProjectError, match="Got the case 'nobody'"):
            project.leave_out("nobody", left_out=True)
    with Project.open(tmp_path / "p") as project:
        assert [files.left_out for files in project.case_files()] == [True]
        assert project.case_files()[0].scribbled
        project.leave_out("case00", left_out=False)
        assert [files.left_out for files in project.case_files()] == [False]


KEPT = "The scribbles that are in the project already were kept."


def test_a_case_that_comes_back_never_replaces_what_was_drawn(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        image = project.read_image("case00")
        drawn = project.read_scribble("case00", image.geometry)
        drawn[0, :5, :5] = 1
        project.write_scribble("case00", drawn, image.geometry)
        stroke = drawn.copy()
        stroke[1, :5, :5] = 2
        project.record_stroke("case00", drawn, stroke)
        project.remove_case("case00")
        assert project.add_case(plain[0]) == (KEPT,)
        np.testing.assert_array_equal(project.read_scribble("case00", image.geometry), stroke)
        assert project.unsaved_strokes("case00") == 1


def test_a_lost_record_costs_no_strokes(tmp_path: Path, plain) -> None:
    # Drawn on a case that came without scribbles, and never saved: only the journal has them.
    bare = CaseFiles("case00", plain[0].image)
    with Project.create(tmp_path / "p") as project:
        project.add_case(bare)
        image = project.read_image("case00")
        before = project.read_scribble("case00", image.geometry)
        after = before.copy()
        after[1, :5, :5] = 2
        project.record_stroke("case00", before, after)
    (tmp_path / "p" / "project.json").unlink()
    with Project.create(tmp_path / "p") as project:
        assert project.add_case(plain[0]) == (KEPT,)
        np.testing.assert_array_equal(project.read_scribble("case00", image.geometry), after)


def test_names_that_differ_in_capitals_alone_are_refused_in_one_line(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        with pytest.raises(ProjectError) as caught:
            project.add_case(CaseFiles("CASE00", plain[0].image))
    assert str(caught.value) == (
        "CASE00 could not be added: got the case case00 twice (capitals do not count); expected "
        "different names: rename one."
    )


def test_strokes_of_the_journal_are_part_of_the_case(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        for files in plain[:2]:
            project.add_case(files)
        expected = {}
        for name in ("case00", "case01"):  # scribbled, and without any scribble file
            image = project.read_image(name)
            before = project.read_scribble(name, image.geometry)
            expected[name] = before.copy()
            expected[name][2, 3:9, 3:9] = 1
            project.record_stroke(name, before, expected[name])
        # As training reads them, while the GUI holds the lock.
        found = {item.id: item for item in Project.open(tmp_path / "p").case_files()}
    assert found["case01"].scribble is None
    for name, strokes in expected.items():
        assert found[name].scribbled
        case = load_case(found[name])
        assert case.scribble is not None
        np.testing.assert_array_equal(case.scribble, strokes)


def test_strokes_drawn_and_erased_again_leave_the_case_unlabelled(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(CaseFiles("case00", plain[0].image))
        nothing = project.read_scribble("case00", project.read_image("case00").geometry)
        stroke = nothing.copy()
        stroke[0, 0, :9] = 1
        project.record_stroke("case00", nothing, stroke)
        project.record_stroke("case00", stroke, nothing)
        assert load_case(project.case_files()[0]).scribble is None


def test_scribbles_of_other_values_are_translated(tmp_path: Path) -> None:
    image, _, strokes = draw(0)
    write_file(tmp_path / "a.nii.gz", image)
    write_file(tmp_path / "a_scribble.nii.gz", CARDIAC_RAW.encode(strokes))
    files = CaseFiles("a", tmp_path / "a.nii.gz", tmp_path / "a_scribble.nii.gz")
    with Project.create(tmp_path / "p", CARDIAC) as project:
        project.add_case(files)
        np.testing.assert_array_equal(load_case(project.case_files()[0]).scribble, strokes)
    with (
        Project.create(tmp_path / "q", MYOPS) as project,
        pytest.raises(ProjectError, match="expected those of the project"),
    ):
        project.add_case(CaseFiles("a", files.image, write_cardiac(tmp_path, strokes)))


def write_cardiac(folder: Path, strokes: np.ndarray) -> Path:
    write_file(folder / "c_scribble.nii.gz", CARDIAC.encode(strokes))
    return folder / "c_scribble.nii.gz"


def test_a_changed_image_is_noticed(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        assert not project.change_notes("case00")
        write_file(plain[0].image, draw(9)[0])
        assert project.change_notes("case00")
        plain[0].image.unlink()
        with pytest.raises(FileError, match="could not be read"):
            project.change_notes("case00")


def test_a_case_keeps_all_its_channels(tmp_path: Path) -> None:
    source = write_channels(tmp_path / "source", scribbled=1, masked=0)
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(find_cases(source)[0])
    project = Project.open(tmp_path / "p.scribblemix", write=False)
    image = project.read_image("case00")
    assert image.channels == ("C0", "LGE", "T2")
    np.testing.assert_allclose(image.arrays[2], 3 * image.array + 2, rtol=1e-5)
    assert not project.change_notes("case00")
    (files,) = project.case_files()
    assert load_case(files).image.channels == image.channels
    write_file(source / "images" / "case00_T2.nii.gz", draw(5)[0])
    assert project.change_notes("case00")
