"""Headers that state no heart: refused in one line before anything is computed, or told."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from napari_scribblemix.data import limits
from napari_scribblemix.data.geometry import SHORT_AXIS_NOTE, Geometry
from napari_scribblemix.data.limits import check_size, doubts, short_axis
from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.data.resampling import WorkingGrid
from napari_scribblemix.errors import GeometryError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.training import slices
from phantoms import draw, make_case


def save(path: Path, sizes: tuple[float, float, float], unit: str = "mm", shape=None) -> Path:
    array = np.random.default_rng(0).normal(size=shape or (60, 50, 8)).astype(np.float32)
    image = nibabel.Nifti1Image(array, np.diag([*sizes, 1.0]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize(
    ("sizes", "unit", "told"),
    [
        ((100, 100, 8), "mm", r"pixels of 100 x 100 mm"),
        ((1e4, 1e4, 1e4), "mm", r"pixels of 1e\+04 x 1e\+04 mm"),
        ((1e-8, 1e-8, 8), "mm", r"pixels of 1e-08 x 1e-08 mm"),
        ((1e-8, 1e-8, 1e-8), "mm", r"pixels of 1e-08 x 1e-08 mm"),
        ((1.4, 1.4, 8), "meter", r"1\.4e\+03 x 1\.4e\+03 mm, converted from .* \(metre\)"),
        ((0.003, 0.003, 0.008), "mm", "look like metres: repair"),
        ((1.4, 1.4, 8), "meter", "mm: the numbers look like mm; set the header's unit to mm"),
        ((1.4, 1.4, 8), "micron", "mm: the numbers look like mm; set the header's unit to mm"),
        ((0.01, 0.01, 0.01), "micron", "repair the header"),
        ((1.4, 1.4, 500), "mm", "slices 500 mm apart"),
    ],
)
def test_spacings_that_no_scanner_makes_are_refused(tmp_path: Path, sizes, unit, told) -> None:
    with pytest.raises(GeometryError, match=rf"a\.nii: .*{told}") as caught:
        read_image(save(tmp_path / "a.nii", sizes, unit))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("sizes", "unit"),
    [((1.4, 1.4, 8), "mm"), ((0.0014, 0.0014, 0.008), "meter"), ((0.5, 0.5, 25), "mm")],
)
def test_spacings_of_scanners_are_read(tmp_path: Path, sizes, unit) -> None:
    read_image(save(tmp_path / "a.nii", sizes, unit))


def test_a_field_in_centimetres_is_told(tmp_path: Path) -> None:
    case = load_case(CaseFiles("a", save(tmp_path / "a.nii", (0.3, 0.3, 0.8))))
    assert any("15 x 18 mm, in which no heart fits; they look like cm" in n for n in case.notes)
    assert load_case(CaseFiles("a", save(tmp_path / "b.nii", (1.4, 1.4, 8)))).notes == ()


@pytest.mark.parametrize(
    ("shape", "spacing", "told"),
    [
        ((10, 200, 200), (8.0, 1.4, 1.4), None),
        ((1, 150, 40), (8.0, 1.4, 1.4), None),
        ((10, 700, 700), (8.0, 1.4, 1.4), "wider than a scanner"),
        ((154, 146, 60), (1.0, 1.0, 1.0), "154 slices of 146 x 60 pixels look wrong"),
    ],
)
def test_what_looks_wrong_is_told(shape, spacing, told) -> None:
    lines = doubts(shape, spacing)
    assert len(lines) == (told is not None)
    assert told is None or told in lines[0]


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((10, 146, 154), 0),
        ((146, 10, 154), 1),
        ((1, 146, 154), 0),
        ((146, 154, 10), 2),
        ((146, 154, 1), 2),
        ((60, 146, 154), 2),
        ((1, 1, 154), 2),
    ],
)
def test_an_axis_much_shorter_than_the_others_is_the_slices(shape, axis) -> None:
    geometry = Geometry.from_affine(np.eye(4), shape)
    assert geometry.slice_axis == axis
    assert geometry.shape[0] == shape[axis]
    assert geometry.note == (SHORT_AXIS_NOTE if axis != 2 else None)


def test_thick_slices_say_more_than_a_short_axis() -> None:
    assert Geometry.from_affine(np.diag([1.4, 1.4, 8, 1]), (20, 256, 256)).slice_axis == 2
    assert short_axis((20, 256, 256)) == 0


def test_a_stack_saved_slices_first_has_its_slices_back(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(5, 48, 40)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    volume = read_image(tmp_path / "a.nii")
    assert volume.array.shape == (5, 40, 48)
    np.testing.assert_array_equal(volume.array, array.transpose(0, 2, 1))


def test_a_volume_of_billions_of_voxels_is_refused() -> None:
    check_size((512, 512, 512))
    with pytest.raises(GeometryError, match="at most 134 million"):
        check_size((30000, 30000, 30000))


@pytest.mark.parametrize(
    ("shape", "spacing", "working"),
    [((256, 256), (100.0, 100.0), 1.4), ((256, 256), (1e-8, 1e-8), 1.4), ((9, 9), (1, 1), 1e-6)],
)
def test_a_working_grid_of_no_heart_is_refused_at_once(shape, spacing, working) -> None:
    with pytest.raises(GeometryError, match="check the spacing"):
        WorkingGrid(shape, spacing, working)


def test_too_many_slices_for_a_network_are_refused() -> None:
    grid = WorkingGrid((1000, 1000), (1.0, 1.0), 1.0)
    many = np.broadcast_to(np.float32(0), (100, 1000, 1000))
    with pytest.raises(GeometryError, match="100 slices, 100 million pixels"):
        grid.image_to_working(many)


def test_a_case_too_large_for_a_training_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [make_case(tmp_path, 0), make_case(tmp_path, 1)]
    pixels = sum(len(draw(seed)[0]) for seed in (0, 1)) * 48 * 48
    monkeypatch.setattr(limits, "MOST_STUDY_PIXELS", pixels - 1)
    with pytest.raises(GeometryError, match=r"8 slices, .* 48 x 48 pixels, the size of phantom0"):
        slices.build_store(cases, 1.5, True, torch.device("cpu"))
    monkeypatch.setattr(limits, "MOST_STUDY_PIXELS", pixels)
    slices.build_store(cases, 1.5, True, torch.device("cpu"))
