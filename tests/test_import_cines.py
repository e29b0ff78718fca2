"""``import`` of cines: all frames of a heart, or those that are asked for, with their times."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_cine as write_dicom

from napari_scribblemix.data.cine_times import read_cine_times
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.frames import frames_of, labels_left
from napari_scribblemix.project.project import Project
from phantoms import draw, write_cine, write_file

Run = Callable[..., tuple[int, str, str]]
FRAMES = 4


def cine(folder: Path, name: str = "heart", frames: int = FRAMES) -> Path:
    return write_cine(folder / f"{name}.nii.gz", [draw(0)[0] + 10 * n for n in range(frames)])


def cases(project: Path) -> dict[str, CaseFiles]:
    with Project.open(project) as opened:
        return {files.id: files for files in opened.case_files()}


def test_each_frame_of_a_cine_becomes_a_case_of_one_heart(tmp_path: Path, run: Run) -> None:
    image = cine(tmp_path / "in")
    code, out, _ = run("import", tmp_path / "in", "--output", tmp_path / "p")
    assert code == 0
    assert "heart: 4 frames, a case each" in out
    assert "(4 cases)" in out
    with Project.open(tmp_path / "p.scribblemix") as project:
        assert [case.id for case in project.cases] == [f"heart_frame0{n}" for n in range(FRAMES)]
        for n in range(FRAMES):
            shown = project.read_image(f"heart_frame0{n}").array
            assert np.allclose(shown, draw(0)[0] + 10 * n, atol=0.1)
            assert project.image_path(f"heart_frame0{n}") == image


def test_each_phase_of_a_dicom_study_becomes_a_case(tmp_path: Path, run: Run) -> None:
    write_dicom(tmp_path / "in", 3, 5)
    assert run("import", tmp_path / "in", "--output", tmp_path / "p")[0] == 0
    assert list(cases(tmp_path / "p.scribblemix")) == [f"study01_sax_frame0{n}" for n in range(5)]


def test_frames_that_are_asked_for_come_alone(tmp_path: Path, run: Run) -> None:
    cine(tmp_path / "in")
    write_file(tmp_path / "in" / "still.nii.gz", draw(1)[0])
    code, out, _ = run(
        "import", tmp_path / "in", "--output", tmp_path / "p", "--frame", "3", "--frame", "0"
    )
    assert code == 0
    assert "heart: of its frames 0, 3" in out
    names = ["heart_frame00", "heart_frame03", "still"]
    assert list(cases(tmp_path / "p.scribblemix")) == names


def test_a_frame_that_is_not_there_leaves_that_cine_out_and_says_so(
    tmp_path: Path, run: Run
) -> None:
    cine(tmp_path / "in")
    cine(tmp_path / "in", "long", 9)
    code, out, err = run("import", tmp_path / "in", "--output", tmp_path / "p", "--frame", "7")
    assert code == 1
    assert "heart is left out: Got frame 7 of heart, a cine of 4 frames; expected 0 to 3." in err
    assert "1 left out" in out
    assert list(cases(tmp_path / "p.scribblemix")) == ["long_frame07"]


def test_a_frame_of_what_is_no_cine_is_refused(tmp_path: Path, run: Run) -> None:
    write_file(tmp_path / "in" / "still.nii.gz", draw(1)[0])
    code, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p", "--frame", "7")
    assert (code, "no image is a cine" in err) == (2, True)
    assert not (tmp_path / "p.scribblemix").exists()
    code, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p", "--frame", "-1")
    assert (code, err.count("\n")) == (2, 1)


def test_a_copied_cine_is_one_file_with_its_times_and_no_name(tmp_path: Path, run: Run) -> None:
    image = cine(tmp_path / "in")
    said = {"trigger_ms": [0, 20, 40, 60], "heart_rate": 61, "PatientName": "Zzyzxcanary"}
    (tmp_path / "in" / "heart.json").write_text(json.dumps(said))
    told = read_cine_times(image, FRAMES)
    assert run("import", tmp_path / "in", "--output", tmp_path / "p", "--copy")[0] == 0
    (tmp_path / "in").rename(tmp_path / "gone")
    found = cases(tmp_path / "p.scribblemix")
    assert len(found) == FRAMES
    assert {files.frame for files in found.values()} == set(range(FRAMES))
    (copy,) = {files.image for files in found.values()}
    assert copy == tmp_path / "p.scribblemix" / "images" / "heart.nii.gz"
    assert read_cine_times(copy, FRAMES) == told
    assert "Zzyzx" not in copy.with_name("heart.json").read_text()


def test_labels_of_a_whole_cine_are_left_out_and_named(tmp_path: Path, run: Run) -> None:
    cine(tmp_path / "in" / "images")
    write_file(tmp_path / "in" / "scribbles" / "heart_scribble.nii.gz", draw(0)[2])
    code, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p")
    assert code == 0
    assert "heart: Its labels are left out: the image is a cine" in err
    assert all(files.scribble is None for files in cases(tmp_path / "p.scribblemix").values())


def test_what_is_no_cine_stays_as_it_is(tmp_path: Path) -> None:
    write_file(tmp_path / "still.nii.gz", draw(1)[0])
    files = CaseFiles("still", tmp_path / "still.nii.gz", scribble=tmp_path / "s.nii.gz")
    assert frames_of(files) == (files,)
    assert labels_left(files, (files,)) == ()


@pytest.mark.parametrize("damage", [b"", b"no image"])
def test_a_cine_that_cannot_be_read_stops_no_other(tmp_path: Path, run: Run, damage: bytes) -> None:
    cine(tmp_path / "in")
    (tmp_path / "in" / "bad.nii.gz").write_bytes(damage)
    code, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p")
    assert code == 1
    assert "bad" in err
    assert len(cases(tmp_path / "p.scribblemix")) == FRAMES


def test_a_damaged_cine_is_one_line_for_all_its_frames(tmp_path: Path, run: Run) -> None:
    image = cine(tmp_path / "in")
    run("import", tmp_path / "in", "--output", tmp_path / "p")
    image.write_bytes(image.read_bytes()[:300])
    code, out, err = run("inspect", tmp_path / "p.scribblemix")
    assert code == 1
    assert "4 unusable" in out
    assert err.count("heart.nii.gz could not be read") == 1
    assert "heart_frame00 and 3 more: " in err
    code, out, err = run(
        "segment", "starter", tmp_path / "p.scribblemix", "--output", tmp_path / "m"
    )
    assert code == 1
    assert "4 of 4 images failed" in out
    assert err.count("heart.nii.gz could not be read") == 1
