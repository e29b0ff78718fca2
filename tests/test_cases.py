from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.data.geometry import PIXDIM_NOTE
from napari_scribblemix.data.labels import CARDIAC, CARDIAC_RAW, MYOPS, UNLABELLED
from napari_scribblemix.errors import (
    FileError,
    GeometryError,
    ImageError,
    LabelError,
    ScribbleError,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.changes import case_hash, file_hash
from napari_scribblemix.project.layouts import find_cases
from phantoms import SHAPE, draw, write_file


def case_files(folder: Path, *, scribble: np.ndarray | None = None, **arrays) -> CaseFiles:
    """A phantom's files: stored arrays (Z, Y, X) in file values, the phantom's own by default."""
    image, mask, strokes = draw(0)
    stored = {
        "image": arrays.get("image", image),
        "scribble": CARDIAC.encode(strokes) if scribble is None else scribble,
        "mask": arrays.get("mask", mask),
    }
    paths = {name: folder / f"{name}.nii.gz" for name in stored}
    for name, path in paths.items():
        write_file(path, stored[name])
    return CaseFiles("heart", **paths)


def set_affine(path: Path, affine: np.ndarray) -> None:
    image = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine), path)


def test_a_case_is_read_decoded_and_without_notes(tmp_path: Path) -> None:
    image, mask, strokes = draw(0)
    case = load_case(case_files(tmp_path))
    np.testing.assert_array_equal(case.image.array, image)
    assert case.scribble is not None
    assert case.mask is not None
    np.testing.assert_array_equal(case.scribble, strokes)
    np.testing.assert_array_equal(case.mask, mask)
    assert case.scheme is CARDIAC
    assert case.notes == ()


def test_an_image_alone_is_a_case(tmp_path: Path) -> None:
    case = load_case(CaseFiles("heart", case_files(tmp_path).image))
    assert case.scribble is None
    assert case.mask is None
    assert case.scheme is CARDIAC


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_stop_with_the_file_and_the_place(
    tmp_path: Path, value: float
) -> None:
    image = draw(0)[0]
    image[1, 2, 3] = value
    with pytest.raises(ImageError, match=r"image\.nii\.gz: 1 of 9216 .* slice 1, row 2, column 3"):
        load_case(case_files(tmp_path, image=image))


def test_a_constant_image_stops(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="same intensity"):
        load_case(case_files(tmp_path, image=np.ones(SHAPE, np.float32)))


def test_scribbles_of_another_shape_stop(tmp_path: Path) -> None:
    strokes = CARDIAC.encode(draw(0)[2])
    with pytest.raises(
        GeometryError, match=r"scribble.*Scribbles are 3 x 48 x 48 but the image is 4 x 48 x 48"
    ):
        load_case(case_files(tmp_path, scribble=strokes[:3]))


def test_an_unknown_value_stops_with_the_file(tmp_path: Path) -> None:
    strokes = CARDIAC.encode(draw(0)[2])
    strokes[0, 0, 0] = 9
    with pytest.raises(LabelError, match=r"scribble\.nii\.gz: Got the label values .*9"):
        load_case(case_files(tmp_path, scribble=strokes))
    with pytest.raises(LabelError, match=r"value 9 \(1 times\) in .*scribble\.nii\.gz"):
        load_case(case_files(tmp_path, scribble=strokes), CARDIAC)


def test_scribbles_without_a_stroke_stop(tmp_path: Path) -> None:
    with pytest.raises(ScribbleError, match=r"scribble\.nii\.gz: No pixel is scribbled"):
        load_case(case_files(tmp_path, scribble=np.full(SHAPE, 4, np.uint8)))


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="gone"):
        load_case(CaseFiles("heart", tmp_path / "gone.nii.gz"))


def test_weak_scribbles_are_noted(tmp_path: Path) -> None:
    strokes = draw(0)[2]
    strokes[strokes == 1] = 255
    case = load_case(case_files(tmp_path, scribble=CARDIAC.encode(strokes)))
    assert any("No scribble for right ventricle" in note for note in case.notes)


def test_labels_placed_elsewhere_are_matched_by_shape_with_a_note(tmp_path: Path) -> None:
    files = case_files(tmp_path)
    assert files.scribble is not None
    set_affine(files.scribble, np.diag([1.0, 1.0, 1.0, 1.0]))
    case = load_case(files)
    assert case.scribble is not None
    np.testing.assert_array_equal(case.scribble, draw(0)[2])
    assert case.image.geometry.spacing == pytest.approx((8.0, 1.5, 1.5))
    assert len(case.notes) == 1
    assert "header of the scribbles places them elsewhere" in case.notes[0]


def test_labels_of_another_orientation_are_matched_with_a_note(tmp_path: Path) -> None:
    files = case_files(tmp_path)
    assert files.mask is not None
    set_affine(files.mask, np.diag([-1.5, 1.5, 8.0, 1.0]))
    case = load_case(files)
    assert case.mask is not None
    np.testing.assert_array_equal(case.mask, draw(0)[1])
    assert any("masks states another orientation" in note for note in case.notes)


def test_a_label_header_does_not_decide_where_slices_lie(tmp_path: Path) -> None:
    files = case_files(tmp_path)
    assert files.scribble is not None
    set_affine(files.scribble, np.diag([9.0, 1.0, 1.0, 1.0]))
    case = load_case(files)
    assert case.scribble is not None
    np.testing.assert_array_equal(case.scribble, draw(0)[2])


