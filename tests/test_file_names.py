"""Names of NIfTI files: single ones and pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix.data.file_names import (
    as_volume,
    files_of,
    is_nifti,
    pair_of,
    split_name,
    volumes_among,
    written_name,
)


@pytest.mark.parametrize(
    ("name", "parts", "written"),
    [
        ("a.nii", ("a", ".nii"), "a.nii"),
        ("v1.2.Nii.GZ", ("v1.2", ".Nii.GZ"), "v1.2.Nii.GZ"),
        ("a.img", ("a", ".img"), "a.nii.gz"),
        ("A.HDR", ("A", ".HDR"), "A.nii.gz"),
        ("a.b.img.gz", ("a.b", ".img.gz"), "a.b.nii.gz"),
    ],
)
def test_names_are_split_and_written(name: str, parts: tuple[str, str], written: str) -> None:
    assert is_nifti(Path(name))
    assert split_name(name) == parts
    assert written_name(name) == written


@pytest.mark.parametrize("name", [".a.nii", "._a.img", "a.nii.txt", "a.gz", "a.imgs", "img"])
def test_other_names_are_no_nifti(name: str) -> None:
    assert not is_nifti(Path(name))


@pytest.mark.parametrize(
    ("header", "voxels"),
    [("a.hdr", "a.img"), ("a.HDR", "a.IMG"), ("a.hdr", "a.IMG"), ("a.HDR", "a.img"),
     ("a.hdr.gz", "a.img.gz"), ("a.HDR.GZ", "a.IMG.GZ")],
)  # fmt: skip
def test_a_pair_is_found_from_either_file(tmp_path: Path, header: str, voxels: str) -> None:
    for name in (header, voxels):
        (tmp_path / name).touch()
    pair = (tmp_path / header, tmp_path / voxels)
    assert pair_of(pair[0]) == pair_of(pair[1]) == pair
    assert as_volume(pair[0]) == as_volume(pair[1]) == pair[1]
    assert files_of(pair[1]) == pair
    assert volumes_among(pair) == ([pair[1]], [])


def test_a_pair_is_one_volume_and_half_of_one_is_none(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.hdr", "a.img", "b.img", "c.hdr", "d.nii", "d.hdr.gz")]
    for path in paths:
        path.touch()
    whole, halves = volumes_among(paths)
    assert [path.name for path in whole] == ["a.img", "d.nii"]
    assert [path.name for path in halves] == ["b.img", "c.hdr", "d.hdr.gz"]
    assert as_volume(tmp_path / "c.hdr") == tmp_path / "c.hdr"
