"""``.seg.nrrd``: what SimpleITK reads of it, beside the NIfTI of the same mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, MYOPS, LabelScheme
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.data.seg_nrrd import write_seg_nrrd
from napari_scribblemix.errors import FileError, GeometryError, LabelError


def oblique(shape: tuple[int, int, int]) -> Geometry:
    affine = np.eye(4)
    turn = Rotation.from_euler("zxy", [40, 25, 5], degrees=True).as_matrix()
    affine[:3, :3] = turn @ np.diag([-1.45, -1.5, 9.83])
    affine[:3, 3] = [12.34567, -45.6, 78.9]
    return Geometry.from_affine(affine, shape)


def mask(scheme: LabelScheme, shape: tuple[int, int, int]) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.integers(0, scheme.classes, shape, dtype=np.uint8)


@pytest.mark.parametrize("scheme", [CARDIAC, MYOPS])
def test_simpleitk_reads_the_voxels_of_the_nifti_in_the_same_place(
    tmp_path: Path, scheme: LabelScheme
) -> None:
    geometry, labels = oblique((7, 6, 5)), mask(scheme, (5, 6, 7))
    write_seg_nrrd(tmp_path / "a.seg.nrrd", labels, scheme, geometry)
    write_labels(tmp_path / "a.nii.gz", scheme.encode_mask(labels), geometry)
    ours, theirs = (sitk.ReadImage(str(tmp_path / f"a.{end}")) for end in ("seg.nrrd", "nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs))
    for corner in ([0, 0, 0], [6, 5, 4], [6, 0, 4]):
        places = [image.TransformIndexToPhysicalPoint(corner) for image in (ours, theirs)]
        assert np.linalg.norm(np.subtract(*places)) < 1e-3
        exact = (geometry.affine @ [*corner, 1.0])[:3] * [-1.0, -1.0, 1.0]
        assert np.linalg.norm(np.subtract(places[0], exact)) < 1e-9


def test_each_structure_has_its_name_colour_value_and_extent(tmp_path: Path) -> None:
    labels = np.zeros((5, 6, 7), dtype=np.uint8)
    labels[1:3, 2, 3:6] = 3
    labels[4, 5, 6] = 1
    write_seg_nrrd(tmp_path / "a.seg.nrrd", labels, CARDIAC, oblique((7, 6, 5)))
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    told = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    assert [told[f"Segment{n}_Name"] for n in range(3)] == list(CARDIAC.names[1:])
    assert [told[f"Segment{n}_LabelValue"] for n in range(3)] == ["1", "2", "3"]
    assert told["Segment2_Extent"] == "3 5 2 2 1 2"
    assert told["Segment0_Extent"] == "6 6 5 5 4 4"
    assert told["Segment1_Extent"] == "0 -1 0 -1 0 -1"
    for number in range(3):
        shares = [float(share) * 255 for share in told[f"Segment{number}_Color"].split()]
        shown = "#" + "".join(f"{round(share):02x}" for share in shares)
        assert shown == CARDIAC.colours[number + 1]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_slices_along_any_axis_of_the_file_lie_right(
    tmp_path: Path, order: tuple[int, int, int]
) -> None:
    steps = np.diag([1.5, 1.4, 10.0])[:, list(order)]
    affine = np.eye(4)
    affine[:3, :3] = steps
    shape = tuple(int(size) for size in np.array([8, 9, 4])[list(order)])
    geometry = Geometry.from_affine(affine, shape)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    labels[1, 2, 3] = 2
    write_seg_nrrd(tmp_path / "a.seg.nrrd", labels, CARDIAC, geometry)
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    assert image.GetSize() == shape
    (found,) = np.argwhere(sitk.GetArrayFromImage(image) == 2)
    index = geometry.to_file(labels).nonzero()
    assert tuple(found[::-1]) == tuple(int(i[0]) for i in index)


def test_a_flat_image_becomes_one_slice(tmp_path: Path) -> None:
    geometry = Geometry.from_affine(np.diag([1.5, 1.5, 8.0, 1.0]), (7, 6))
    labels = mask(CARDIAC, (1, 6, 7))
    write_seg_nrrd(tmp_path / "a.seg.nrrd", labels, CARDIAC, geometry)
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    assert np.array_equal(sitk.GetArrayFromImage(image), labels)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-300.0, 300.0), min_size=3, max_size=3),
    angles=st.lists(st.floats(-180.0, 180.0), min_size=3, max_size=3),
    sizes=st.lists(st.floats(0.5, 20.0), min_size=3, max_size=3),
)
def test_the_place_is_kept_to_the_last_digit(
    tmp_path: Path, values: list[float], angles: list[float], sizes: list[float]
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() @ np.diag(sizes)
    affine[:3, 3] = values
    geometry = Geometry.from_affine(affine, (3, 4, 2))
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    write_seg_nrrd(tmp_path / "a.seg.nrrd", labels, CARDIAC, geometry)
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine
    assert np.allclose(image.GetOrigin(), lps[:3, 3], atol=1e-9)
    last = image.TransformIndexToPhysicalPoint((2, 3, 1))
    assert np.allclose(last, (lps @ [2, 3, 1, 1])[:3], atol=1e-9)


def test_what_is_no_mask_of_the_image_is_refused(tmp_path: Path) -> None:
    geometry, labels = oblique((7, 6, 5)), mask(CARDIAC, (5, 6, 7))
    with pytest.raises(FileError, match=r"\.seg\.nrrd"):
        write_seg_nrrd(tmp_path / "a.nrrd", labels, CARDIAC, geometry)
    with pytest.raises(GeometryError, match="5 x 6 x 8"):
        write_seg_nrrd(tmp_path / "a.seg.nrrd", mask(CARDIAC, (5, 6, 8)), CARDIAC, geometry)
    labels[0, 0, 0] = 255
    with pytest.raises(LabelError, match="unlabelled"):
        write_seg_nrrd(tmp_path / "a.seg.nrrd", labels, CARDIAC, geometry)
    assert list(tmp_path.iterdir()) == []
