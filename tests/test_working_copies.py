"""Working copies of DICOM: the same voxels in the same place, nothing of a person, made once."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_files import NORMAL, ORIGIN, ROW, value, write_cine

from napari_scribblemix.data.cine_times import OTHER_VIEW, read_cine_times, shows_other_view
from napari_scribblemix.data.dicom import needed
from napari_scribblemix.data.dicom.stacks import find_stacks
from napari_scribblemix.data.nifti import number_of_frames, read_image
from napari_scribblemix.errors import FileError, GeometryError, SettingsError
from napari_scribblemix.project.copy_sources import SOURCES
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.working_copies import source_stack, unpack
from napari_scribblemix.resources import sample_folder

Run = Callable[..., tuple[int, str, str]]

CANARY = "Zzyzxcanary"


def identified(data: object, number: int, frame: int) -> None:
    """Every place of a header where a person or a scan is named."""
    for keyword in (
        "PatientName", "PatientComments", "OtherPatientNames", "InstitutionName", "StudyID",
        "ReferringPhysicianName", "PatientAddress", "AccessionNumber", "DeviceSerialNumber",
        "StationName", "ImageComments", "StudyDescription", "OperatorsName",
    ):  # fmt: skip
        setattr(data, keyword, CANARY)
    data.PatientID = CANARY  # type: ignore[attr-defined]
    data.SeriesDescription = f"{CANARY} cine sa"  # type: ignore[attr-defined]
    data.ProtocolName = CANARY  # type: ignore[attr-defined]
    data.PatientBirthDate, data.PatientAge = "19470311", "064Y"  # type: ignore[attr-defined]
    data.PatientSize, data.PatientWeight = 1.83, 91.5  # type: ignore[attr-defined]


def everything_in(folder: Path) -> bytes:
    names = "\n".join(str(path.relative_to(folder)) for path in folder.rglob("*"))
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != SOURCES]
    return names.encode() + b"".join(path.read_bytes() for path in files)


def test_a_copy_has_the_voxels_place_and_times_of_the_stack(tmp_path: Path) -> None:
    write_cine(tmp_path / "in", 4, 6)
    (copy,) = unpack(tmp_path / "in", tmp_path / "out")
    assert copy.path == tmp_path / "out" / "study01_sax.nii"
    assert number_of_frames(copy.path) == 6
    for frame in range(6):
        volume = read_image(copy.path, frame)
        assert volume.array[:, 0, 0].tolist() == [value(z, frame) for z in range(4)]
        assert volume.notes == ()
    affine = read_image(copy.path, 0).geometry.affine
    assert affine[:3, 3] == pytest.approx(ORIGIN * (-1, -1, 1), abs=1e-4)
    assert np.abs(affine - copy.stack.geometry.affine).max() < 1e-5
    times = read_cine_times(copy.path, 6)
    assert times.trigger_ms == copy.stack.trigger_ms
    assert times.heart_rate == pytest.approx(66.7)


def test_a_still_stack_becomes_a_volume(tmp_path: Path) -> None:
    write_cine(tmp_path / "in", 4, 1)
    stacks = find_stacks(tmp_path / "in").stacks
    (copy,) = unpack(tmp_path / "in", tmp_path / "out", stacks, name="A 7")
    assert copy.path.name == "A 7_stack.nii"
    assert read_image(copy.path).array.shape == (4, 24, 20)


@pytest.mark.slow
def test_nothing_of_a_person_is_in_copies_words_or_masks(tmp_path: Path, run: Run) -> None:
    source = tmp_path / f"{CANARY}_study"
    write_cine(source, 3, 2, change=identified, stem=CANARY)
    (source / f"{CANARY}.dcm").write_bytes(b"\0" * 128 + b"DICM" + CANARY.encode())
    unpack(source, tmp_path / "out")
    code, out, err = run("import", source, "--output", tmp_path / "p")
    assert code == 0
    told = out + err
    code, *_ = run("segment", "starter", source, "--output", tmp_path / "m", "--frame", "0")
    assert code == 0
    project = tmp_path / "p.scribblemix"
    with Project.open(project) as opened:
        assert [case.id for case in opened.cases] == [f"study01_sax_frame0{n}" for n in (0, 1)]
    spread = (
        everything_in(tmp_path / "out") + everything_in(project) + everything_in(tmp_path / "m")
    )
    for secret in (CANARY, "19470311", "064Y", "91.5", "1.83", "20120304", "1.2.826"):
        assert secret.encode() not in spread
        assert secret not in told
    notes = [note for stack in find_stacks(source).stacks for note in stack.notes]
    assert CANARY not in repr((notes, find_stacks(source).left_out))


def test_height_and_weight_are_kept_only_when_asked_for(tmp_path: Path) -> None:
    write_cine(tmp_path / "in", 3, 2, change=identified)
    (copy,) = unpack(tmp_path / "in", tmp_path / "out")
    assert "height_cm" not in json.loads(copy.path.with_suffix(".json").read_text())
    (copy,) = unpack(tmp_path / "in", tmp_path / "out", body=True)
    assert copy.reused
    said = json.loads(copy.path.with_suffix(".json").read_text())
    assert (said["height_cm"], said["weight_kg"]) == (183.0, 91.5)


def test_copies_are_used_again_until_a_file_changes(tmp_path: Path) -> None:
    files = write_cine(tmp_path / "in", 3, 2)
    (first,) = unpack(tmp_path / "in", tmp_path / "out")
    before = first.path.stat().st_mtime_ns
    (again,) = unpack(tmp_path / "in", tmp_path / "out")
    assert (again.path, again.reused) == (first.path, True)
    assert again.path.stat().st_mtime_ns == before
    os.utime(files[0], ns=(1, 1))
    (changed,) = unpack(tmp_path / "in", tmp_path / "out")
    assert (changed.path.name, changed.reused) == ("study02_sax.nii", False)
    assert first.path.stat().st_mtime_ns == before
    with pytest.raises(FileError, match="not what they were"):
        source_stack(first.path)
    assert source_stack(changed.path).images[0][0].path == files[0]


def test_a_copy_finds_its_stack_again_also_when_both_were_moved(tmp_path: Path) -> None:
    write_cine(tmp_path / "a" / "in", 3, 2)
    unpack(tmp_path / "a" / "in", tmp_path / "a" / "out")
    (tmp_path / "a").rename(tmp_path / "b")
    stack = source_stack(tmp_path / "b" / "out" / "study01_sax.nii")
    assert stack.images[1][2].path == tmp_path / "b" / "in" / "im02_01.dcm"
    with pytest.raises(FileError, match="no working copy"):
        source_stack(tmp_path / "b" / "out" / "other.nii")


def test_a_name_that_is_taken_or_no_name_is_refused(tmp_path: Path) -> None:
    write_cine(tmp_path / "in", 3, 2)
    write_cine(tmp_path / "other", 4, 2)
    unpack(tmp_path / "in", tmp_path / "out", name="A1")
    with pytest.raises(FileError, match="has a case A1 of other files"):
        unpack(tmp_path / "other", tmp_path / "out", name="A1")
    with pytest.raises(SettingsError, match="part of a file name"):
        unpack(tmp_path / "other", tmp_path / "out", name="../A1")
    assert [copy.id for copy in unpack(tmp_path / "other", tmp_path / "out")] == ["study01_sax"]


def test_copies_are_never_written_into_the_dicom_folder(tmp_path: Path) -> None:
    write_cine(tmp_path / "in", 3, 2)
    with pytest.raises(FileError, match="inside the DICOM folder"):
        unpack(tmp_path / "in", tmp_path / "in" / "masks" / "images")
    assert not (tmp_path / "in" / "masks").exists()


def test_slices_that_are_not_even_are_refused_until_accepted(tmp_path: Path, run: Run) -> None:
    def moved(data: object, number: int, frame: int) -> bool:
        return number != 2

    write_cine(tmp_path / "in", 6, 2, change=moved)
    with pytest.raises(GeometryError, match=r"not evenly spaced \(10, 20, 2 x 10 mm\)"):
        unpack(tmp_path / "in", tmp_path / "out")
    code, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p")
    assert code == 2
    assert "--uneven" in err
    (copy,) = unpack(tmp_path / "in", tmp_path / "out", uneven=True)
    assert read_image(copy.path, 0).array.shape == (5, 24, 20)
    with pytest.raises(GeometryError, match="not evenly"):  # also of a copy that is there
        unpack(tmp_path / "in", tmp_path / "out")
    said = json.loads(copy.path.with_suffix(".json").read_text())
    assert any("not evenly spaced" in note for note in said["notes"])
    assert said["slice_positions_mm"] == pytest.approx([0, 10, 30, 40, 50], abs=0.01)


def test_without_the_extra_one_line_says_how_to_get_it(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cine(tmp_path / "in", 3, 2)
    monkeypatch.setattr(needed, "is_installed", lambda: False)
    for command in (["inspect"], ["import", "--output", str(tmp_path / "p")]):
        code, _, err = run(*command, tmp_path / "in")
        assert code == 2
        (line,) = err.splitlines()
        assert line.endswith("needs an extra: pip install 'napari-scribblemix[dicom]'.")


def test_dicom_beside_nifti_is_told(tmp_path: Path, run: Run) -> None:
    write_cine(tmp_path / "in", 3, 2)
    unpack(tmp_path / "in", tmp_path / "both" / "images", name="a")
    write_cine(tmp_path / "both" / "dicom", 3, 2)
    _, _, err = run("inspect", tmp_path / "both")
    assert "DICOM files, which are not: give their folder by itself" in err


def test_the_command_line_lists_chooses_and_refuses(tmp_path: Path, run: Run) -> None:
    write_cine(tmp_path / "in", 3, 2)
    write_cine(tmp_path / "in" / "late", 3, 1, origin=ORIGIN + 3)
    (tmp_path / "in" / "notes.txt").write_text("x")
    code, out, _ = run("inspect", tmp_path / "in")
    assert code == 0
    assert "short-axis cine" in out
    assert "2 stacks of 1 study" in out
    assert "left out: 1 file: no DICOM." in out
    assert "notes.txt" not in out
    _, out, _ = run("inspect", tmp_path / "in", "--file-names")
    assert "notes.txt" in out
    code, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p", "--stack", "nope")
    assert (code, "expected one of sax, stack" in err) == (2, True)
    code, out, _ = run("import", tmp_path / "in", "--output", tmp_path / "p", "--stack", "stack")
    assert code == 0
    assert "study01_stack" in out


def test_train_names_the_commands_that_lead_to_strokes(tmp_path: Path, run: Run) -> None:
    write_cine(tmp_path / "in", 3, 2)
    code, _, err = run("train", tmp_path / "in", "--output", tmp_path / "r")
    assert code == 2
    steps = err.partition("import, draw, and train: ")[2].rstrip(".\n").split("; ")
    assert [step.split()[1] for step in steps] == ["import", "gui", "train"]
    assert run(*shlex.split(steps[0])[1:-1], tmp_path / "mine")[0] == 0
    _, _, err = run("train", tmp_path / "in")
    assert "draw in its project" in err
    assert f"train {tmp_path / 'mine.scribblemix'}." in err


def test_a_copy_says_whether_it_shows_the_short_axis(tmp_path: Path, run: Run) -> None:
    write_cine(tmp_path / "in", 4, 2)
    write_cine(tmp_path / "in" / "lax", 1, 2, row=ROW, column=-NORMAL)
    stacks = find_stacks(tmp_path / "in").stacks
    copies = unpack(tmp_path / "in", tmp_path / "out", stacks)
    assert {copy.stack.kind: shows_other_view(copy.path) for copy in copies} == {
        "short-axis cine": False,
        "long-axis cine": True,
    }
    _, _, err = run("import", tmp_path / "in", "--output", tmp_path / "p", "--stack", "lax")
    assert f"study01_lax: {OTHER_VIEW}" in err


@pytest.mark.slow
def test_of_another_view_no_quality_is_told(tmp_path: Path, run: Run) -> None:
    image = min((sample_folder("cine") / "heldout" / "images").iterdir())
    for told in (False, True):
        folder = tmp_path / str(told)
        folder.mkdir()
        shutil.copy(image, folder / "a.nii.gz")
        (folder / "a.json").write_text(json.dumps({"short_axis": not told}))
        code, out, err = run("segment", "starter", folder, "--output", folder / "out")
        assert code == 0
        assert ("do not trust masks of it" in err) is told
        assert ("Expected Dice" not in out) is told
        (record,) = json.loads((folder / "out" / "masks.json").read_text()).values()
        assert (record["case_quality"] is None) is told
