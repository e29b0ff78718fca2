"""The frames that a person took for ED and ES, in a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix.errors import ProjectError
from napari_scribblemix.project.chosen_phases import (
    PHASES_FILE,
    ChosenPhases,
    read_chosen_phases,
    write_chosen_phases,
)
from napari_scribblemix.project.project import Project


def test_a_choice_is_kept_and_taken_back(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p.scribblemix") as project:
        assert read_chosen_phases(project) == {}
        write_chosen_phases(project, "a", ChosenPhases(ed=19, es=6))
        write_chosen_phases(project, "b", ChosenPhases(es=2))
        assert read_chosen_phases(project) == {
            "a": ChosenPhases(ed=19, es=6),
            "b": ChosenPhases(es=2),
        }
        write_chosen_phases(project, "a", ChosenPhases())
        assert read_chosen_phases(project) == {"b": ChosenPhases(es=2)}


def test_a_reader_writes_nothing_and_a_damaged_file_is_said(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p.scribblemix") as project:
        (project.folder / PHASES_FILE).write_text('{"a": 3}')
        with pytest.raises(ProjectError, match=r"phases\.json could not be read"):
            read_chosen_phases(project)
        (project.folder / PHASES_FILE).unlink()
        reader = Project.open(project.folder, write=False)
        with pytest.raises(ProjectError):
            write_chosen_phases(reader, "a", ChosenPhases(ed=1))
        assert not (project.folder / PHASES_FILE).exists()
