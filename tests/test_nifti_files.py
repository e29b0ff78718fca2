"""Files that are damaged, half a pair, a link or something else than NIfTI."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nifti_bytes import OBLIQUE, save, values

from napari_scribblemix.data.nifti import (
    number_of_frames,
    read_image,
    read_labels,
    write_labels,
)
from napari_scribblemix.data.pointers import absent
from napari_scribblemix.errors import FileError


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 30000, (64, 64, 8)).astype(np.int16)
    for name in ("cut.nii.gz", "cut.nii"):
        path = save(tmp_path / name, noise)
        path.write_bytes(path.read_bytes()[:20000])
        with pytest.raises(FileError, match=rf"{name} could not be read .* complete NIfTI"):
            read_image(path)


def test_files_that_are_no_nifti_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.nii.gz").write_bytes(b"no image")
    (tmp_path / "empty.nii").write_bytes(b"")
    for name in ("text.nii.gz", "empty.nii"):
        with pytest.raises(FileError, match=f"{name} could not be read"):
            read_image(tmp_path / name)
    with pytest.raises(FileError, match="does not exist"):
        read_image(tmp_path / "none.nii.gz")
    with pytest.raises(FileError, match="is a folder"):
        number_of_frames(tmp_path)


def test_colour_images_are_refused(tmp_path: Path) -> None:
    array = np.zeros((3, 3, 2), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "rgb.nii.gz")
    with pytest.raises(FileError, match=r"colours \(RGB\); .* per voxel: convert it to grey"):
        read_image(tmp_path / "rgb.nii.gz")
    nibabel.save(
        nibabel.Nifti1Image(np.zeros((3, 3, 2), np.complex64), np.eye(4)), tmp_path / "c.nii"
    )
    with pytest.raises(FileError, match=r"complex numbers; .*: save their magnitude"):
        read_image(tmp_path / "c.nii")


def save_pair(folder: Path, kind: type, names: tuple[str, str] = ("a.hdr", "a.img")) -> Path:
    """A pair of files, under these names; the path of its voxels."""
    image = kind(values(), np.diag([-1.5, 1.5, 8, 1]))
    image.to_file_map(
        {
            part: nibabel.FileHolder(str(folder / name))
            for part, name in zip(("header", "image"), names, strict=True)
        }
    )
    return folder / names[1]


@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.Nifti2Pair])
@pytest.mark.parametrize(
    "names", [("a.hdr", "a.img"), ("A.HDR", "A.IMG"), ("a.HDR", "a.img"), ("a.hdr.gz", "a.img.gz")]
)
def test_a_pair_is_read_from_either_file(
    tmp_path: Path, kind: type, names: tuple[str, str]
) -> None:
    path = save_pair(tmp_path, kind, names)
    for part in names:
        volume = read_image(tmp_path / part)
        np.testing.assert_array_equal(volume.array, values().transpose(2, 1, 0))
        assert volume.geometry.spacing == (8.0, 1.5, 1.5)
        assert number_of_frames(tmp_path / part) == 1
    write_labels(tmp_path / "mask.nii.gz", read_labels(path).array, volume.geometry)
    mask = nibabel.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(mask.affine, np.diag([-1.5, 1.5, 8, 1]))
    np.testing.assert_array_equal(np.asarray(mask.dataobj), values())


def test_half_of_a_pair_is_an_error_that_names_the_other(tmp_path: Path) -> None:
    path = save_pair(tmp_path, nibabel.Nifti1Pair)
    (tmp_path / "a.hdr").unlink()
    with pytest.raises(FileError, match=r"a\.img is half of a pair: a\.hdr is not there"):
        read_image(path)


def test_plain_analyze_is_one_clear_line(tmp_path: Path) -> None:
    path = save_pair(tmp_path, nibabel.AnalyzeImage)
    for each in (path, tmp_path / "a.hdr"):
        with pytest.raises(FileError, match=r"a\.hdr is no NIfTI header .*convert the pair to"):
            read_image(each)


def test_a_damaged_header_of_a_pair_is_named(tmp_path: Path) -> None:
    path = save_pair(tmp_path, nibabel.Nifti1Pair)
    (tmp_path / "a.hdr").write_bytes((tmp_path / "a.hdr").read_bytes()[:200])
    with pytest.raises(FileError, match=r"a\.hdr is no NIfTI header"):
        read_image(path)


def test_a_link_to_nowhere_and_a_text_in_its_place_say_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").symlink_to(tmp_path / "gone.nii.gz")
    (tmp_path / "b.nii.gz").write_text("../../.git/annex/objects/x.nii.gz")
    with pytest.raises(FileError, match=r"only a link to a file that is not there: fetch it \("):
        read_image(tmp_path / "a.nii.gz")
    with pytest.raises(FileError, match=r"only names a file that is not there; .*: fetch it"):
        read_image(tmp_path / "b.nii.gz")


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("name", ["a.NII.GZ", "a.Nii.gz", "a.nii.GZ", "a.NII", "a.Nii"])
def test_endings_count_in_any_capitals(tmp_path: Path, kind: type, name: str) -> None:
    plain = tmp_path / ("b.nii.gz" if name.lower().endswith("gz") else "b.nii")
    nibabel.save(kind(values(), OBLIQUE), plain)
    plain.rename(tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / name).array, values().transpose(2, 1, 0))


def test_a_damaged_file_with_such_an_ending_is_named(tmp_path: Path) -> None:
    for content in (b"", b"no image", gzip.compress(b"no image")):
        (tmp_path / "a.Nii.gz").write_bytes(content)
        with pytest.raises(FileError, match=r"a\.Nii\.gz could not be read"):
            read_image(tmp_path / "a.Nii.gz")


def test_what_is_not_there_is_told_from_what_a_link_stands_for(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").symlink_to(tmp_path / "annexed")
    assert "a.nii.gz is only a link to a file that is not there: fetch it" in absent(
        tmp_path / "a.nii.gz"
    )
    assert "b.nii.gz does not exist; check the path" in absent(tmp_path / "b.nii.gz")
