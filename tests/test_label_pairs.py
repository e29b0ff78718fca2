"""Predicted masks and reference masks of one case."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import touch

from napari_scribblemix.errors import FileError
from napari_scribblemix.project.label_pairs import pair_by_case


def paired(a: Path, b: Path) -> list[tuple[str, str, str]]:
    """Case and the two files, from their folders."""
    pairs, _ = pair_by_case(a, b)
    return [
        (name, one.relative_to(a).as_posix(), two.relative_to(b).as_posix())
        for name, one, two in pairs
    ]


def test_predictions_and_masks_are_paired_by_case(tmp_path: Path) -> None:
    a = touch(tmp_path / "a", "p1.nii.gz", "p2.nii.gz", "p1_entropy.nii.gz",
              "p1_probability_left_ventricle.nii.gz")  # fmt: skip
    b = touch(tmp_path / "b", "p0_gt.nii.gz", "p1_gt.nii.gz")
    pairs, messages = pair_by_case(a, b)
    assert pairs == [("p1", a / "p1.nii.gz", b / "p1_gt.nii.gz")]
    assert messages == [f"p2.nii.gz has no partner in {b}.", f"p0_gt.nii.gz has no partner in {a}."]


def test_masks_are_found_beside_images(tmp_path: Path) -> None:
    a = touch(tmp_path / "a", "p1.nii.gz")
    flat = touch(tmp_path / "flat", "p1.nii.gz", "p1_manual.nii.gz", "p1_scribble.nii.gz")
    apart = touch(tmp_path / "apart", "images/p1.nii.gz", "masks/p1_gt.nii.gz")
    assert pair_by_case(a, flat)[0][0][2].name == "p1_manual.nii.gz"
    assert pair_by_case(a, apart)[0][0][2].name == "p1_gt.nii.gz"


def test_two_files_are_a_pair_whatever_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "result.nii", "b/truth.nii", "b/result_gt.nii")
    a = tmp_path / "result.nii"
    assert pair_by_case(a, tmp_path / "b" / "truth.nii")[0] == [
        ("result", a, tmp_path / "b" / "truth.nii")
    ]
    assert pair_by_case(a, tmp_path / "b") == ([("result", a, tmp_path / "b/result_gt.nii")], [])
    with pytest.raises(FileError, match="expected a folder or a NIfTI file"):
        pair_by_case(a, tmp_path / "gone")


def test_a_single_channel_is_paired_with_the_mask_of_its_case(tmp_path: Path) -> None:
    a = touch(tmp_path / "a", "p1_0000.nii.gz", "p2_0000.nii.gz", "p3_0000.nii.gz", "p3.nii.gz")
    b = touch(tmp_path / "b", "p1_gt.nii.gz", "p2_0000_gt.nii.gz", "p3_gt.nii.gz")
    for first, second in ((a, b), (b, a)):
        pairs, messages = pair_by_case(first, second)
        assert [name for name, _, _ in pairs] == ["p1", "p2_0000", "p3"]
        assert all("p3_0000.nii.gz has no partner" in message for message in messages)
        assert len(messages) == 1


@pytest.mark.parametrize(
    "mask",
    ["p1-label.nii.gz", "p1.seg.nii.gz", "label_p1.nii.gz", "labelsTr/p1.nii.gz",
     "labels/p1.nii.gz", "labels/final/p1.nii.gz", "p1/label.nii.gz", "seg_p1.nii.gz"],
)  # fmt: skip
def test_masks_under_other_names_and_in_other_folders(tmp_path: Path, mask: str) -> None:
    a = touch(tmp_path / "a", "p1.nii.gz")
    image = "p1/image.nii.gz" if mask.startswith("p1/") else "imagesTr/p1_0000.nii.gz"
    b = touch(tmp_path / "b", mask, image if "/" in mask else "p1.nii.gz")
    assert paired(a, b) == [("p1", "p1.nii.gz", mask)]


def test_masks_by_patient_are_paired_with_the_files_that_segment_wrote(tmp_path: Path) -> None:
    names = [f"P{n}_sa_{phase}.nii.gz" for n in (0, 1) for phase in ("ED", "ES")]
    a = touch(tmp_path / "a", *names)
    b = tmp_path / "b"
    for patient in ("P0", "P1"):
        for phase in ("ED", "ES"):
            touch(b / patient, *(f"{start}sa_{phase}.nii.gz" for start in ("", "label_", "seg_")))
    assert [two for _, _, two in paired(a, b)] == [
        f"P{n}/label_sa_{phase}.nii.gz" for n in (0, 1) for phase in ("ED", "ES")
    ]
    assert pair_by_case(a, b)[1] == []


def test_a_mask_that_is_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    a = touch(tmp_path / "a", "p1.nii.gz", "p2.nii.gz")
    b = touch(tmp_path / "b", "p1_gt.nii.gz")
    (b / "p2_gt.nii.gz").symlink_to(tmp_path / "nowhere")
    told, alone = pair_by_case(a, b)[1]
    assert told.startswith("p2_gt.nii.gz is only a link to a file that is not there")
    assert alone == f"p2.nii.gz has no partner in {b}."


def test_both_files_of_a_pair_are_one_mask(tmp_path: Path) -> None:
    a = touch(tmp_path / "a", "p1.img", "p1.hdr")
    b = touch(tmp_path / "b", "p1_gt.nii")
    assert paired(a, b) == [("p1", "p1.img", "p1_gt.nii")]
    assert pair_by_case(a / "p1.hdr", b / "p1_gt.nii")[0][0][1] == a / "p1.img"


def test_masks_are_told_from_the_working_copies_in_images_beside_them(tmp_path: Path) -> None:
    # As segment leaves them of a DICOM cine.
    a = touch(tmp_path / "a", "p_frame00.nii", "p_frame01.nii", "images/p.nii", "images/p.json")
    b = touch(tmp_path / "b", "p_frame00_gt.nii", "p_frame01_gt.nii")
    pairs, messages = pair_by_case(a, b)
    assert [name for name, _, _ in pairs] == ["p_frame00", "p_frame01"]
    assert messages == []
