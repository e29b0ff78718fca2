"""What a segmentation refuses to write, and that it says so before the work."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_outputs import cine, images, settings, touch

from napari_scribblemix.errors import FileError, SettingsError
from napari_scribblemix.inference.outputs import (
    check_outputs,
    collect_cases,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import group_images
from phantoms import write_file

Run = Callable[..., tuple[int, str, str]]


def test_masks_never_replace_images(tmp_path: Path) -> None:
    written = images(tmp_path / "in", "a.nii.gz")
    with pytest.raises(SettingsError, match="would replace its image"):
        check_outputs(group_images(written), settings(tmp_path / "in"))


def test_nothing_is_segmented_from_working_copies_into_the_scanners_files(tmp_path: Path) -> None:
    written = images(tmp_path / "in", "a.nii.gz")
    entry = {"source": ["../scanner"], "fingerprint": "x"}
    (tmp_path / "in" / "sources.json").write_text(json.dumps({"copies": {"a.nii.gz": entry}}))
    (tmp_path / "scanner").mkdir()
    with pytest.raises(FileError, match="inside the DICOM folder"):
        check_outputs(group_images(written), settings(tmp_path / "scanner" / "out"))
    check_outputs(group_images(written), settings(tmp_path / "out"))


needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")


def linked_images(tmp_path: Path) -> Path:
    """``images/P1.nii.gz``, a link into ``store/``, as in trees of datalad."""
    images(tmp_path / "store", "raw.nii.gz")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "P1.nii.gz").symlink_to("../store/raw.nii.gz")
    return tmp_path / "images"


@needs_links
@pytest.mark.parametrize("output", ["images", "store", "by_link"])
def test_masks_never_replace_images_that_are_links(tmp_path: Path, output: str) -> None:
    folder = linked_images(tmp_path)
    (tmp_path / "by_link").symlink_to("images")
    chosen = settings(tmp_path / output, overwrite=True)
    with pytest.raises(SettingsError, match="where the images lie; a mask would replace its"):
        check_outputs(list(collect_cases([folder]).cases), chosen)


@needs_links
@pytest.mark.parametrize("hard", [False, True])
def test_masks_never_replace_an_image_by_another_name(tmp_path: Path, hard: bool) -> None:
    (image,) = images(tmp_path / "in", "P1.nii.gz")
    (tmp_path / "out").mkdir()
    for name in ("P1.nii.gz", "P1_entropy.nii.gz", "P1_probability_scar.nii.gz"):
        target = tmp_path / "out" / name
        if hard:
            os.link(image, target)
        else:
            target.symlink_to(image)
        chosen = settings(tmp_path / "out", overwrite=True, entropy=True, probabilities=True)
        with pytest.raises(SettingsError, match=f"{name} is one of the images by another name"):
            check_outputs(group_images([image]), chosen)
        target.unlink()


@needs_links
@pytest.mark.parametrize("target", ["nothing.nii.gz", "P1.nii.gz"])
def test_a_link_that_leads_to_nothing_is_there_too(tmp_path: Path, target: str) -> None:
    written = images(tmp_path / "in", "P1.nii.gz")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "P1.nii.gz").symlink_to(target)
    with pytest.raises(SettingsError, match=r"1 of the files .* already in"):
        check_outputs(group_images(written), settings(tmp_path / "out"))
    check_outputs(group_images(written), settings(tmp_path / "out", overwrite=True))


@needs_links
def test_segment_leaves_what_lies_behind_links_as_it_is(run: Run, tmp_path: Path) -> None:
    folder = linked_images(tmp_path)
    before = (tmp_path / "store" / "raw.nii.gz").read_bytes()
    common = ("segment", "starter", folder, "--overwrite", "--threads", "1", "--output")
    code, _, err = run(*common, folder)
    assert (code, "would replace its image" in err) == (2, True)
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "P1.nii.gz").symlink_to("../new.nii.gz")
    (tmp_path / "masks" / ".P1.nii.gz.12345678.part").touch()
    assert run(*common, tmp_path / "masks")[0] == 0
    assert not (tmp_path / "masks" / "P1.nii.gz").is_symlink()
    assert [path.name for path in (tmp_path / "masks").glob("*.nii*")] == ["P1.nii.gz"]
    assert not (tmp_path / "new.nii.gz").exists()
    assert (tmp_path / "store" / "raw.nii.gz").read_bytes() == before


@needs_links
def test_an_output_that_is_a_link_to_itself_is_one_line(run: Run, tmp_path: Path) -> None:
    images(tmp_path / "in", "P1.nii.gz")
    (tmp_path / "self").symlink_to("self")
    for command in (
        ("segment", "starter", tmp_path / "in", "--threads", "1", "--output", tmp_path / "self"),
        ("import", tmp_path / "in", "--output", tmp_path / "self"),
        ("train", tmp_path / "in", "--output", tmp_path / "self"),
        ("inspect", tmp_path / "self"),
        ("evaluate", tmp_path / "self", tmp_path / "self"),
        ("segment", tmp_path / "self", tmp_path / "in", "--output", tmp_path / "masks"),
    ):
        code, _, err = run(*command)
        assert "Unexpected" not in err, command
        assert code in (1, 2) or command[0] == "import"


def test_masks_that_are_there_stay_unless_asked(tmp_path: Path) -> None:
    written = images(tmp_path / "in", "a.nii.gz", "b.nii.gz")
    write_file(tmp_path / "out" / "b.nii.gz", np.zeros((4, 8, 8), np.uint8))
    with pytest.raises(SettingsError, match=r"1 of the files .* already in .*\(b\.nii\.gz\)"):
        check_outputs(group_images(written), settings(tmp_path / "out"))
    check_outputs(group_images(written), settings(tmp_path / "out", overwrite=True))


def test_masks_of_single_frames_stay_too(tmp_path: Path) -> None:
    path = cine(tmp_path / "in" / "cine.nii.gz")
    touch(tmp_path / "out", "cine_frame01.nii.gz")
    with pytest.raises(SettingsError, match=r"already in .*cine_frame01\.nii\.gz"):
        check_outputs(group_images([path]), settings(tmp_path / "out"))
    check_outputs(group_images([path]), settings(tmp_path / "out", frame=0))


@pytest.mark.parametrize(
    ("name", "asked"),
    [("a_entropy.nii.gz", "entropy"), ("a_probability_left_ventricle.nii.gz", "probabilities")],
)
def test_what_is_written_beside_masks_stays_too(tmp_path: Path, name: str, asked: str) -> None:
    written = images(tmp_path / "in", "a.nii.gz")
    touch(tmp_path / "out", name)
    check_outputs(group_images(written), settings(tmp_path / "out"))
    with pytest.raises(SettingsError, match=f"1 of the files .*{name}"):
        check_outputs(group_images(written), settings(tmp_path / "out", **{asked: True}))


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    written = images(tmp_path / "a", "x.nii") + images(tmp_path / "b", "x.nii")
    with pytest.raises(SettingsError, match="file names twice"):
        check_outputs(group_images(written), settings(tmp_path / "out"))


def test_a_cine_and_an_image_named_like_its_frame_are_refused(tmp_path: Path) -> None:
    written = [cine(tmp_path / "a.nii.gz"), *images(tmp_path, "a_frame00.nii.gz")]
    with pytest.raises(SettingsError, match=r"1 file names twice \(a_frame00\.nii\.gz\)"):
        check_outputs(group_images(written), settings(tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "asked"),
    [("a_entropy.nii.gz", "entropy"), ("a_probability_scar.nii.gz", "probabilities")],
)
def test_an_image_named_like_another_ones_further_file_is_refused(
    tmp_path: Path, name: str, asked: str
) -> None:
    written = images(tmp_path / "in", "a.nii.gz", name)
    check_outputs(group_images(written), settings(tmp_path / "out"))
    with pytest.raises(SettingsError, match=f"file names twice .{name}"):
        check_outputs(group_images(written), settings(tmp_path / "out", **{asked: True}))


def test_an_unreadable_image_stops_no_other_yet(tmp_path: Path) -> None:
    written = images(tmp_path / "in", "a.nii.gz")
    (tmp_path / "in" / "bad.nii.gz").write_bytes(b"nothing")
    check_outputs(
        group_images([tmp_path / "in" / "bad.nii.gz", *written]), settings(tmp_path / "out")
    )


@pytest.mark.parametrize("place", [".", "reviews", "reviews/corrected", "scribbles", "predictions"])
def test_masks_never_come_among_what_a_person_made_in_a_project(tmp_path: Path, place: str) -> None:
    image = images(tmp_path / "in", "P1.nii.gz")[0]
    project = tmp_path / "p.scribblemix"
    touch(project, "project.json")
    cases = [CaseFiles("P1", image)]
    for overwrite in (False, True):
        with pytest.raises(SettingsError, match="inside a project"):
            check_outputs(cases, settings(project / place, overwrite=overwrite))
    check_outputs(cases, settings(project / "runs" / "a" / "val"))


def test_an_output_folder_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = group_images(images(tmp_path / "in", "a.nii.gz"))
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=r"file is no folder"):
        check_outputs(cases, settings(tmp_path / "file" / "masks"))
    asked: list[Path] = []

    def refuse(path: Path, mode: int) -> bool:
        asked.append(Path(path))
        return False

    monkeypatch.setattr(os, "access", refuse)
    with pytest.raises(FileError, match=r"may not be written to; choose another folder"):
        check_outputs(cases, settings(tmp_path / "new" / "masks"))
    assert asked == [tmp_path]
