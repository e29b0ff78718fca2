"""Other people's folders: what is an image, what labels, and what is left out with a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from folders import MASK, fill, found

from napari_scribblemix.errors import FileError
from napari_scribblemix.project.layouts import images_in, sort_files, survey
from phantoms import write_file

OTHER_NAMES = [
    "P1-label", "P1-labels", "P1.seg", "P1-seg", "seg_P1", "P1-labelmap", "P1_labelmap",
    "P1_scribble (1)", "P1_scribble - Copy", "P1_gt copy", "P1_labels(2)", "reading two",
]  # fmt: skip


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_labels_under_other_names_are_no_images_and_told(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "P1", f"{name}:s")
    assert found(tmp_path) == [("P1", "P1", None, None)]
    case = "P1" if "P1" in name else name
    (line,) = survey(tmp_path).warnings
    assert line.startswith(
        f"{name}.nii.gz looks like labels and is not taken as an image; name it {case}_scribble "
        f"(strokes) or {case}_gt (a full mask), or put it into a folder scribbles or masks"
    )


@pytest.mark.parametrize("name", ["P1-label", "P1.seg", "P1_scribble (1)"])
def test_a_name_that_says_labels_is_no_image_whatever_its_values(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "P1", name)
    assert found(tmp_path) == [("P1", "P1", None, None)]
    (line,) = survey(tmp_path).warnings
    assert "is called labels of a kind that its name does not tell, and is not read" in line


@pytest.mark.parametrize(
    ("name", "scribble"),
    [("scribble_P1", True), ("P1-scribble", True), ("P1 scribbles", True), ("P1-gt", False),
     ("mask_P1", False), ("gt_P1", False), ("P1.mask", False), ("P1_dseg", False)],
)  # fmt: skip
def test_names_that_say_which_labels_are_read(tmp_path: Path, name: str, scribble: bool) -> None:
    fill(tmp_path, "P1", f"{name}:m")
    expected = ("P1", "P1", name if scribble else None, None if scribble else name)
    assert found(tmp_path) == [expected]
    assert survey(tmp_path).warnings == ()


@pytest.mark.parametrize(("kind", "scribble"), [("s", True), ("m", False)])
@pytest.mark.parametrize(
    ("image", "label"),
    [("P1", "label_P1"), ("P1", "P1_label"), ("P1", "P1_seg"), ("P1", "labels/final/P1"),
     ("imagesTr/P1_0000", "labelsTr/P1"), ("imagesTr/P1", "labelsTr/P1"),
     ("image_01", "label_01")],
)  # fmt: skip
def test_labels_of_a_layout_are_strokes_or_a_mask_by_their_values(
    tmp_path: Path, image: str, label: str, kind: str, scribble: bool
) -> None:
    fill(tmp_path, image, f"{label}:{kind}")
    case = "P1" if "P1" in image else "01"
    assert found(tmp_path) == [
        (case, image, label if scribble else None, None if scribble else label)
    ]
    assert survey(tmp_path).warnings == ()


@pytest.mark.parametrize("pen", [False, True], ids=["no background pen", "a background pen"])
def test_strokes_over_an_untouched_0_are_strokes_where_the_layout_does_not_say(
    tmp_path: Path, pen: bool
) -> None:
    strokes = np.zeros((4, 40, 40), np.uint8)
    strokes[:, 18:20, 10:30] = 3
    strokes[:, 25, 12:28] = 2
    strokes[:, 10:12, 5:15] = 1
    if pen:
        strokes[:, 2, 2:38] = 4
    image = np.random.default_rng(0).normal(100, 20, strokes.shape).astype(np.float32)
    write_file(tmp_path / "imagesTr" / "P1.nii.gz", image)
    write_file(tmp_path / "labelsTr" / "P1.nii.gz", strokes)
    assert found(tmp_path) == [("P1", "imagesTr/P1", "labelsTr/P1", None)]


def test_a_fourth_structure_makes_no_strokes(tmp_path: Path) -> None:
    fill(tmp_path, "imagesTr/P1", "labelsTr/P1:m")
    array = MASK.copy()
    array[0, :2, :2] = 4
    write_file(tmp_path / "labelsTr" / "P1.nii.gz", array)
    assert found(tmp_path) == [("P1", "imagesTr/P1", None, "labelsTr/P1")]


def test_slices_of_few_values_at_the_beginning_make_no_labels(tmp_path: Path) -> None:
    image = np.zeros((20, 200, 200), np.int16)
    image[19, 150:, :] = np.random.default_rng(0).integers(0, 900, (50, 200))
    write_file(tmp_path / "P1.nii.gz", image)
    assert [case.id for case in survey(tmp_path).cases] == ["P1"]


def test_an_image_of_few_values_can_be_called_one(tmp_path: Path) -> None:
    fill(tmp_path, "P1", "P2_image:m", "image_3:m")
    assert [case.id for case in survey(tmp_path).cases] == ["3", "P1", "P2"]
    assert survey(tmp_path).warnings == ()


def test_labels_among_the_images_are_told_or_go_with_theirs(tmp_path: Path) -> None:
    fill(tmp_path, "images/P1", "images/P1_scribble:s", "images/P2", "images/copy of P2:m")
    assert found(tmp_path) == [
        ("P1", "images/P1", "images/P1_scribble", None),
        ("P2", "images/P2", None, None),
    ]
    (line,) = survey(tmp_path).warnings
    assert line.startswith("images/copy of P2.nii.gz looks like labels")


def test_scribbles_and_masks_in_folders_beside_loose_images(tmp_path: Path) -> None:
    fill(tmp_path, "P1", "P2", "scribbles/P1_scribble:s", "masks/P2_gt:m", "labels/P2_scribble:s")
    assert found(tmp_path) == [
        ("P1", "P1", "scribbles/P1_scribble", None),
        ("P2", "P2", "labels/P2_scribble", "masks/P2_gt"),
    ]
    assert survey(tmp_path).warnings == ()


def test_a_folder_for_strokes_wins_over_one_that_does_not_say(tmp_path: Path) -> None:
    fill(tmp_path, "P1", "scribbles/P1:s", "labels/final/P1:s", "labels/original/P1:m")
    assert found(tmp_path) == [("P1", "P1", "scribbles/P1", None)]
    second, drafts = sorted(survey(tmp_path).warnings)[::-1]
    assert second.startswith("labels/final/P1.nii.gz is not read, because its case has labels of")
    assert drafts.startswith("The folder labels/original is not read")


def test_the_test_images_of_a_challenge_are_not_trained_on(tmp_path: Path) -> None:
    fill(tmp_path, "imagesTr/a_0000", "labelsTr/a:m", "imagesTs/b_0000", "labelsTs/b:m")
    (tmp_path / "dataset.json").write_text("{}")
    assert found(tmp_path) == [("a", "imagesTr/a_0000", None, "labelsTr/a")]
    assert [line.split(":")[0] for line in survey(tmp_path).warnings] == [
        "The folder imagesTs is not read",
        "The folder labelsTs is not read",
    ]
    for name in ("imagesTr", "labelsTr"):
        (tmp_path / name).rename(tmp_path.parent / f"{tmp_path.name}-{name}")
    assert found(tmp_path) == [("b", "imagesTs/b_0000", None, "labelsTs/b")]


def test_the_same_names_in_each_patients_folder(tmp_path: Path) -> None:
    # As the pipelines of UK Biobank lay it out.
    for patient in ("1000", "1001"):
        fill(
            tmp_path / patient, "sa_ED", "sa_ES", "label_sa_ED:m", "sa_ES_scribble:s", "seg_sa_ED:m"
        )
    assert found(tmp_path) == [
        (f"{p}_sa_{phase}", f"{p}/sa_{phase}", *labels)
        for p in ("1000", "1001")
        for phase, labels in (
            ("ED", (None, f"{p}/label_sa_ED")),
            ("ES", (f"{p}/sa_ES_scribble", None)),
        )
    ]
    assert [line.split()[0] for line in survey(tmp_path).warnings] == [
        "1000/seg_sa_ED.nii.gz",
        "1001/seg_sa_ED.nii.gz",
    ]


def test_labels_by_case_name_beside_patients_of_the_same_names(tmp_path: Path) -> None:
    fill(tmp_path, "P0/sa", "P1/sa", "scribbles/P1_sa_scribble:s", "masks/P0/sa:m")
    assert found(tmp_path) == [
        ("P0_sa", "P0/sa", None, "masks/P0/sa"),
        ("P1_sa", "P1/sa", "scribbles/P1_sa_scribble", None),
    ]


def test_files_that_are_called_after_what_they_hold_alone(tmp_path: Path) -> None:
    for patient in ("P0", "P1"):
        fill(tmp_path / patient, "image", "label:m", "scribble:s")
    expected = ("P0", "P0/image", "P0/scribble", "P0/label")
    assert found(tmp_path)[0] == expected
    assert found(tmp_path / "P1") == [("P1", "image", "scribble", "label")]


def test_channels_that_are_called_after_their_sequence_alone(tmp_path: Path) -> None:
    for patient in ("P0", "P1"):
        fill(tmp_path / patient, "C0", "LGE", "T2", "gt:m")
    cases = survey(tmp_path).cases
    assert [(case.id, case.channels, len(case.images)) for case in cases] == [
        (patient, ("C0", "LGE", "T2"), 3) for patient in ("P0", "P1")
    ]
    assert all(case.mask is not None for case in cases)


def test_bids_with_sessions_and_derivatives(tmp_path: Path) -> None:
    for session in ("ses-1", "ses-2"):
        name = f"sub-01_{session}_bold"
        fill(tmp_path, f"sub-01/{session}/anat/{name}", f"sub-01/{session}/anat/{name}_scribble:s")
    fill(tmp_path, "derivatives/manual/sub-01_ses-1_bold_dseg:m")
    assert [row[0] for row in found(tmp_path)] == ["sub-01_ses-1_bold", "sub-01_ses-2_bold"]
    assert all(row[2] for row in found(tmp_path))
    (line,) = survey(tmp_path).warnings
    assert line.startswith("The folder derivatives is not read")


def test_a_folder_of_images_and_one_of_contours_for_each_patient(tmp_path: Path) -> None:
    # As EMIDEC is: what its contours mean is not what scribbles mean here.
    for number in range(6):
        name = f"Case_N{number:03d}"
        fill(tmp_path / name, f"Images/{name}", f"Contours/{name}:m")
    assert [row[0] for row in found(tmp_path)] == [f"Case_N{number:03d}" for number in range(6)]
    lines = survey(tmp_path).warnings
    assert lines[0].startswith("The folder Case_N000/Contours is not read; name it scribbles or ")
    assert lines[-1].startswith("The same holds for 3 more: The folder Case_N003/Contours, ")


def test_mms_folders(tmp_path: Path) -> None:
    for patient in ("A0S9V9", "A1D0Q7"):
        fill(tmp_path / patient, f"{patient}_sa", f"{patient}_sa_gt:m")
    assert [(row[0], row[3]) for row in found(tmp_path)] == [
        (f"{p}_sa", f"{p}/{p}_sa_gt") for p in ("A0S9V9", "A1D0Q7")
    ]


def test_names_with_spaces_dots_and_accents(tmp_path: Path) -> None:
    # macOS writes the accent as a sign of its own.
    fill(tmp_path, "images/Mu\u0308ller v1.2 (ED)", "scribbles/M\u00fcller v1.2 (ED)_scribble:s")
    ((case, _, scribble, _),) = found(tmp_path)
    assert case == "M\u00fcller v1.2 (ED)"
    assert scribble is not None


def test_what_is_segmented_are_the_images(tmp_path: Path) -> None:
    for patient in ("P0", "P1"):
        fill(tmp_path / patient, "sa_C0", "sa_T2", "label_sa:m", "sa_4d", "sa_entropy")
    result = images_in(tmp_path)
    assert [(case.id, case.channels) for case in result.cases] == [
        (f"{patient}_{name}", channels)
        for patient in ("P0", "P1")
        for name, channels in (("sa_4d", ()), ("sa", ("C0", "T2")))
    ]


def test_files_chosen_together_go_together(tmp_path: Path) -> None:
    fill(tmp_path, "P1", "P2", "P1_scribble:s", "P2_gt:m", "P3_gt:m", "P2-label:s")
    result = sort_files(sorted(tmp_path.iterdir()))
    assert [
        (case.id, case.scribble is not None, case.mask is not None) for case in result.cases
    ] == [
        ("P1", True, False),
        ("P2", False, True),
    ]
    told = sorted(line.split()[0] for line in result.warnings)
    assert told == [str(tmp_path / "P2-label.nii.gz"), "P3_gt.nii.gz:"]
    with pytest.raises(FileError, match=r"is no image\. .*P2-label.nii.gz looks like labels"):
        sort_files([tmp_path / "P2-label.nii.gz"])
    with pytest.raises(FileError, match=r"is no image\. Choose its image"):
        sort_files([tmp_path / "P1_scribble.nii.gz"])
