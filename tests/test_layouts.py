from __future__ import annotations

from pathlib import Path

import pytest
from folders import touch

from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.project.layouts import (
    find_cases,
    group_images,
    survey,
)
from napari_scribblemix.project.project import Project
from phantoms import write_folder


def found(folder: Path) -> list[tuple[str, str | None, str | None, str | None]]:
    def shown(path: Path | None) -> str | None:
        return None if path is None else path.relative_to(folder).as_posix()

    return [
        (case.id, shown(case.image), shown(case.scribble), shown(case.mask))
        for case in find_cases(folder)
    ]


def test_images_scribbles_and_masks_in_folders_of_their_own(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "images/b.nii.gz", "images/a.nii.gz", "images/c.nii.gz",
        "scribbles/b_scribble.nii.gz", "masks/a_gt.nii.gz", "masks/b.nii.gz",
    )  # fmt: skip
    assert found(tmp_path) == [
        ("a", "images/a.nii.gz", None, "masks/a_gt.nii.gz"),
        ("b", "images/b.nii.gz", "scribbles/b_scribble.nii.gz", "masks/b.nii.gz"),
        ("c", "images/c.nii.gz", None, None),
    ]


def test_files_are_paired_by_name_and_never_by_order(tmp_path: Path) -> None:
    # In sorted order the only scribble stands beside the wrong image.
    touch(tmp_path, "images/s1.nii", "images/s10.nii", "images/s2.nii", "scribbles/s2.nii")
    assert [(case.id, case.scribble is not None) for case in find_cases(tmp_path)] == [
        ("s1", False),
        ("s10", False),
        ("s2", True),
    ]


def test_a_flat_folder(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "p1.nii.gz", "p1_scribble.nii.gz", "p1_gt.nii.gz", "p2_DE.nii.gz", "p2_DE_manual.nii.gz",
        ".p3.nii.gz", "notes.txt",
    )  # fmt: skip
    assert found(tmp_path) == [
        ("p1", "p1.nii.gz", "p1_scribble.nii.gz", "p1_gt.nii.gz"),
        ("p2_DE", "p2_DE.nii.gz", None, "p2_DE_manual.nii.gz"),
    ]


def test_acdc_as_distributed_leaves_the_whole_cine_out(tmp_path: Path) -> None:
    for patient in ("patient001", "patient002"):
        touch(
            tmp_path / patient,
            *(f"{patient}_frame{n}{end}.nii.gz" for n in ("01", "12") for end in ("", "_gt")),
            f"{patient}_4d.nii.gz",
            "Info.cfg",
        )
    result = survey(tmp_path)
    assert [case.id for case in result.cases] == [
        f"patient00{p}_frame{n}" for p in (1, 2) for n in ("01", "12")
    ]
    assert all(case.mask is not None for case in result.cases)
    assert [warning.split()[0] for warning in result.warnings] == [
        "patient001_4d.nii.gz",
        "patient002_4d.nii.gz",
    ]


@pytest.mark.parametrize("late", ["DE", "LGE"])
def test_myops_images_are_the_channels_of_one_case(tmp_path: Path, late: str) -> None:
    # As distributed: images and labels in two folders beside each other.
    for patient in ("101", "102"):
        touch(tmp_path / "train25", *(f"myops_training_{patient}_{s}.nii" for s in ("T2", "C0")))
        touch(tmp_path / "train25", f"myops_training_{patient}_{late}.nii")
        touch(tmp_path / "train25_gd", f"myops_training_{patient}_gd.nii")
    result = survey(tmp_path)
    assert result.warnings == ()
    assert [case.id for case in result.cases] == ["myops_training_101", "myops_training_102"]
    for case in result.cases:
        assert case.channels == ("C0", "LGE", "T2")
        assert [path.stem.rpartition("_")[2] for path in case.images] == ["C0", late, "T2"]
        assert case.mask is not None
        assert case.id in case.mask.name


