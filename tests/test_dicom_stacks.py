"""DICOM files become stacks: order, geometry and voxels, against SimpleITK and two real studies."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_files import ORIGIN, ROW, value, write_cine, write_enhanced

from napari_scribblemix.data.dicom.reading import read_cine
from napari_scribblemix.data.dicom.stacks import find_stacks
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.nifti import read_geometry, read_image


def corners_apart(geometry: Geometry, image: sitk.Image) -> float:
    """The largest distance in mm between a corner here and the same of SimpleITK's image."""
    ours, theirs = [], []
    for corner in product((0, 1), repeat=3):
        index = np.array(corner) * (np.array(image.GetSize()) - 1)
        place = image.TransformIndexToPhysicalPoint([int(number) for number in index])
        theirs.append(np.array(place) * (-1, -1, 1))
        ours.append((geometry.affine @ (*index, 1))[:3])
    assert geometry.file_shape == image.GetSize()
    return float(np.linalg.norm(np.array(ours) - np.array(theirs), axis=1).max())


def expected(slices: int, frames: int) -> np.ndarray:
    return np.array([[value(z, t) for z in range(slices)] for t in range(frames)])


def test_a_cine_is_put_in_order_by_place_and_rank(tmp_path: Path) -> None:
    write_cine(tmp_path, 4, 6)
    (stack,) = find_stacks(tmp_path).stacks
    assert (stack.kind, stack.likely, stack.frames) == ("short-axis cine", True, 6)
    cine = read_cine(stack)
    assert cine.dtype == np.int16
    assert cine.shape == (6, 4, 24, 20)
    assert (cine[:, :, 0, 0] == expected(4, 6)).all()
    assert stack.heart_rate == pytest.approx(60000 / 900, abs=0.1)
    assert stack.trigger_ms[2] == pytest.approx(61.5)
    assert (stack.images[0][1].path, stack.images[0][1].frame) == (tmp_path / "im01_00.dcm", 0)


@pytest.mark.parametrize("reverse", [False, True])
def test_one_series_a_slice_is_one_stack_as_simpleitk_places_it(
    tmp_path: Path, reverse: bool
) -> None:
    write_cine(tmp_path, 5, 3, per_slice=True, spacing=-7.3 if reverse else 7.3)
    (stack,) = find_stacks(tmp_path).stacks
    frame = [str(plane.path) for plane in stack.images[1]]
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(frame)
    image = reader.Execute()
    assert corners_apart(stack.geometry, image) < 1e-3
    assert (sitk.GetArrayFromImage(image) == read_cine(stack)[1]).all()
    assert stack.geometry.spacing == pytest.approx((7.3, 1.4, 1.3), abs=1e-5)


def test_an_enhanced_file_is_the_same_stack_as_the_classic_ones(tmp_path: Path) -> None:
    write_cine(tmp_path / "classic", 3, 4)
    write_enhanced(tmp_path / "enhanced" / "all.dcm", 3, 4)
    (classic,) = find_stacks(tmp_path / "classic").stacks
    (enhanced,) = find_stacks(tmp_path / "enhanced").stacks
    assert np.abs(classic.geometry.affine - enhanced.geometry.affine).max() < 1e-4
    assert (read_cine(classic) == read_cine(enhanced)).all()
    assert enhanced.trigger_ms == (0.0, 30.0, 60.0, 90.0)


def test_the_first_pixel_lies_where_the_header_says(tmp_path: Path) -> None:
    write_cine(tmp_path, 3, 2)
    (stack,) = find_stacks(tmp_path).stacks
    right_front_head = stack.geometry.affine @ (0, 0, 0, 1)
    assert right_front_head[:3] == pytest.approx(ORIGIN * (-1, -1, 1), abs=1e-4)
    along_row = stack.geometry.affine[:3, 0]
    assert along_row == pytest.approx(1.3 * ROW * (-1, -1, 1), abs=1e-5)


