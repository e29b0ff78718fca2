"""Whether a case is drawn on: pixels, not files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.project.drawn import has_label, is_drawn_on
from napari_scribblemix.project.project import Project
from phantoms import write_file


def strokes(project: Project, *, pixels: int) -> np.ndarray:
    scribble = np.full(project.read_image("heart").array.shape, UNLABELLED, np.uint8)
    scribble.reshape(-1)[scribble.size - pixels :] = 3
    return scribble


@pytest.mark.parametrize("pixels", [0, 1])
def test_a_saved_file_counts_by_its_last_pixel(project: Project, pixels: int) -> None:
    geometry = project.read_image("heart").geometry
    project.write_scribble("heart", strokes(project, pixels=pixels), geometry)
    assert is_drawn_on(project, "heart") is bool(pixels)


def test_what_is_in_the_journal_counts_and_what_it_erased_does_not(project: Project) -> None:
    empty, drawn = strokes(project, pixels=0), strokes(project, pixels=5)
    assert not is_drawn_on(project, "heart")
    project.record_stroke("heart", empty, drawn)
    assert is_drawn_on(project, "heart")
    project.record_stroke("heart", drawn, empty)
    assert not is_drawn_on(project, "heart")
    project.write_scribble("heart", drawn, project.read_image("heart").geometry)
    project.record_stroke("heart", drawn, empty)
    assert not is_drawn_on(project, "heart")


def test_a_file_that_cannot_be_read_may_hold_work(project: Project, tmp_path: Path) -> None:
    for name in ("torn.nii.gz", "torn.nii"):
        (tmp_path / name).write_bytes(b"\x1f\x8b no image")
        assert has_label(tmp_path / name, 4)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_every_kind_of_number_is_read(tmp_path: Path, kind: type) -> None:
    array = np.full((3, 9, 7), 4, kind)
    write_file(tmp_path / "a.nii.gz", array)
    assert not has_label(tmp_path / "a.nii.gz", 4)
    array[-1, -1, -1] = 0
    write_file(tmp_path / "a.nii", array)
    assert has_label(tmp_path / "a.nii", 4)
