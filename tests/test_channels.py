"""Images of one case brought onto the grid of the first."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from napari_scribblemix.data.channels import check_channels, covered_share, read_channels
from napari_scribblemix.data.geometry import PIXDIM_NOTE, Geometry
from napari_scribblemix.errors import GeometryError, ImageError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case

NAMES = ("C0", "LGE")


def oblique(
    spacing: tuple[float, float, float], shape: tuple[int, int, int], turn: float
) -> NDArray:
    """An affine of voxels about the origin, turned about all axes."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("zxy", [turn, 25.0, -10.0], degrees=True).as_matrix()
    affine[:3, :3] *= spacing
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def save(path: Path, values: NDArray, affine: NDArray) -> Path:
    image = nibabel.Nifti1Image(values.astype(np.float32), affine)
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    nibabel.save(image, path)
    return path


def smooth(shape: tuple[int, int, int], seed: int = 0) -> NDArray:
    rng = np.random.default_rng(seed)
    return rng.normal(100, 20, shape).astype(np.float32)


def test_an_oblique_channel_is_resampled_as_simpleitk_does(tmp_path: Path) -> None:
    shape, other = (40, 36, 6), (30, 44, 9)
    first = save(tmp_path / "a_C0.nii.gz", smooth(shape), oblique((1.5, 1.5, 8), shape, 35.0))
    second = save(tmp_path / "a_LGE.nii.gz", smooth(other, 1), oblique((2.1, 1.3, 5), other, 50.0))
    volume = read_channels([first, second], NAMES)
    filter_ = sitk.ResampleImageFilter()
    filter_.SetReferenceImage(sitk.ReadImage(str(first), sitk.sitkFloat64))
    filter_.SetInterpolator(sitk.sitkLinear)
    filter_.SetDefaultPixelValue(np.nan)
    expected = sitk.GetArrayFromImage(
        filter_.Execute(sitk.ReadImage(str(second), sitk.sitkFloat64))
    )
    inside = np.isfinite(expected)
    assert 0.4 < inside.mean() < 1
    (found,) = volume.further
    assert found.shape == volume.array.shape == expected.shape
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-2)
    share = covered_share(nibabel_geometry(second), volume.geometry)
    assert share == pytest.approx(inside.mean(), abs=1e-3)
    assert volume.notes == (
        "The channel LGE lies on another grid than C0: resampled onto it (linear).",
        "The channel LGE does not cover all of C0: its edge is repeated.",
    )


def nibabel_geometry(path: Path) -> Geometry:
    image = nibabel.load(path)
    return Geometry.from_affine(image.affine, image.shape)


def test_a_channel_stored_in_another_order_comes_out_voxel_on_voxel(tmp_path: Path) -> None:
    shape = (12, 10, 4)
    values, affine = smooth(shape), oblique((1.5, 1.5, 8), shape, 20.0)
    flipped = affine @ np.diag([-1.0, 1.0, 1.0, 1.0])
    flipped[:3, 3] = (affine @ [shape[0] - 1, 0, 0, 1])[:3]
    first = save(tmp_path / "a_C0.nii.gz", values, affine)
    second = save(tmp_path / "a_LGE.nii.gz", values[::-1], flipped)
    volume = read_channels([first, second], NAMES)
    np.testing.assert_allclose(volume.further[0], volume.array, atol=1e-2)


def test_equal_grids_are_taken_bit_for_bit_without_a_note(tmp_path: Path) -> None:
    shape = (12, 10, 4)
    affine = oblique((1.5, 1.5, 8), shape, 20.0)
    paths = [
        save(tmp_path / f"a_{n}.nii.gz", smooth(shape, k), affine) for k, n in enumerate(NAMES)
    ]
    volume = read_channels(paths, NAMES)
    np.testing.assert_array_equal(volume.further[0], smooth(shape, 1).transpose(2, 1, 0))
    assert volume.notes == ()
    assert volume.channels == NAMES
    assert read_channels(paths[:1]).channels == ()


def unplaced(path: Path, values: NDArray) -> Path:
    """As in ACDC: an affine of 1 mm steps beside a true pixdim."""
    image = nibabel.Nifti1Image(values, np.eye(4))
    image.header["pixdim"][1:4] = (1.5, 1.5, 8)
    image.header["qform_code"] = 0
    nibabel.save(image, path)
    return path


def test_a_header_that_states_no_place_is_trusted_by_shape_alone(tmp_path: Path) -> None:
    shape = (12, 10, 4)
    first = save(tmp_path / "a_C0.nii.gz", smooth(shape), oblique((1.5, 1.5, 8), shape, 20.0))
    second = unplaced(tmp_path / "a_LGE.nii.gz", smooth(shape, 1))
    volume = read_channels([first, second], NAMES)
    np.testing.assert_array_equal(volume.further[0], smooth(shape, 1).transpose(2, 1, 0))
    assert PIXDIM_NOTE in volume.notes
    assert any("matched voxel by voxel" in note for note in volume.notes)
    third = unplaced(tmp_path / "b_LGE.nii.gz", smooth((12, 10, 5), 1))
    with pytest.raises(GeometryError, match=r"b_LGE.*LGE is 5 x 10 x 12 but C0 is 4 x 10 x 12"):
        read_channels([first, third], NAMES)


def test_images_that_do_not_overlap_are_an_error(tmp_path: Path) -> None:
    shape = (12, 10, 4)
    affine = oblique((1.5, 1.5, 8), shape, 20.0)
    away = affine.copy()
    away[:3, 3] += 500.0
    first = save(tmp_path / "a_C0.nii.gz", smooth(shape), affine)
    second = save(tmp_path / "a_LGE.nii.gz", smooth(shape, 1), away)
    with pytest.raises(GeometryError, match=r"a_LGE.*does not overlap C0 in space"):
        read_channels([first, second], NAMES)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_wrong_with_one_channel_is_said_by_its_name(tmp_path: Path, bad: float) -> None:
    shape = (12, 10, 4)
    affine = oblique((1.5, 1.5, 8), shape, 20.0)
    values = smooth(shape, 1)
    values[3, 4, 1] = bad
    paths = (
        save(tmp_path / "a_C0.nii.gz", smooth(shape), affine),
        save(tmp_path / "a_LGE.nii.gz", values, affine),
    )
    (finding,) = check_channels(read_channels(paths, NAMES))
    assert finding.message.startswith("Channel LGE: 1 of 480 voxels are")
    with pytest.raises(ImageError, match="Channel LGE: 1 of 480"):
        load_case(CaseFiles("a", paths[0], further=paths[1:], channels=NAMES))


def test_a_blank_channel_is_found(tmp_path: Path) -> None:
    shape = (12, 10, 4)
    affine = oblique((1.5, 1.5, 8), shape, 20.0)
    paths = [
        save(tmp_path / "a_C0.nii.gz", smooth(shape), affine),
        save(tmp_path / "a_LGE.nii.gz", np.zeros(shape), affine),
    ]
    (finding,) = check_channels(read_channels(paths, NAMES))
    assert finding.message.startswith("Channel LGE: Every voxel has the same intensity")
