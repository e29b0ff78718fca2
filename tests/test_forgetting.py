"""Masks that were laid aside, and come back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.errors import FileError, ProjectError, ProjectLocked
from napari_scribblemix.project.forgetting import (
    bring_back,
    can_come_back,
    forget_mask,
    reason_against,
)
from napari_scribblemix.project.project import Project
from phantoms import make_project

ID = "case00"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project in which the first case has a mask of value 2, with its uncertainty."""
    with make_project(tmp_path) as project:
        write(project, 2)
        yield project


def write(project: Project, value: int) -> None:
    geometry = project.read_image(ID).geometry
    mask = np.full(geometry.shape, value, np.uint8)
    doubt = np.full(geometry.shape, 0.3)
    project.write_prediction(ID, mask, geometry, {"kind": "run", "step": value}, doubt)


def content(project: Project) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (project.folder / "predictions").glob("case00*")}


def test_a_forgotten_mask_is_gone_for_every_reader_and_comes_back_bit_for_bit(
    project: Project,
) -> None:
    before = content(project)
    assert len(before) == 3
    forget_mask(project, ID)
    assert content(project) == {}
    assert project.read_prediction(ID) is None
    assert project.read_uncertainty(ID) is None
    assert reason_against(project, ID) == "there is no mask yet."
    bring_back(project, ID)
    assert content(project) == before
    assert not can_come_back(project, ID)


def test_a_newer_mask_is_never_replaced_by_a_forgotten_one(project: Project) -> None:
    forget_mask(project, ID)
    write(project, 1)
    assert not can_come_back(project, ID)
    with pytest.raises(ProjectError, match="No forgotten mask of case00 can come back"):
        bring_back(project, ID)
    forget_mask(project, ID)
    bring_back(project, ID)
    found = project.read_prediction(ID)
    assert found is not None
    assert found[1]["step"] == 1


def test_what_a_person_decided_on_is_not_forgotten(project: Project) -> None:
    image = project.read_image(ID)
    project.write_review(ID, [1], "me")
    with pytest.raises(ProjectError, match="not forgotten: slices of it are accepted"):
        forget_mask(project, ID)
    project.write_review(ID, [], "me")
    mask = np.full(image.array.shape, 3, np.uint8)
    project.write_corrected(ID, [2], mask, image.geometry)
    with pytest.raises(ProjectError, match="corrected by hand"):
        forget_mask(project, ID)
    assert len(content(project)) == 3


def test_only_the_holder_of_the_lock_forgets(project: Project) -> None:
    reader = Project.open(project.folder, write=False)
    with pytest.raises(ProjectLocked):
        forget_mask(reader, ID)
    assert len(content(project)) == 3


def test_a_link_that_leads_out_of_the_project_is_not_followed(
    project: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project.folder / "predictions" / "forgotten").symlink_to(elsewhere)
    with pytest.raises(FileError):
        forget_mask(project, ID)
    assert list(elsewhere.iterdir()) == []
    assert len(content(project)) == 3