def test_numbered_channels_are_one_case_and_one_number_alone_is_an_image(tmp_path: Path) -> None:
    touch(tmp_path / "many", "images/a_0001.nii", "images/a_0000.nii", "labels/a_gt.nii")
    (case,) = survey(tmp_path / "many").cases
    assert (case.id, case.channels) == ("a", ("0000", "0001"))
    assert [path.name for path in case.images] == ["a_0000.nii", "a_0001.nii"]
    assert case.mask is not None
    touch(tmp_path / "one", "images/a_0000.nii", "images/b_0000.nii", "scribbles/a.nii")
    cases = survey(tmp_path / "one").cases
    # Labelled it is named after its label, as nnU-Net's are; without one after its file.
    assert [(case.id, case.channels) for case in cases] == [("a", ()), ("b_0000", ())]


def test_a_case_without_a_channel_of_the_others_is_left_out_and_said(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        touch(tmp_path, *(f"images/{name}_{s}.nii" for s in ("C0", "LGE", "T2")))
        touch(tmp_path, f"scribbles/{name}_scribble.nii")
    (tmp_path / "images" / "b_T2.nii").unlink()
    touch(tmp_path, "images/d.nii")
    result = survey(tmp_path)
    assert [case.id for case in result.cases] == ["a", "c"]
    without_t2, single = result.warnings
    expected = "expected the channels C0, LGE, T2 as in the other cases, so it is left out"
    assert without_t2 == f"b: got the channels C0, LGE (b_C0.nii); {expected}: add T2."
    assert single == f"d: got one image (d.nii); {expected}: move it elsewhere."


def test_many_single_images_outvote_two_that_look_like_channels(tmp_path: Path) -> None:
    touch(tmp_path, *(f"images/p{n}.nii" for n in range(5)), "images/x_C0.nii", "images/x_T2.nii")
    result = survey(tmp_path)
    assert [case.id for case in result.cases] == [f"p{n}" for n in range(5)]
    assert result.warnings[0].startswith(
        "x: got the channels C0, T2 (x_C0.nii); expected one image"
    )


def test_files_to_segment_are_grouped_folder_by_folder(tmp_path: Path) -> None:
    touch(tmp_path, "x/a_C0.nii", "x/a_T2.nii", "x/b_T2.nii", "y/b_C0.nii")
    paths = [tmp_path / name for name in ("x/b_T2.nii", "x/a_T2.nii", "x/a_C0.nii", "y/b_C0.nii")]
    cases = group_images(paths)
    assert [(case.id, len(case.images)) for case in cases] == [
        ("b_T2", 1),
        ("a", 2),
        ("b_C0", 1),
    ]


def test_a_scribble_without_its_image_is_said(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.nii", "scribbles/b_scribble.nii", "masks/b_gt.nii")
    result = survey(tmp_path)
    assert [case.id for case in result.cases] == ["a"]
    (warning,) = result.warnings
    assert "b_scribble.nii and b_gt.nii: no image named b; expected one" in warning


def test_a_folder_that_is_not_read_is_said(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.nii", "contours/a.nii", "documents/a.txt")
    assert [warning[:23] for warning in survey(tmp_path).warnings] == ["The folder contours is "]


@pytest.mark.parametrize("name", ["labels", "label", "Labels"])
def test_one_folder_of_labels_is_split_by_their_endings(tmp_path: Path, name: str) -> None:
    # As the authors of CycleMix lay MSCMRseg out.
    touch(tmp_path / "train", "images/s1_DE.nii.gz", f"{name}/s1_DE_scribble.nii.gz")
    touch(tmp_path / "val", "images/s2_DE.nii.gz", f"{name}/s2_DE_manual.nii.gz")
    assert found(tmp_path / "train") == [
        ("s1_DE", "images/s1_DE.nii.gz", f"{name}/s1_DE_scribble.nii.gz", None)
    ]
    assert found(tmp_path / "val") == [
        ("s2_DE", "images/s2_DE.nii.gz", None, f"{name}/s2_DE_manual.nii.gz")
    ]
    assert survey(tmp_path / "train").warnings == ()


def test_a_label_of_which_nobody_says_what_it_is_is_not_guessed(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.nii", "labels/a.nii", "labels/b.nii", "scribbles/a.nii")
    result = survey(tmp_path)
    assert [(case.scribble is not None, case.mask) for case in result.cases] == [(True, None)]
    assert [warning.split(";")[0] for warning in result.warnings] == [
        f"labels/{name}.nii is not read, because neither its name nor its folder says what it holds"
        for name in "ab"
    ]


def test_two_labels_of_one_image_under_two_names_are_both_kept(tmp_path: Path) -> None:
    touch(tmp_path, "images/p101_DE.nii", "images/p101_T2.nii")
    touch(tmp_path, "scribbles/p101_scribble.nii", "masks/p101_DE_gt.nii")
    assert found(tmp_path) == [
        ("p101", "images/p101_DE.nii", "scribbles/p101_scribble.nii", "masks/p101_DE_gt.nii")
    ]
    touch(tmp_path, "masks/p101_gt.nii")
    with pytest.raises(FileError, match=r"two masks for the image p101_DE\.nii: .*move one"):
        find_cases(tmp_path)


def test_a_sequence_with_labels_of_its_own_is_a_case_of_its_own(tmp_path: Path) -> None:
    touch(tmp_path, *(f"images/p101_{sequence}.nii" for sequence in ("C0", "DE", "T2")))
    touch(tmp_path, "scribbles/p101_scribble.nii", "masks/p101_T2_gt.nii")
    assert found(tmp_path) == [
        ("p101", "images/p101_DE.nii", "scribbles/p101_scribble.nii", None),
        ("p101_T2", "images/p101_T2.nii", None, "masks/p101_T2_gt.nii"),
    ]
    assert [warning.split(";")[1] for warning in survey(tmp_path).warnings] == [
        " p101_C0.nii are left out."
    ]


@pytest.mark.parametrize("twin", ["images/a.nii", "images/a_image.nii.gz"])
def test_two_images_of_one_name_are_an_error(tmp_path: Path, twin: str) -> None:
    touch(tmp_path, "images/a.nii.gz", twin)
    with pytest.raises(FileError, match="two images for the case a"):
        find_cases(tmp_path)


def test_two_scribbles_of_one_image_are_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.nii", "scribbles/a.nii", "scribbles/a_scribble.nii")
    with pytest.raises(FileError, match="two scribble files for the case a"):
        find_cases(tmp_path)


def test_folders_without_images_are_errors_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nothing there"):
        find_cases(tmp_path / "gone")
    touch(tmp_path, "train/images/a.nii", "note.txt")
    with pytest.raises(FileError, match=r"without an image.* choose .*train"):
        find_cases(tmp_path)
    with pytest.raises(FileError, match="a file"):
        find_cases(tmp_path / "note.txt")


def test_a_project_is_read_like_a_folder(tmp_path: Path) -> None:
    plain = write_folder(tmp_path / "plain", scribbled=2, unlabelled=1, masked=1)
    with Project.create(tmp_path / "heart.scribblemix") as project:
        for case in reversed(find_cases(plain)):
            project.add_case(case)
        # Also while another program has it open.
        cases = find_cases(project.folder)
    assert [case.id for case in cases] == [f"case0{number}" for number in range(4)]
    assert [case.scribble is not None for case in cases] == [True, True, False, False]
    assert [case.mask is not None for case in cases] == [False, False, False, True]
    assert cases[0].scribble is not None
    assert cases[0].scribble.is_relative_to(project.folder)


def test_a_project_without_its_record_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path / "heart.scribblemix", "scribbles/a.nii.gz")
    with pytest.raises(ProjectError, match=r"no project\.json"):
        find_cases(tmp_path / "heart.scribblemix")