def test_loose_files_and_a_dicomdir_are_read_as_their_folder(tmp_path: Path) -> None:
    files = write_cine(tmp_path / "disc" / "IMAGES" / "A", 3, 2)
    (tmp_path / "disc" / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    assert find_stacks(files).stacks[0].geometry.shape == (3, 24, 20)
    assert find_stacks(tmp_path / "disc" / "DICOMDIR").stacks[0].frames == 2


def real(folder: Path, *names: str) -> Path:
    path = folder.joinpath("dicom", *names)
    if not path.is_dir():
        pytest.skip("the real studies are not here")
    return path


def test_the_sunnybrook_study_is_13_by_20(real_data: Path) -> None:
    folder = real(real_data, "sunnybrook")
    contents = find_stacks(folder / "SCD0000201")
    (stack,) = contents.stacks
    assert (stack.frames, stack.geometry.shape) == (20, (13, 256, 256))
    assert stack.geometry.spacing == pytest.approx((10.0, 1.367188, 1.367188), abs=1e-3)
    assert stack.likely
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(plane.path) for plane in stack.images[0]])
    assert corners_apart(stack.geometry, reader.Execute()) < 1e-3
    cine = read_cine(stack)
    for frame, phase in ((19, "ED"), (6, "ES")):
        path = folder / "ed-es" / f"SCD0000201_{phase}.nii.gz"
        theirs, geometry = read_image(path).array, read_geometry(path)
        points = np.array(list(product((0, 5, 12), (0, 100, 255), (0, 30, 255))))
        world = np.c_[points[:, ::-1], np.ones(len(points))] @ geometry.affine.T
        index = np.rint(world @ np.linalg.inv(stack.geometry.affine).T)[:, :3].astype(int)
        back = np.c_[index, np.ones(len(points))] @ stack.geometry.affine.T
        assert np.abs(back - world).max() < 1e-2
        assert (theirs[tuple(points.T)] == cine[frame][tuple(index[:, ::-1].T)]).all()


def test_one_slice_a_series_is_a_stack_of_six_with_long_axes_aside(real_data: Path) -> None:
    contents = find_stacks(real(real_data, "one-slice-a-series"))
    (short,) = contents.likely
    assert (short.frames, short.geometry.shape) == (25, (6, 208, 256))
    assert short.steps == pytest.approx([17.7] * 5, abs=0.01)
    assert short.uneven is None
    assert [stack.kind for stack in contents.stacks[1:]] == ["long-axis cine"] * 5
    assert contents.left_out == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sunnybrook", "one-slice-a-series"])
def test_each_phase_of_both_studies_lies_as_simpleitk_reads_it(name: str, real_data: Path) -> None:
    for stack in find_stacks(real(real_data, name)).stacks:
        for planes, ours in zip(stack.images, read_cine(stack), strict=True):
            reader = sitk.ImageSeriesReader()
            reader.SetFileNames([str(plane.path) for plane in planes])
            theirs = reader.Execute()
            assert corners_apart(stack.geometry, theirs) < 1e-3
            assert (sitk.GetArrayFromImage(theirs) == ours).all()


@pytest.mark.parametrize(
    ("kind", "stacks", "left_out"),
    [
        ("enhanced", 3, {"no DICOM"}),
        ("mosaic", 0, {"no DICOM", "a mosaic: many slices drawn into one image"}),
        ("seg", 0, {"a segmentation, not an image"}),
        ("xa30", 3, {"no DICOM", "the phase of the signal, which shows no anatomy"}),
        (
            "transfer_syntax",
            2,
            {
                "NM, not MR",
                "a segmentation, not an image",
                "a deflated file, which is not read",
                "cut off: it is shorter than its header says",
                "several frames that do not say where they lie",
                "there twice, as copies; one is used",
            },
        ),
    ],
)
def test_each_odd_kind_is_read_or_left_out_with_a_reason(
    kind: str, stacks: int, left_out: set[str], real_data: Path
) -> None:
    contents = find_stacks(real(real_data, "kinds", kind))
    assert len(contents.stacks) == stacks
    assert {why for _, why in contents.left_out} == left_out
    for stack in contents.stacks:
        assert read_cine(stack)[-1].std() > 0
    if kind == "xa30":  # twenty volumes of a brain, straight and without a beat
        assert "short-axis cine" not in {stack.kind for stack in contents.stacks}


@pytest.mark.parametrize(
    "name", ["RLE", "jp2klossless", "jpeg_ls_lossless", "bigendian", "implicit"]
)
def test_each_transfer_syntax_gives_the_voxels_of_the_plain_file(
    name: str, real_data: Path
) -> None:
    folder = real(real_data, "kinds", "transfer_syntax")
    (plain,) = find_stacks([folder / "MR_small.dcm"]).stacks
    (other,) = find_stacks([folder / f"MR_small_{name}.dcm"]).stacks
    assert (read_cine(other) == read_cine(plain)).all()
