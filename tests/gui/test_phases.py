"""Which phase comes next, and which of its slices lies where one was looking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.state.phases import next_phase, same_place, slices_at
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import Project
from phantoms import draw, write_file


def lying(first_mm: float, step_mm: float, slices: int) -> Geometry:
    """Slices along z, the first at ``first_mm``, ``step_mm`` apart."""
    affine = np.diag([1.5, 1.5, step_mm, 1.0])
    affine[2, 3] = first_mm
    return Geometry.from_affine(affine, (20, 20, slices))


def test_a_slice_is_found_again_by_its_place_in_the_patient() -> None:
    own = lying(0.0, 8.0, 10)
    assert [same_place(z, own, own) for z in range(10)] == list(range(10))
    assert same_place(4, own, lying(16.0, 8.0, 6)) == 2
    assert same_place(4, own, lying(0.0, 4.0, 20)) == 8
    assert same_place(9, own, lying(0.0, 8.0, 6)) == 5, "the nearest that there is"
    assert same_place(0, own, lying(16.0, 8.0, 6)) == 0
    assert same_place(2, own, lying(72.0, -8.0, 10)) == 7, "stored the other way round"


def test_beside_each_slice_is_the_one_at_its_place_or_none() -> None:
    own = lying(0.0, 8.0, 4)
    assert slices_at(own, own) == [0, 1, 2, 3]
    assert slices_at(own, lying(8.0, 8.0, 2)) == [None, 0, 1, None]


def test_phases_follow_each_other_and_begin_again(tmp_path: Path) -> None:
    for name in ("a_frame2", "a_frame10", "a_frame1", "b"):
        write_file(tmp_path / "study" / f"{name}.nii.gz", draw(0)[0])
    with Project.create(tmp_path / "study.scribblemix") as project:
        for files in survey(tmp_path / "study").cases:
            project.add_case(files)
        assert next_phase(project, "a_frame2") == "a_frame10"
        assert next_phase(project, "a_frame10") == "a_frame1"
        phases = ("a_frame10", "a_frame1")
        assert next_phase(project, "a_frame10", phases) == "a_frame1"
        assert next_phase(project, "a_frame1", phases) == "a_frame10"
        assert next_phase(project, "a_frame2", phases) == "a_frame10"
        assert next_phase(project, "a_frame2", ("a_frame10", "gone")) == "a_frame10"
        with pytest.raises(ProjectError, match="b is the only case of its patient"):
            next_phase(project, "b")