def test_masks_may_use_other_values_than_scribbles(tmp_path: Path) -> None:
    mask = draw(0)[1]
    case = load_case(case_files(tmp_path, mask=CARDIAC_RAW.encode_mask(mask)))
    assert case.mask is not None
    np.testing.assert_array_equal(case.mask, mask)
    assert case.scheme is CARDIAC


def test_the_scheme_written_down_with_the_files_is_believed(tmp_path: Path) -> None:
    # Without background strokes these values fit the masks of another scheme, where 0 means more.
    strokes = draw(0)[2]
    strokes[strokes == 0] = 255
    files = case_files(tmp_path, scribble=MYOPS.encode(strokes))
    stated = CaseFiles(files.id, files.image, files.scribble, scheme=MYOPS)
    case = load_case(stated)
    assert case.scribble is not None
    np.testing.assert_array_equal(case.scribble, strokes)
    assert case.scheme is MYOPS


def test_the_hash_of_a_case_depends_on_image_and_salt_alone(tmp_path: Path) -> None:
    files = case_files(tmp_path)
    expected = hashlib.sha256(b"salt" + files.image.read_bytes()).hexdigest()
    assert case_hash(files, "salt") == expected
    assert case_hash(CaseFiles("other", files.image), "salt") == expected
    assert case_hash(files, "pepper") != expected
    with pytest.raises(FileError, match="could not be read"):
        case_hash(CaseFiles("x", tmp_path / "gone.nii.gz"), "salt")


@pytest.mark.parametrize(
    ("part", "cases"),
    [("acdc/train", 140), ("acdc/val", 30), ("mscmr/train", 25), ("mscmr/val", 5)],
)
def test_real_cases_load(real_data: Path, part: str, cases: int) -> None:
    files = find_cases(real_data / part)
    assert len(files) == cases
    for item in files[:: max(1, cases // 4)]:
        case = load_case(item)
        assert (case.mask is not None) == part.endswith("val")
        assert set(case.notes) <= {PIXDIM_NOTE}
        assert 4.99 < case.image.geometry.spacing[0] < 10.01
        assert 0.5 < case.image.geometry.spacing[1] < 2.0


def accept(folder: Path, slices: list[int]) -> Path:
    labels = np.full(SHAPE, UNLABELLED, np.uint8)
    labels[slices] = draw(0)[1][slices]
    write_file(folder / "accepted.nii.gz", CARDIAC.encode(labels))
    return folder / "accepted.nii.gz"


def test_accepted_slices_are_whole_labels_in_place_of_strokes(tmp_path: Path) -> None:
    files = replace(case_files(tmp_path), accepted=accept(tmp_path, [1, 3]), scheme=CARDIAC)
    case = load_case(files)
    assert case.accepted == (1, 3)
    np.testing.assert_array_equal(case.scribble[[1, 3]], draw(0)[1][[1, 3]])
    np.testing.assert_array_equal(case.scribble[[0, 2]], draw(0)[2][[0, 2]])


def test_accepted_slices_alone_make_a_case_scribbled(tmp_path: Path) -> None:
    image = case_files(tmp_path).image
    files = CaseFiles("heart", image, accepted=accept(tmp_path, [2]), scheme=CARDIAC)
    assert files.scribbled
    case = load_case(files)
    assert case.accepted == (2,)
    assert (case.scribble[[0, 1, 3]] == UNLABELLED).all()
    nothing = load_case(replace(files, accepted=accept(tmp_path, [])))
    assert nothing.scribble is None
    assert nothing.accepted == ()


def test_scribbles_erased_in_a_project_are_no_mistake(tmp_path: Path) -> None:
    files = case_files(tmp_path, scribble=np.full(SHAPE, 4, np.uint8))
    assert load_case(replace(files, scheme=CARDIAC)).scribble is None


@pytest.mark.parametrize("flat", ["image", "scribble"])
def test_a_flat_file_and_one_slice_are_the_same_pixels(tmp_path: Path, flat: str) -> None:
    image, _, strokes = (array[1:2] for array in draw(0))
    arrays = {"image": image, "scribble": CARDIAC.encode(strokes)}
    for name, array in arrays.items():
        values = array.T[..., 0] if name == flat else array.T
        nibabel.save(
            nibabel.Nifti1Image(values, np.diag([1.5, 1.5, 8, 1])), tmp_path / f"{name}.nii.gz"
        )
    files = CaseFiles("heart", tmp_path / "image.nii.gz", tmp_path / "scribble.nii.gz")
    case = load_case(files)
    assert case.scribble is not None
    np.testing.assert_array_equal(case.scribble, strokes)
    np.testing.assert_allclose(case.image.array, image, rtol=1e-5)


def test_the_fingerprint_of_a_pair_is_of_both_files(tmp_path: Path) -> None:
    pair = nibabel.Nifti1Pair(draw(0)[0].transpose(2, 1, 0), np.diag([1.5, 1.5, 8, 1]))
    nibabel.save(pair, tmp_path / "a.img")
    before = file_hash(tmp_path / "a.img")
    header = bytearray((tmp_path / "a.hdr").read_bytes())
    header[88:92] = np.float32(10).tobytes()  # the distance of slices
    (tmp_path / "a.hdr").write_bytes(header)
    assert file_hash(tmp_path / "a.img") != before
