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
    read_record,
    write_record,
)


def record(*ids: str) -> ProjectRecord:
    cases = tuple(CaseRecord(id=name, source=f"/data/{name}.nii", sha256="0") for name in ids)
    return ProjectRecord(labels=MYOPS, cases=cases)


def test_a_record_comes_back_from_the_disk(tmp_path: Path) -> None:
    write_record(tmp_path / "project.json", record("a", "b"))
    assert read_record(tmp_path / "project.json") == record("a", "b")


@pytest.mark.parametrize("version", [2, 0, None, "1"])
def test_another_schema_version_is_refused_before_anything_else(tmp_path: Path, version) -> None:
    path = tmp_path / "project.json"
    path.write_text(json.dumps({"schema_version": version, "something": "new"}))
    with pytest.raises(SchemaError, match=f"version {version}, this program knows 1; update"):
        read_record(path)


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 1, "cases": 3}'])
def test_a_damaged_record_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "project.json"
    path.write_text(text)
    with pytest.raises(ProjectError, match=r"project\.json"):
        read_record(path)


def test_a_list_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("[]")
    with pytest.raises(SchemaError, match="version None"):
        read_record(tmp_path / "project.json")


@pytest.mark.parametrize("name", ["", "../a", "a/b", "a\\b", ".hidden", "a:b"])
def test_case_names_cannot_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(ValidationError, match="can be a file name"):
        record(name)


def test_case_names_differ_also_where_file_names_ignore_case() -> None:
    with pytest.raises(ValidationError, match="case heart twice"):
        record("heart", "Heart")
