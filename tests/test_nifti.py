"""NIfTI files as they come: headers in conflict, cine, odd dtypes, damage; and exact write-back."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from nifti_bytes import save, values

from napari_scribblemix.data.geometry import NO_FORM_NOTE, PIXDIM_NOTE
from napari_scribblemix.data.labels import guess_scheme
from napari_scribblemix.data.nifti import (
    number_of_frames,
    read_image,
    read_labels,
    write_image,
    write_labels,
)
from napari_scribblemix.errors import FileError, GeometryError, LabelError

FORMS = (
    *(f"srow_{axis}" for axis in "xyz"),
    *(f"quatern_{axis}" for axis in "bcd"),
    *(f"qoffset_{axis}" for axis in "xyz"),
    "qform_code",
    "sform_code",
)


def assert_same_place(a: Path, b: Path) -> None:
    first, second = nibabel.load(a), nibabel.load(b)
    assert first.shape[:3] == second.shape[:3]
    np.testing.assert_array_equal(first.affine, second.affine)
    for name in FORMS:
        np.testing.assert_array_equal(first.header[name], second.header[name])
    np.testing.assert_array_equal(first.header["pixdim"][:4], second.header["pixdim"][:4])


def acdc(path: Path) -> Path:
    pixdim = [1, 1.5625, 1.5625, 10, 1, 1, 1, 1]
    sform = {"srow_x": [-1, 0, 0, 0], "srow_y": [0, -1, 0, 0], "srow_z": [0, 0, 1, 0]}
    return save(path, values(), pixdim=pixdim, qform_code=0, sform_code=2, **sform)


def no_form(path: Path) -> Path:
    return save(path, values(), pixdim=[1, 1.5, 1.5, 8, 0, 0, 0, 0], qform_code=0, sform_code=0)


def test_arrays_are_slices_rows_columns(tmp_path: Path) -> None:
    array = values()
    volume = read_image(save(tmp_path / "a.nii.gz", array, np.diag([-1.5, 1.5, 8, 1])))
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, array.transpose(2, 1, 0))
    np.testing.assert_array_equal(
        volume.array, sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.nii.gz")))
    )


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.float32, np.float64]
)
def test_every_dtype_is_read(tmp_path: Path, dtype: type) -> None:
    array = values(dtype=dtype)
    path = save(tmp_path / "a.nii", array)
    np.testing.assert_array_equal(read_image(path).array, array.transpose(2, 1, 0))
    labels = read_labels(path).array
    assert labels.dtype.kind in "iu"
    np.testing.assert_array_equal(labels, array.transpose(2, 1, 0))


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    array = values()
    path = save(tmp_path / "a.nii.gz", array, scl_slope=0.5, scl_inter=-3)
    np.testing.assert_allclose(read_image(path).array, array.transpose(2, 1, 0) * 0.5 - 3)


def test_acdc_headers_give_pixdim_with_a_note(tmp_path: Path) -> None:
    volume = read_image(acdc(tmp_path / "a.nii.gz"))
    assert volume.geometry.spacing == (10.0, 1.5625, 1.5625)
    assert volume.notes == (PIXDIM_NOTE,)


def test_files_without_a_form_are_read_with_a_note(tmp_path: Path) -> None:
    volume = read_image(no_form(tmp_path / "a.nii.gz"))
    assert volume.geometry.spacing == (8.0, 1.5, 1.5)
    assert volume.notes == (NO_FORM_NOTE,)


def test_a_cine_needs_a_frame(tmp_path: Path) -> None:
    array = values((7, 6, 5, 4))
    path = save(tmp_path / "cine.nii.gz", array)
    assert number_of_frames(path) == 4
    np.testing.assert_array_equal(read_image(path, 2).array, array[..., 2].transpose(2, 1, 0))
    with pytest.raises(GeometryError, match=r"holds 4 frames .* 0 to 3.* save the frame"):
        read_image(path)
    with pytest.raises(GeometryError, match="Got frame 4"):
        read_image(path, 4)


def test_one_volume_in_four_axes_needs_no_frame(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", values((7, 6, 5, 1)))
    assert number_of_frames(path) == 1
    assert read_image(path).array.shape == (5, 6, 7)


def test_a_flat_image_is_one_slice_and_stays_flat(tmp_path: Path) -> None:
    array = values((7, 6))
    path = save(tmp_path / "flat.nii.gz", array)
    volume = read_image(path)
    np.testing.assert_array_equal(volume.array, array.T[None])
    write_labels(tmp_path / "out.nii.gz", volume.array.astype(np.uint8), volume.geometry)
    assert nibabel.load(tmp_path / "out.nii.gz").shape == (7, 6)


def test_labels_stored_with_a_slope_are_rounded(tmp_path: Path) -> None:
    # As MyoPS has them: uint16 with slope 3000/65535 makes 500 into 499.977.
    slope = 3000 / 65535
    wanted = np.array([0, 200, 500, 600, 1220, 2221, 3000]).reshape(7, 1, 1)
    path = save(
        tmp_path / "a.nii.gz",
        np.rint(wanted / slope).astype(np.uint16),
        scl_slope=slope,
        scl_inter=0,
    )
    assert not np.array_equal(np.asarray(nibabel.load(path).dataobj), wanted)
    np.testing.assert_array_equal(read_labels(path).array, wanted.transpose(2, 1, 0))


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_an_image_is_no_label_file(tmp_path: Path, value: float) -> None:
    path = save(tmp_path / "a.nii.gz", np.full((3, 3, 2), value, np.float32))
    with pytest.raises(LabelError, match=r"18 voxels .* expected whole numbers"):
        read_labels(path)


def test_what_float32_cannot_hold_becomes_infinite(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", np.full((3, 3, 2), 1e300))
    assert np.isinf(read_image(path).array).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.permutations([1.25, 1.5, 9.0]),
    st.tuples(*[st.sampled_from([1, -1])] * 3),
    st.tuples(*[st.floats(-0.5, 0.5)] * 3),
    st.tuples(*[st.floats(-300, 300)] * 3),
    st.sampled_from([(0, 1), (1, 0), (2, 1), (0, 2), (0, 0)]),
    st.booleans(),
)
def test_what_is_written_lies_where_the_image_lay(
    tmp_path: Path, sizes, flip, shear, origin, codes, nifti2
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) + np.triu(np.full((3, 3), shear), 1)) * np.multiply(sizes, flip)
    affine[:3, 3] = origin
    source = tmp_path / "image.nii"
    image = (nibabel.Nifti2Image if nifti2 else nibabel.Nifti1Image)(values((4, 3, 2)), affine)
    image.set_sform(affine, codes[1])
    try:
        image.set_qform(affine, codes[0])
    except ValueError:
        reject()  # nibabel cannot read back some half turns that it has just written
    nibabel.save(image, source)
    volume = read_image(source)
    labels = np.arange(24, dtype=np.uint8).reshape(volume.array.shape)
    for name, write in (("labels", write_labels), ("image", write_image)):
        target = tmp_path / f"{name}.nii.gz"
        write(target, labels, volume.geometry)
        assert_same_place(source, target)
        assert type(nibabel.load(target)) is type(nibabel.load(source))
        np.testing.assert_array_equal(read_image(target).array, labels)


@pytest.mark.parametrize("make", [acdc, no_form])
def test_odd_headers_are_written_back_as_they_were(tmp_path: Path, make) -> None:
    source = make(tmp_path / "image.nii.gz")
    volume = read_image(source)
    write_labels(tmp_path / "out.nii.gz", np.ones((5, 6, 7), np.uint8), volume.geometry)
    assert_same_place(source, tmp_path / "out.nii.gz")
    again = read_labels(tmp_path / "out.nii.gz")
    assert again.geometry.spacing == volume.geometry.spacing
    assert again.notes == volume.notes


def test_a_cine_frame_is_written_as_one_volume(tmp_path: Path) -> None:
    source = save(tmp_path / "cine.nii.gz", values((7, 6, 5, 4)))
    volume = read_image(source, 1)
    write_image(tmp_path / "frame.nii", volume.array, volume.geometry)
    assert nibabel.load(tmp_path / "frame.nii").shape == (7, 6, 5)
    assert_same_place(source, tmp_path / "frame.nii")


def test_no_text_of_the_source_travels_along(tmp_path: Path) -> None:
    texts = {"descrip": b"DOE^JOHN", "intent_name": b"DOE^JOHN", "aux_file": b"DOE^JOHN"}
    source = save(tmp_path / "image.nii", values(), **texts)
    volume = read_image(source)
    write_labels(tmp_path / "out.nii", np.zeros((5, 6, 7), np.uint8), volume.geometry)
    assert b"DOE" in source.read_bytes()
    assert b"DOE" not in (tmp_path / "out.nii").read_bytes()


@pytest.mark.parametrize(
    ("dtype", "top", "expected"),
    [
        (np.uint8, 4, np.uint8),
        (np.uint16, 3000, np.uint16),
        (np.int64, 3, np.uint8),
        (np.int64, 600, np.uint16),
        (bool, 1, np.uint8),
        (np.int64, -3, np.int16),
    ],
)
def test_labels_are_exact_in_a_dtype_others_can_read(tmp_path: Path, dtype, top, expected) -> None:
    geometry = read_image(save(tmp_path / "i.nii", values())).geometry
    labels = np.zeros(geometry.shape, dtype)
    labels[1] = top
    write_labels(tmp_path / "l.nii.gz", labels, geometry)
    assert nibabel.load(tmp_path / "l.nii.gz").get_data_dtype() == expected
    np.testing.assert_array_equal(read_labels(tmp_path / "l.nii.gz").array, labels)


def test_the_same_labels_give_the_same_file(tmp_path: Path) -> None:
    volume = read_labels(save(tmp_path / "i.nii", values()))
    write_labels(tmp_path / "a.nii.gz", volume.array, volume.geometry)
    write_labels(tmp_path / "b.nii.gz", volume.array, volume.geometry)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    volume = read_image(save(tmp_path / "i.nii", values()))
    with pytest.raises(LabelError, match="float32 to write; expected integers"):
        write_labels(tmp_path / "l.nii.gz", volume.array, volume.geometry)
    with pytest.raises(GeometryError, match="4 x 6 x 7 but the image is 5 x 6 x 7"):
        write_image(tmp_path / "l.nii.gz", volume.array[:4], volume.geometry)
    with pytest.raises(FileError, match=r"l\.mha; expected one ending in"):
        write_image(tmp_path / "l.mha", volume.array, volume.geometry)


def test_myops_scribbles_are_read(real_data: Path) -> None:
    paths = sorted((real_data / "myops" / "scribbles").iterdir())
    assert len(paths) == 25
    for path in paths[::4]:
        assert guess_scheme(np.unique(read_labels(path).array)).names[-1] == "scar"
