"""Working copies that are gone, damaged or changed: made again, or told in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_cine

from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.project.copy_sources import SOURCES, source_places
from napari_scribblemix.project.mended_copies import broken_copies, mend_copies
from napari_scribblemix.project.working_copies import source_stack, unpack
from phantoms import write_file

Run = Callable[..., tuple[int, str, str]]
Damage = Callable[[Path], None]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def scrambled(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = (Path.unlink, cut, scrambled, emptied)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    write_cine(tmp_path / "in", 3, 4)
    (made,) = unpack(tmp_path / "in", tmp_path / "p" / "images")
    return made.path


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_copy_is_made_again_the_very_same(copy: Path, damage: Damage) -> None:
    whole = copy.read_bytes()
    assert broken_copies(copy.parent) == []
    damage(copy)
    (line,) = mend_copies(copy.parent)
    assert "it was made again" in line
    assert copy.read_bytes() == whole
    assert mend_copies(copy.parent) == ()


@pytest.mark.parametrize("damage", DAMAGES)
def test_so_it_is_where_the_study_is_opened_again(
    copy: Path, tmp_path: Path, damage: Damage
) -> None:
    whole = copy.read_bytes()
    damage(copy)
    (again,) = unpack(tmp_path / "in", copy.parent)
    assert (again.path, again.reused) == (copy, False)
    assert again.note is not None
    assert "it was made again" in again.note
    assert copy.read_bytes() == whole
    (once_more,) = unpack(tmp_path / "in", copy.parent)
    assert (once_more.reused, once_more.note) == (True, None)


def test_a_changed_copy_is_kept_under_another_name(copy: Path, tmp_path: Path) -> None:
    whole = copy.read_bytes()
    changed = whole[:-1] + bytes([whole[-1] ^ 1])
    for name in ("study01_sax.nii.changed", "study01_sax.nii.changed2"):
        copy.write_bytes(changed)
        assert broken_copies(copy.parent) == []
        (again,) = unpack(tmp_path / "in", copy.parent)
        assert copy.read_bytes() == whole
        assert copy.with_name(name).read_bytes() == changed
        assert again.note is not None
        assert name in again.note


def test_a_copy_of_an_earlier_version_has_no_checksum_and_is_used(
    copy: Path, tmp_path: Path
) -> None:
    path = copy.parent / SOURCES
    said = json.loads(path.read_text())
    del said["copies"][copy.name]["sha256"]
    path.write_text(json.dumps(said))
    (again,) = unpack(tmp_path / "in", copy.parent)
    assert (again.reused, again.note) == (True, None)
    cut(copy)
    assert len(mend_copies(copy.parent)) == 1


def test_times_that_are_gone_or_damaged_are_written_again(copy: Path, tmp_path: Path) -> None:
    told = copy.with_suffix(".json")
    before, whole = told.read_bytes(), copy.stat().st_mtime_ns
    for damage in (Path.unlink, cut, emptied):
        damage(told)
        (line,) = mend_copies(copy.parent)
        assert "study01_sax.json" in line
        assert told.read_bytes() == before
        damage(told)
        (again,) = unpack(tmp_path / "in", copy.parent)
        assert again.reused
        assert told.read_bytes() == before
    assert copy.stat().st_mtime_ns == whole


def test_height_and_weight_that_were_asked_for_survive(copy: Path, tmp_path: Path) -> None:
    unpack(tmp_path / "in", copy.parent, body=True)
    told = copy.with_suffix(".json").read_bytes()
    copy.unlink()
    mend_copies(copy.parent)
    copy.unlink()
    unpack(tmp_path / "in", copy.parent)
    assert copy.with_suffix(".json").read_bytes() == told


def test_without_the_scanners_files_one_line_says_what_to_do(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "in").rename(tmp_path / "gone")
    cut(copy)
    damaged = copy.read_bytes()
    (line,) = mend_copies(copy.parent)
    assert "study01_sax.nii" in line
    assert "not where they were when it was made; put them back" in line
    assert copy.read_bytes() == damaged


def test_a_study_that_was_moved_is_known_from_where_it_was_opened_last(
    copy: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").rename(tmp_path / "moved")
    (again,) = unpack(tmp_path / "moved", copy.parent)
    assert (again.path, again.reused) == (copy, True)
    assert source_places(copy.parent) == [tmp_path / "moved"]
    assert source_stack(copy).images[0][0].path.parent == tmp_path / "moved"


def test_who_is_killed_while_a_copy_is_written_finds_its_name_free(
    copy: Path, tmp_path: Path
) -> None:
    # The entry is written first: without it the file would be another's.
    copy.unlink()
    copy.with_suffix(".json").unlink()
    (again,) = unpack(tmp_path / "in", copy.parent, name="study01")
    assert again.path == copy


def test_a_folder_without_copies_or_with_damaged_words_is_left_alone(tmp_path: Path) -> None:
    assert mend_copies(tmp_path) == ()
    (tmp_path / SOURCES).write_text("{")
    assert mend_copies(tmp_path) == ()
    (tmp_path / SOURCES).write_text(json.dumps({"copies": {"../a.nii": {}, "b.nii": 3}}))
    (line,) = mend_copies(tmp_path)
    assert line.startswith("b.nii")


@pytest.mark.parametrize("command", ["inspect", "report", "export"])
def test_each_command_mends_before_it_begins(
    copy: Path, tmp_path: Path, run: Run, command: str
) -> None:
    whole = copy.read_bytes()
    mask = np.zeros((3, 24, 20), np.uint8)
    mask[:, 8:14, 8:14] = 3
    masks = copy.parent.parent
    write_file(masks / "study01_sax_frame00.nii.gz", mask)
    cut(copy)
    out = [] if command == "inspect" else ["--output", tmp_path / "out"]
    folder = copy.parent if command == "inspect" else masks
    _, _, err = run(command, folder, *out)
    assert "The working copy study01_sax.nii was damaged; it was made again." in err
    assert copy.read_bytes() == whole
    assert read_image(copy, 3).array.shape == mask.shape
