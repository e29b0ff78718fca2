"""The record, the lock and the cases of a project folder, opened as a ``Project``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC, CARDIAC_RAW, MYOPS
from napari_scribblemix.errors import FileError, ProjectError, ProjectLocked, SchemaError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from phantoms import draw, write_channels, write_file, write_folder


@pytest.fixture
def plain(tmp_path: Path) -> list[CaseFiles]:
    return find_cases(write_folder(tmp_path / "plain", scribbled=1, unlabelled=1, masked=1))


def test_cases_are_there_after_reopening(tmp_path: Path, plain: list[CaseFiles]) -> None:
    with Project.create(tmp_path / "p.scribblemix", CARDIAC) as project:
        for files in plain:
            assert project.add_case(files) == ()
    with Project.open(tmp_path / "p.scribblemix") as project:
        assert project.writable
        assert project.labels == CARDIAC
        for before, after in zip(plain, project.case_files(), strict=True):
            first, second = load_case(before), load_case(after)
            np.testing.assert_array_equal(first.image.array, second.image.array)
            np.testing.assert_equal(first.scribble, second.scribble)
            np.testing.assert_equal(first.mask, second.mask)


def test_images_stay_where_they_are(tmp_path: Path, plain: list[CaseFiles]) -> None:
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(plain[0])
        assert project.image_path("case00") == plain[0].image
        names = {path.name for path in project.folder.rglob("*") if path.is_file()}
        assert names == {"project.json", "project.lock", "case00.nii.gz"}


def test_images_in_the_project_move_with_it(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p.scribblemix") as project:
        image = project.folder / "images" / "a.nii.gz"
        write_file(image, draw(0)[0])
        project.add_case(CaseFiles("a", image))
    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "p.scribblemix", moved)
    project = Project.open(moved, write=False)
    assert project.image_path("a") == moved / "images" / "a.nii.gz"
    assert project.read_image("a").array.shape == draw(0)[0].shape


def test_the_second_writer_reads_only_and_is_told_why(tmp_path: Path, plain) -> None:
    folder = tmp_path / "p.scribblemix"
    with Project.create(folder) as first:
        first.add_case(plain[0])
        second = Project.open(folder)
        assert not second.writable
        assert "is being written to by process" in str(second.read_only_reason)
        image = second.read_image("case00")
        scribble = second.read_scribble("case00", image)
        for change in (
            lambda: second.add_case(plain[1]),
            lambda: second.remove_case("case00"),
            lambda: second.write_scribble("case00", scribble, image.geometry),
            lambda: second.record_stroke("case00", scribble, scribble),
            lambda: second.write_review("case00", [0], "me"),
        ):
            with pytest.raises(ProjectLocked, match="open read-only"):
                change()
    third = Project.open(folder)
    assert third.writable
    third.close()
    with pytest.raises(ProjectLocked, match="closed"):
        third.remove_case("case00")


def test_a_killed_writer_leaves_the_project_whole_and_free(tmp_path: Path, plain) -> None:
    folder = tmp_path / "p.scribblemix"
    with Project.create(folder) as project:
        project.add_case(plain[0])
    before = (folder / "project.json").read_bytes()
    # Killed in the middle of writing: the new file is there, half, under its temporary name.
    code = """
import sys, time, pathlib
from napari_scribblemix.project import durable
from napari_scribblemix.project.project import Project
project = Project.open(pathlib.Path(sys.argv[1]))
with durable.atomic_path(project.folder / "project.json") as temporary:
    temporary.write_bytes(b'{"schema')
    print("ready", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert not Project.open(folder).writable
        process.kill()
    assert list(folder.glob(".*.part"))
    with Project.open(folder) as project:
        assert project.writable
        assert [record.id for record in project.cases] == ["case00"]
    assert (folder / "project.json").read_bytes() == before
    assert not list(folder.glob(".*.part"))


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "p.scribblemix"
    Project.create(folder).close()
    path = folder / "project.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2, "new": 1}))
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="schema version 2, this program knows 1"):
        Project.open(folder)
    assert path.read_bytes() == before


SWAPPED = CARDIAC.model_dump() | {"file_values": [3, 2, 1, 0]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "it holds no record of a project"),
        (None, "it holds no record of a project"),
        ({}, "schema_version: got None, expected 1"),
        ({"schema_version": "2"}, "schema_version: got '2', expected 1"),
        ({"schema_version": 1, "cases": 3}, "cases: got 3, expected a list"),
        ({"schema_version": 1, "cases": [{}]}, r"cases\.0\.id: it is missing"),
        ({"schema_version": 1, "more": 3}, "more: this name is not known"),
        ({"schema_version": 1, "labels": SWAPPED}, "labels: got 3 for the background of masks"),
    ],
)
def test_a_damaged_record_is_told_in_plain_words(tmp_path: Path, content, said: str) -> None:
    Project.create(tmp_path / "p").close()
    (path,) = tmp_path.glob("*/project.json")
    path.write_text(json.dumps(content))
    with pytest.raises(ProjectError, match=f"is damaged: {said}.*restore this file") as caught:
        Project.open(path.parent)
    assert not isinstance(caught.value, SchemaError)
    assert "Value error" not in str(caught.value)


def test_a_folder_that_is_no_project_is_refused_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="could not be read"):
        Project.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_project_is_never_made_over_another(tmp_path: Path) -> None:
    Project.create(tmp_path / "p").close()
    with pytest.raises(ProjectError, match="already holds a project"):
        Project.create(tmp_path / "p")
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="could not be made"):
        Project.create(tmp_path / "file")


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


KEPT = "The scribbles that are in the project already were kept."


def test_a_case_that_comes_back_never_replaces_what_was_drawn(tmp_path: Path, plain) -> None:
    with Project.create(tmp_path / "p") as project:
        project.add_case(plain[0])
        image = project.read_image("case00")
        drawn = project.read_scribble("case00", image)
        drawn[0, :5, :5] = 1
        project.write_scribble("case00", drawn, image.geometry)
        stroke = drawn.copy()
        stroke[1, :5, :5] = 2
        project.record_stroke("case00", drawn, stroke)
        project.remove_case("case00")
        assert project.add_case(plain[0]) == (KEPT,)
        np.testing.assert_array_equal(project.read_scribble("case00", image), stroke)
        assert project.unsaved_strokes("case00") == 1


def test_a_lost_record_costs_no_strokes(tmp_path: Path, plain) -> None:
    # Drawn on a case that came without scribbles, and never saved: only the journal has them.
    bare = CaseFiles("case00", plain[0].image)
    with Project.create(tmp_path / "p") as project:
        project.add_case(bare)
        image = project.read_image("case00")
        before = project.read_scribble("case00", image)
        after = before.copy()
        after[1, :5, :5] = 2
        project.record_stroke("case00", before, after)
    (tmp_path / "p" / "project.json").unlink()
    with Project.create(tmp_path / "p") as project:
        assert project.add_case(plain[0]) == (KEPT,)
        np.testing.assert_array_equal(project.read_scribble("case00", image), after)


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
            before = project.read_scribble(name, image)
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
        nothing = project.read_scribble("case00", project.read_image("case00"))
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


def test_a_project_from_before_channels_opens(tmp_path: Path, plain: list[CaseFiles]) -> None:
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(plain[0])
    path = tmp_path / "p.scribblemix" / "project.json"
    content = json.loads(path.read_text())
    for record in content["cases"]:
        del record["channels"], record["further"]
    path.write_text(json.dumps(content))
    project = Project.open(path.parent, write=False)
    assert project.read_image("case00").channels == ()
