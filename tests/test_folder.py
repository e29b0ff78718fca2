"""The record, the lock and the cases of a project folder, opened as a ``Project``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import FileError, ProjectError, ProjectLocked, SchemaError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import Project
from phantoms import draw, write_file


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
        assert names == {"project.json", "project.copy.json", "project.lock", "case00.nii.gz"}


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
        scribble = second.read_scribble("case00", image.geometry)
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
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 3, "new": 1}))
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="schema version 3, this program knows 2"):
        Project.open(folder)
    assert path.read_bytes() == before


SWAPPED = CARDIAC.model_dump() | {"file_values": [3, 2, 1, 0]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "it holds no record of a project"),
        (None, "it holds no record of a project"),
        ({}, "schema_version: got None, expected 1 or 2"),
        ({"schema_version": "2"}, "schema_version: got '2', expected 1 or 2"),
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
    (path.parent / "project.copy.json").unlink()
    with pytest.raises(ProjectError, match=f"is damaged: {said}.*restore this file") as caught:
        Project.open(path.parent)
    assert not isinstance(caught.value, SchemaError)
    assert "Value error" not in str(caught.value)


def test_a_damaged_record_is_mended_by_who_may_write_and_told_by_all(tmp_path: Path, plain) -> None:
    folder = tmp_path / "p.scribblemix"
    with Project.create(folder) as project:
        project.add_case(plain[0])
    path = folder / "project.json"
    path.write_bytes(path.read_bytes()[:100])
    reader = Project.open(folder, write=False)
    assert len(path.read_bytes()) == 100
    assert "project.json is damaged; project.copy.json was used" in reader.notes[0]
    assert survey(folder).warnings == reader.notes
    with Project.open(folder) as project:
        assert (len(project.cases), project.writable, len(project.notes)) == (1, True, 1)
    assert Project.open(folder, write=False).notes == ()


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
