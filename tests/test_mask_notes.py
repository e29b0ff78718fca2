from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from napari_scribblemix import __version__
from napari_scribblemix.cli.app import main
from napari_scribblemix.project.mask_notes import MASK_NOTES, MaskNotes, put_aside, remember_masks
from phantoms import draw, write_file


@pytest.fixture
def masks(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    for number, path in enumerate(paths):
        path.write_bytes(b"mask %d" % number)
    remember_masks({path: {"model": "starter", "step": n} for n, path in enumerate(paths)})
    return paths


def test_what_is_known_of_a_mask_is_found_again(masks: tuple[Path, Path]) -> None:
    notes = MaskNotes(masks[0].parent)
    assert [notes.of(mask) for mask in masks] == [
        {"model": "starter", "step": 0},
        {"model": "starter", "step": 1},
    ]


def test_nothing_is_said_of_a_mask_that_was_changed_since(masks: tuple[Path, Path]) -> None:
    masks[0].write_bytes(b"corrected elsewhere")
    assert MaskNotes(masks[0].parent).of(masks[0]) == {}
    assert MaskNotes(masks[0].parent).of(masks[1])


def test_a_changed_mask_is_told_from_one_that_nobody_recorded(masks: tuple[Path, Path]) -> None:
    masks[0].write_bytes(b"corrected elsewhere")
    other = masks[0].with_name("c.nii.gz")
    other.write_bytes(b"from another program")
    notes = MaskNotes(masks[0].parent)
    assert [notes.changed(mask) for mask in (*masks, other)] == [True, False, False]


def test_masks_made_later_are_added_and_those_that_are_gone_are_dropped(
    masks: tuple[Path, Path],
) -> None:
    masks[0].unlink()
    third = masks[0].with_name("c.nii.gz")
    third.write_bytes(b"third")
    remember_masks({third: {"model": "run"}})
    content = json.loads((third.parent / MASK_NOTES).read_text())
    assert sorted(content) == ["b.nii.gz", "c.nii.gz"]


@pytest.mark.parametrize("content", ["[]", "{", "", '{"a.nii.gz": 3}', '{"a.nii.gz": {}}'])
def test_a_file_that_says_something_else_says_nothing(tmp_path: Path, content: str) -> None:
    mask = tmp_path / "a.nii.gz"
    mask.write_bytes(b"mask")
    (tmp_path / MASK_NOTES).write_text(content)
    assert MaskNotes(tmp_path).of(mask) == {}
    remember_masks({mask: {"model": "starter"}})
    assert MaskNotes(tmp_path).of(mask) == {"model": "starter"}


@pytest.mark.parametrize("content", ["[]", "{", "", "3", '{"a.nii.gz": 3}', "\xff"])
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, content: str) -> None:
    mask, said = tmp_path / "a.nii.gz", tmp_path / MASK_NOTES
    mask.write_bytes(b"mask")
    for name in (f"{MASK_NOTES}.damaged", f"{MASK_NOTES}.damaged2"):
        said.write_text(content, encoding="latin-1")
        damage = MaskNotes(tmp_path).damage
        assert damage is not None
        assert damage.startswith(str(said))
        assert "restore or remove it" in damage
        remember_masks({mask: {"model": "starter"}})
        assert (tmp_path / name).read_text(encoding="latin-1") == content
        assert MaskNotes(tmp_path).damage is None
        assert MaskNotes(tmp_path).of(mask) == {"model": "starter"}
    assert put_aside(tmp_path) is None


def test_segment_says_who_made_each_mask_and_the_report_repeats_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, phase in enumerate(("ED", "ES")):
        write_file(tmp_path / "images" / f"heart_{phase}.nii.gz", draw(number)[0])
    output = tmp_path / "masks"
    assert main(["segment", "starter", str(tmp_path / "images"), "--output", str(output)]) == 0
    known = MaskNotes(output).of(output / "heart_ED.nii.gz")
    assert (known["model"], known["kind"], known["version"]) == ("starter", "bundled", __version__)
    assert len(known["quality"]) == len(draw(0)[0])
    # The folder can still be measured and segmented into again.
    shutil.copytree(output, tmp_path / "truth")
    assert main(["evaluate", str(output), str(tmp_path / "truth")]) == 0
    assert main(["report", str(output), "--output", str(tmp_path / "pages")]) == 0
    page = (tmp_path / "pages" / "heart.html").read_text()
    assert "ED (heart_ED): Mask: starter" in page
    assert f"version {__version__}" in page
    assert "not recorded" not in page
    capsys.readouterr()
    # A damaged list is told by who reads it and by who writes it anew, and kept.
    (output / MASK_NOTES).write_text("{")
    assert main(["report", str(output), "--output", str(tmp_path / "again")]) == 0
    assert capsys.readouterr().err.count(f"{MASK_NOTES} could not be read") == 1
    segment = ["segment", "starter", str(tmp_path / "images"), "--output", str(output)]
    assert main([*segment, "--overwrite"]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert f"It is kept as {MASK_NOTES}.damaged." in told
    assert (output / f"{MASK_NOTES}.damaged").read_text() == "{"
    assert MaskNotes(output).of(output / "heart_ED.nii.gz")["model"] == "starter"
