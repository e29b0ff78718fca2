"""The spacing rule and the orders of axes, against nibabel and SimpleITK."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.data.geometry import (
    AFFINE_NOTE,
    NO_FORM_NOTE,
    PIXDIM_NOTE,
    SLICE_NOTE,
    UNIT_NOTE,
    Geometry,
    grid_distance,
    resolve,
    same_grid,
)
from napari_scribblemix.errors import GeometryError

SHAPE = (30, 26, 5)


def rotation(angles: tuple[float, float, float]) -> np.ndarray:
    result = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        result = turn @ result
    return result


def affine_of(
    angles: tuple[float, float, float] = (0.4, -0.3, 1.1),
    sizes: tuple[float, float, float] = (1.4, 1.5, 9.0),
    flip: tuple[int, int, int] = (1, 1, 1),
    origin: tuple[float, float, float] = (12.5, -40.0, 7.0),
) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles) * np.multiply(sizes, flip)
    affine[:3, 3] = origin
    return affine


def acdc_header(steps: float = 1.0, pixdim: tuple[float, ...] = (1.5625, 1.5625, 10.0)):
    header = nibabel.Nifti1Header()
    header.set_data_shape(SHAPE)
    header.set_sform(np.diag([-steps, -steps, steps, 1]), code=2)
    header["pixdim"][1:4] = pixdim
    return header


def test_identity_sform_of_acdc_gives_way_to_pixdim() -> None:
    geometry = resolve(acdc_header(), SHAPE)
    assert geometry.spacing == (10.0, 1.5625, 1.5625)
    assert geometry.note == PIXDIM_NOTE
    assert geometry.voxel_volume_ml == pytest.approx(10 * 1.5625**2 / 1000)
    assert geometry.axis_codes == "LPS"


def test_a_true_1_mm_image_is_no_conflict() -> None:
    geometry = resolve(acdc_header(pixdim=(1.0, 1.0, 1.0)), SHAPE)
    assert geometry.spacing == (1.0, 1.0, 1.0)
    assert geometry.note is None


@pytest.mark.parametrize("pixdim", [(1.0, 1.0, 1.0), (1.5, 1.5, 8.0)])
def test_any_other_conflict_is_settled_for_the_affine_and_said(pixdim: tuple[float, ...]) -> None:
    header = acdc_header(pixdim=pixdim)
    header.set_sform(np.diag([2.0, 2.0, 10.0, 1.0]), code=1)
    geometry = resolve(header, SHAPE)
    assert geometry.spacing == (10.0, 2.0, 2.0)
    assert geometry.note == AFFINE_NOTE


def test_unusable_pixdim_is_not_believed() -> None:
    assert resolve(acdc_header(pixdim=(0.0, 1.5, 10.0)), SHAPE).spacing == (1.0, 1.0, 1.0)


def test_form_codes_0_leave_pixdim_and_say_so() -> None:
    header = acdc_header()
    header["sform_code"] = header["qform_code"] = 0
    geometry = resolve(header, SHAPE)
    assert geometry.spacing == (10.0, 1.5625, 1.5625)
    assert geometry.note == NO_FORM_NOTE


def test_sform_code_0_falls_back_to_the_qform() -> None:
    header = nibabel.Nifti1Header()
    header.set_data_shape(SHAPE)
    header.set_qform(affine_of(), code=1)
    header.set_sform(np.diag([3.0, 3, 3, 1]), code=0)
    geometry = resolve(header, SHAPE)
    np.testing.assert_allclose(geometry.affine, affine_of(), atol=1e-4)
    assert geometry.note is None


def test_metres_become_millimetres() -> None:
    header = nibabel.Nifti1Header()
    header.set_data_shape(SHAPE)
    header.set_sform(np.diag([0.0015, 0.0015, 0.008, 1]), code=1)
    header.set_qform(np.diag([0.0015, 0.0015, 0.008, 1]), code=1)
    header.set_xyzt_units("meter")
    geometry = resolve(header, SHAPE)
    assert geometry.spacing == pytest.approx((8.0, 1.5, 1.5))
    assert geometry.note == UNIT_NOTE


def test_a_header_without_a_volume_is_refused() -> None:
    header = acdc_header(pixdim=(1.0, 1.0, 1.0))
    header["srow_z"] = 0
    with pytest.raises(GeometryError, match="expected three positive ones"):
        resolve(header, SHAPE)


@pytest.mark.parametrize(
    ("sizes", "axis"),
    [((1.5, 1.5, 8.0), 2), ((8.0, 1.5, 1.5), 0), ((1.5, 8.0, 1.5), 1), ((1.5, 1.4, 1.5), 2)],
)
def test_slices_lie_along_the_clearly_thickest_axis(sizes: tuple, axis: int) -> None:
    geometry = Geometry.from_affine(affine_of(sizes=sizes), SHAPE)
    assert geometry.slice_axis == axis
    assert geometry.shape[0] == SHAPE[axis]
    assert geometry.spacing[0] == pytest.approx(sizes[axis], rel=1e-5)
    assert (geometry.note == SLICE_NOTE) == (axis != 2)


@given(
    st.permutations([1.0, 2.0, 9.0]),
    st.tuples(*[st.floats(-3.1, 3.1)] * 3),
    st.tuples(*[st.sampled_from([1, -1])] * 3),
)
def test_arrays_come_back_in_file_order(sizes, angles, flip) -> None:
    geometry = Geometry.from_affine(affine_of(angles, tuple(sizes), flip), (4, 3, 2))
    stored = np.arange(24).reshape(4, 3, 2)
    memory = geometry.from_file(stored)
    assert memory.shape == geometry.shape
    np.testing.assert_array_equal(geometry.to_file(memory), stored)
    assert sorted(geometry.spacing) == pytest.approx([1.0, 2.0, 9.0], rel=1e-4)


def test_memory_order_is_slices_rows_columns() -> None:
    geometry = Geometry.from_affine(affine_of(), (4, 3, 2))
    stored = np.arange(24).reshape(4, 3, 2)
    assert geometry.from_file(stored)[1, 2, 3] == stored[3, 2, 1]


@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_simpleitk_sees_the_same_spacing_and_places(tmp_path: Path, flip: tuple) -> None:
    affine = affine_of(flip=flip)
    path = tmp_path / "oblique.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros(SHAPE, np.int16), affine), path)
    geometry = resolve(nibabel.load(path).header, SHAPE)
    other = sitk.ReadImage(str(path))
    assert geometry.spacing == pytest.approx(other.GetSpacing()[::-1], rel=1e-5)
    for index in [(0, 0, 0), (29, 0, 4), (3, 25, 1)]:
        # ITK counts towards left and posterior, NIfTI towards right and anterior.
        expected = np.array(other.TransformIndexToPhysicalPoint(index)) * [-1, -1, 1]
        place = (geometry.affine @ [*index, 1])[:3]
        np.testing.assert_allclose(place, expected, atol=1e-3)


def test_simpleitk_agrees_about_the_spacing_of_an_acdc_header(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros(SHAPE, np.int16), None, acdc_header())
    image.header["pixdim"][1:4] = (1.5625, 1.5625, 10.0)
    nibabel.save(image, tmp_path / "acdc.nii")
    geometry = resolve(nibabel.load(tmp_path / "acdc.nii").header, SHAPE)
    assert geometry.note == PIXDIM_NOTE
    spacing = sitk.ReadImage(str(tmp_path / "acdc.nii")).GetSpacing()
    assert geometry.spacing == pytest.approx(spacing[::-1])


def test_grids_are_the_same_within_a_tolerance_in_mm() -> None:
    a = Geometry.from_affine(affine_of(), SHAPE)
    b = Geometry.from_affine(affine_of(origin=(12.5, -40.0, 7.3)), SHAPE)
    assert same_grid(a, a)
    assert grid_distance(a, b) == pytest.approx(0.3, abs=1e-4)
    assert not same_grid(a, b, 0.2)
    assert same_grid(a, b, 0.4)
    assert not same_grid(a, Geometry.from_affine(affine_of(), (30, 26, 6)), 1e9)


def test_an_array_of_another_shape_is_refused() -> None:
    geometry = Geometry.from_affine(affine_of(), SHAPE)
    with pytest.raises(GeometryError, match="4 x 26 x 30 but the image is 5 x 26 x 30"):
        geometry.to_file(np.zeros((4, 26, 30)))
    with pytest.raises(GeometryError, match="expected the file's 30 x 26 x 5"):
        geometry.from_file(np.zeros((30, 26, 4)))
