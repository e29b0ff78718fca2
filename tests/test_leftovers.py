"""What of a folder is not read is named, each with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import fill, found

from napari_scribblemix.errors import FileError
from napari_scribblemix.project.layouts import images_in, survey


def test_folders_that_are_not_read_are_named_wherever_they_lie(tmp_path: Path) -> None:
    fill(tmp_path, "P1", "old/P1", "deep/er/P2", "heart.scribblemix/scribbles/P1:s")
    (tmp_path / "notes").mkdir()
    assert found(tmp_path) == [("P1", "P1", None, None)]
    assert [line.split(" is ")[0] for line in survey(tmp_path).warnings] == [
        "The folder deep",
        "The folder old",
    ]


def test_files_beside_the_folder_of_images_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "images/P1", "P2", "P1_scribble:s")
    assert found(tmp_path) == [("P1", "images/P1", None, None)]
    assert [line.split(";")[0] for line in survey(tmp_path).warnings] == [
        f"{name}.nii.gz is not read, because it lies beside the folder of images"
        for name in ("P1_scribble", "P2")
    ]


@pytest.mark.parametrize("folder", ["images", "scribbles", "masks", ".", "patient"])
def test_a_link_to_a_file_that_is_not_there_is_named(tmp_path: Path, folder: str) -> None:
    fill(tmp_path, "patient/P1" if folder == "patient" else "images/P1")
    if folder == ".":
        (tmp_path / "images" / "P1.nii.gz").rename(tmp_path / "P1.nii.gz")
        (tmp_path / "images").rmdir()
    (tmp_path / folder).mkdir(exist_ok=True)
    link = tmp_path / folder / "P2.nii.gz"
    link.symlink_to(tmp_path / "nowhere.nii.gz")
    (tmp_path / folder / "loop.nii.gz").symlink_to(tmp_path / folder / "loop.nii.gz")
    assert [case.id for case in survey(tmp_path).cases] == ["P1"]
    lines = survey(tmp_path).warnings
    assert [line.split(" is only ")[0] for line in lines] == [
        link.with_name(name).relative_to(tmp_path).as_posix()
        for name in ("P2.nii.gz", "loop.nii.gz")
    ]
    assert all("a link to a file that is not there; fetch it (datalad get" in x for x in lines)


def test_a_folder_that_is_a_link_to_nowhere_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "images/P1")
    (tmp_path / "scribbles").symlink_to(tmp_path / "gone")
    (line,) = survey(tmp_path).warnings
    assert line.startswith("scribbles is only a link to a file that is not there")


@pytest.mark.parametrize(
    "text",
    ["../nowhere.nii.gz", "/annex/objects/MD5E-s12--ab.nii.gz\n",
     "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"],
)  # fmt: skip
def test_a_text_that_holds_the_place_of_a_scan_is_named(tmp_path: Path, text: str) -> None:
    fill(tmp_path, "images/P1")
    (tmp_path / "images" / "P2.nii.gz").write_text(text)
    (line,) = survey(tmp_path).warnings
    assert line.startswith("images/P2.nii.gz is only a link to a file that is not there")


def test_other_formats_folders_like_files_and_half_pairs_are_named(tmp_path: Path) -> None:
    fill(tmp_path, "P1")
    for name in ("P1.seg.nrrd", "P2.mha", "P3.img"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "P4.nii.gz").mkdir()
    lines = survey(tmp_path).warnings
    assert [line.split(";")[0] for line in lines] == [
        "P1.seg.nrrd is no NIfTI file, and is not read",
        "P2.mha is no NIfTI file, and is not read",
        "The folder P4.nii.gz is called a file but is none",
        "P3.img is half of a pair of .img and .hdr, and is not read",
    ]


def test_sets_of_cases_are_not_mixed(tmp_path: Path) -> None:
    fill(tmp_path, "train/images/a", "val/images/b")
    with pytest.raises(FileError, match=r"without an image; .* choose .*train\.$"):
        survey(tmp_path)


def test_a_folder_of_labels_alone_has_no_image_and_says_why(tmp_path: Path) -> None:
    fill(tmp_path, "P1-label:s", "P2-label:s")
    for look in (survey, images_in):
        with pytest.raises(FileError, match=r"without an image; .*P1-label\.nii\.gz looks like "):
            look(tmp_path)


def test_many_alike_are_told_in_few_lines(tmp_path: Path) -> None:
    fill(tmp_path, "P1", *(f"P{number}-label:s" for number in range(10, 30)))
    lines = survey(tmp_path).warnings
    assert len(lines) == 4
    assert lines[-1] == (
        "The same holds for 17 more: P13-label.nii.gz, P14-label.nii.gz, P15-label.nii.gz, ..."
    )
