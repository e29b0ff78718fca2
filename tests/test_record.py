from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from napari_scribblemix.data.labels import MYOPS
from napari_scribblemix.errors import ProjectError, SchemaError
from napari_scribblemix.project.record import (
    CaseRecord,
    ProjectRecord,
    copy_path,
    find_record,
    mend_record,
    read_record,
    write_record,
)


def record(*ids: str) -> ProjectRecord:
    cases = tuple(CaseRecord(id=name, source=f"/data/{name}.nii", sha256="0") for name in ids)
    return ProjectRecord(labels=MYOPS, cases=cases)


def test_a_record_comes_back_from_the_disk(tmp_path: Path) -> None:
    write_record(tmp_path / "project.json", record("a", "b"))
    assert read_record(tmp_path / "project.json") == record("a", "b")


@pytest.mark.parametrize("version", [3, 17])
def test_a_newer_schema_version_is_refused_before_anything_else(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "project.json"
    path.write_text(json.dumps({"schema_version": version, "something": "new"}))
    with pytest.raises(SchemaError, match=f"version {version}, this program knows 2; update"):
        read_record(path)


def test_only_a_project_that_leaves_a_case_out_needs_a_newer_program(tmp_path: Path) -> None:
    path, plain = tmp_path / "project.json", record("a", "b")
    write_record(path, plain)
    assert json.loads(path.read_text())["schema_version"] == 1
    assert "left_out" not in path.read_text()
    first, second = plain.cases
    without = plain.model_copy(
        update={"cases": (first, second.model_copy(update={"left_out": True}))}
    )
    write_record(path, without)
    assert json.loads(path.read_text())["schema_version"] == 2
    assert [case.left_out for case in read_record(path).cases] == [False, True]
    write_record(path, plain)
    assert read_record(path) == plain


def test_a_project_is_kept_as_it_was_before_a_newer_version_is_written(tmp_path: Path) -> None:
    path, plain = tmp_path / "project.json", record("a")
    write_record(path, plain)
    before = path.read_bytes()
    newer = ProjectRecord(
        labels=MYOPS, cases=(plain.cases[0].model_copy(update={"left_out": True}),)
    )
    for _ in range(2):
        write_record(path, newer)
        assert (tmp_path / "project.v1.json").read_bytes() == before


@pytest.mark.parametrize("keep", [0, 1, 40, 200])
@pytest.mark.parametrize("filling", [b"", b"\0" * 50])
def test_a_half_written_record_is_replaced_by_its_copy(
    tmp_path: Path, keep: int, filling: bytes
) -> None:
    path = tmp_path / "project.json"
    write_record(path, record("a", "b"))
    damaged = path.read_bytes()[:keep] + filling
    path.write_bytes(damaged)
    found, note = find_record(path)
    assert found == record("a", "b")
    assert note is not None
    assert "project.copy.json was used in its place, with 2 cases" in note
    mend_record(path, found)
    assert find_record(path) == (found, None)
    assert (tmp_path / "project.damaged.json").read_bytes() == damaged


def test_a_copy_stands_in_for_damage_only(tmp_path: Path) -> None:
    path = tmp_path / "project.json"
    write_record(path, record("a"))
    path.write_text(json.dumps({"schema_version": 17}))
    with pytest.raises(SchemaError):
        find_record(path)
    path.unlink()
    with pytest.raises(ProjectError):
        find_record(path)
    path.write_text("{")
    copy_path(path).write_text("[]")
    with pytest.raises(ProjectError, match=r"project\.json could not be read"):
        find_record(path)


@pytest.mark.parametrize("version", [0, None, "1"])
def test_a_version_that_never_was_is_damage(tmp_path: Path, version: object) -> None:
    path = tmp_path / "project.json"
    path.write_text(json.dumps({"schema_version": version}))
    with pytest.raises(ProjectError, match=r"is damaged: schema_version: got .*; restore"):
        read_record(path)


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 1, "cases": 3}'])
def test_a_damaged_record_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "project.json"
    path.write_text(text)
    with pytest.raises(ProjectError, match=r"project\.json"):
        read_record(path)


def test_a_list_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("[]")
    with pytest.raises(ProjectError, match="is damaged: it holds no record of a project"):
        read_record(tmp_path / "project.json")


@pytest.mark.parametrize(
    "name",
    ["", "../a", "a/b", "a\\b", ".hidden", "a:b", "a\0", "a\nb", "\x1b[31m", "\udce9", "é" * 101],
)
def test_case_names_cannot_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(ValidationError, match="can be a file name"):
        record(name)


def test_case_names_differ_also_where_file_names_ignore_case() -> None:
    with pytest.raises(ValidationError, match="case heart twice"):
        record("heart", "Heart")


@pytest.mark.parametrize("path", ["", "a\0", "/data/\x1b[31m.nii", "/data/\udce9.nii", "x" * 4097])
def test_a_path_is_one_that_can_be_written_down(path: str) -> None:
    with pytest.raises(ValidationError, match="expected one that can be written down"):
        CaseRecord(id="a", source=path, sha256="0")
    with pytest.raises(ValidationError, match="expected one that can be written down"):
        CaseRecord(id="a", source="/data/a.nii", mask=path, sha256="0")


def test_each_image_of_a_case_has_the_name_of_its_channel() -> None:
    known = {"id": "a", "source": "/data/a.nii", "sha256": "0"}
    with pytest.raises(ValidationError, match="2 names of channels for 1 images"):
        CaseRecord.model_validate(known | {"channels": ("C0", "T2")})
    further = ({"source": "/data/b.nii", "sha256": "0"},)
    with pytest.raises(ValidationError, match="0 names of channels for 2 images"):
        CaseRecord.model_validate(known | {"further": further})
    CaseRecord.model_validate(known | {"further": further, "channels": ("C0", "T2")})


def test_a_record_nested_without_end_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("[" * 100_000)
    with pytest.raises(ProjectError, match="could not be read"):
        read_record(tmp_path / "project.json")
