"""What a person says of the patients of a report, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from report_of_hearts import STARTER, cine, cylinder_ml, heart, picture, project_of, run, table

from napari_scribblemix.data.nifti import read_geometry
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.chosen_phases import ChosenPhases, write_chosen_phases
from napari_scribblemix.report.cohort import read_patients, safe_text
from phantoms import write_file

__all__ = ["cine"]


def test_phases_can_be_chosen_and_a_wrong_one_is_refused(
    cine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(cine / "masks", "--output", cine / "out", "--ed", 0, "--es", 4) == 0
    (row,) = table(cine / "out")
    assert (row["ed"], row["es"]) == ("a_frame00", "a_frame04")
    assert run(cine / "masks", "--output", cine / "other", "--ed", 10) == 1
    assert "Got frame 10 for ED of a" in capsys.readouterr().err


def test_nothing_is_replaced_unasked(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = cine / "out"
    out.mkdir()
    (out / "a.html").write_text("mine")
    assert run(cine / "masks", "--output", out) == 2
    assert "use --overwrite" in capsys.readouterr().err
    assert (out / "a.html").read_text() == "mine"
    assert run(cine / "masks", "--output", out, "--overwrite") == 0
    assert "mine" not in (out / "a.html").read_text(encoding="utf-8")


def test_nothing_is_written_among_the_images_or_the_scanners_files(
    cine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cine / "scanner" / "deep").mkdir(parents=True)
    entry = {"source": ["../scanner"], "fingerprint": "x"}
    (cine / "images" / "sources.json").write_text(json.dumps({"copies": {"a.nii": entry}}))
    before = sorted(cine.rglob("*"))
    for output, words in (
        ("images", "where the images lie"),
        ("scanner/deep", "inside the DICOM folder"),
        ("scanner/new", "inside the DICOM folder"),
    ):
        code = run(cine / "masks", "--images", cine / "images", "--output", cine / output)
        assert (code, words in " ".join(capsys.readouterr().err.split())) == (2, True)
    assert sorted(cine.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_told_before_a_mask_is_read(
    cine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_scribblemix.cli.report.find_sources", None)
    assert run(cine / "masks", "--output", cine / "images" / "a.nii.gz" / "pages") == 2
    assert "is no folder; choose another" in " ".join(capsys.readouterr().err.split())


def test_a_table_of_patients_says_height_phases_and_angle(cine: Path) -> None:
    write_file(cine / "masks" / "b_ED.nii.gz", heart(20))
    write_file(cine / "masks" / "b_ES.nii.gz", heart(16))
    listed = cine / "patients.csv"
    listed.write_text(
        "patient;height_cm;weight_kg;heart_rate;ed;es;insertion\n"
        "a;180;80,0;;2;6;\nb;160;;70;;;120\n"
    )
    assert run(cine / "masks", "--output", cine / "out", "--patients", listed) == 0
    a, b = table(cine / "out")
    assert (a["ed"], a["es"], a["body_surface_m2"]) == ("a_frame02", "a_frame06", "2")
    assert (b["ed"], b["body_surface_m2"], b["heart_rate"]) == ("b_ED", "", "70")
    assert "insertion of the right ventricle at 120°" in (cine / "out" / "b.html").read_text()


def test_base_and_apex_can_be_cut(cine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cine / "masks", "--output", cine / "out", "--slices", "2-4") == 0
    (row,) = table(cine / "out")
    assert float(row["lv_edv_ml"]) == pytest.approx(cylinder_ml(20) / 2, rel=0.02)
    assert "Only the slices 2 to 4 count" in (cine / "out" / "a.html").read_text(encoding="utf-8")
    assert run(cine / "masks", "--output", cine / "b", "--slices", "2-8") == 1
    assert "a_frame00 has 8: choose slices from 0 to 7" in capsys.readouterr().err
    for wrong in ("4-2", "2", "-1-3"):
        assert run(cine / "masks", "--output", cine / "c", f"--slices={wrong}") == 2
        assert "expected the first and last slice, e.g. 2-10" in capsys.readouterr().err


def test_options_of_one_patient_are_refused_for_several(
    cine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_file(cine / "masks" / "b_ED.nii.gz", heart(20))
    assert run(cine / "masks", "--output", cine / "out", "--heart-rate", 60) == 2
    assert "Got --heart-rate for 2 patients" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no row"), ("name\na\n", "with the columns name"), ("patient,bmi\na,3\n", "bmi"),
     ("patient,height_cm\na,18000\n", "height_cm '18000' for a"),
     ("patient,ed\na,2.5\n", "ed '2.5'"), ("patient,ed\na,nan\n", "ed 'nan'")],
)  # fmt: skip
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "patients.csv"
    path.write_text(text)
    with pytest.raises(FileError, match=re.escape(words)):
        read_patients(path)


def test_a_name_is_no_formula_in_a_spreadsheet() -> None:
    assert safe_text("=1+1") == "'=1+1"
    assert safe_text("a\x1b[2J") == "a\\x1b[2J"


def test_the_phases_chosen_in_a_project_are_taken(tmp_path: Path) -> None:
    with project_of(tmp_path, dict.fromkeys(("a_frame01", "a_frame09"), STARTER)) as project:
        write_chosen_phases(project, "a", ChosenPhases(ed=9, es=1))
        assert run(project.folder, "--output", tmp_path / "out") == 0
    assert table(tmp_path / "out")[0]["ed"] == "a_frame09"


def test_height_and_weight_beside_the_image_are_taken_unless_a_person_says_one(cine: Path) -> None:
    (cine / "images" / "a.json").write_text('{"height_cm": 180, "weight_kg": 80}')
    images = ("--images", cine / "images")
    assert run(cine / "masks", *images, "--output", cine / "out") == 0
    assert table(cine / "out")[0]["body_surface_m2"] == "2"
    assert run(cine / "masks", *images, "--output", cine / "b", "--height", 160) == 0
    assert table(cine / "b")[0]["body_surface_m2"] == ""


@pytest.mark.parametrize("damage", [b"", b"no mask"])
def test_a_damaged_mask_leaves_its_patient_out_and_no_other(
    cine: Path, capsys: pytest.CaptureFixture[str], damage: bytes
) -> None:
    write_file(cine / "masks" / "b_ED.nii.gz", heart(20))
    write_file(cine / "masks" / "b_ES.nii.gz", heart(14))
    (cine / "masks" / "a_frame03.nii.gz").write_bytes(damage)
    assert run(cine / "masks", "--output", cine / "out") == 1
    assert "a is left out: " in capsys.readouterr().err
    assert [row["patient"] for row in table(cine / "out")] == ["b"]
    assert not (cine / "out" / "a.html").exists()


def test_a_damaged_file_of_a_project_leaves_its_patient_out_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with project_of(tmp_path, {"a_frame01": STARTER, "a_frame09": STARTER}) as project:
        image = tmp_path / "images" / "b.nii.gz"
        write_file(image, picture(heart(20)))
        project.add_case(CaseFiles("b", image))
        project.write_prediction("b", heart(20), read_geometry(image), STARTER)
        said = project.folder / "predictions" / "a_frame09.json"
        said.write_bytes(said.read_bytes()[:10])
        folder = project.folder
    assert run(folder, "--output", tmp_path / "out") == 1
    assert "a is left out: " in capsys.readouterr().err
    assert [row["patient"] for row in table(tmp_path / "out")] == ["b"]
