"""Which models a folder holds, if it is that of a run."""

from __future__ import annotations

from pathlib import Path

from napari_scribblemix.project.run_models import MODEL_NAME, models_of


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_NAME).touch()
    return folder / MODEL_NAME


def test_a_run_of_one_task_holds_its_own_model(tmp_path: Path) -> None:
    own = put(tmp_path)
    assert models_of(tmp_path) == [own]


def test_a_run_of_several_tasks_holds_one_in_each_folder(tmp_path: Path) -> None:
    (tmp_path / "settings.json").touch()
    (tmp_path / "checkpoint").mkdir()
    second, first = put(tmp_path / "lge"), put(tmp_path / "cine")
    assert models_of(tmp_path) == [first, second]


def test_a_folder_of_scans_that_holds_a_model_somewhere_is_no_run(tmp_path: Path) -> None:
    put(tmp_path / "images")
    assert models_of(tmp_path) == []
    assert models_of(tmp_path / "gone") == []
