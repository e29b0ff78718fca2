"""The report as a whole: drawn hearts of known size to pages and a table."""

from __future__ import annotations

import csv
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.cli import app
from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.data.nifti import read_geometry
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.chosen_phases import ChosenPhases, write_chosen_phases
from napari_scribblemix.project.mask_notes import remember_masks
from napari_scribblemix.project.project import Project
from napari_scribblemix.report.cohort import read_patients, safe_text
from phantoms import write_cine, write_file

# mm; the phantoms' spacing is 8 x 1.5 x 1.5.
WALL = 9.0
SLICES = 6
STARTER = {"kind": "bundled", "model": "starter", "step": 5}


def heart(inner: float, scar: bool = False) -> NDArray[np.uint8]:
    """Cylinders of known radius, wall and height; a right ventricle beside; empty end slices."""
    y, x = np.mgrid[:64, :64] * 1.5
    far = np.hypot(y - 48, x - 54)
    plane = np.zeros((64, 64), np.uint8)
    plane[(np.hypot(y - 48, x - 30) < inner) & (far >= inner + WALL)] = 1
    plane[far < inner + WALL] = 2
    if scar:
        plane[(far < inner + WALL) & (x > 54) & (y > 48)] = 5
    plane[far < inner] = 3
    stack = np.repeat(plane[None], SLICES + 2, axis=0)
    stack[[0, -1]] = 0
    return stack


def picture(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    noise = np.random.default_rng(0).normal(0, 5, mask.shape)
    return (np.array([20, 200, 90, 220, 150, 250])[mask] + noise).astype(np.float32)


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    """Masks of ten frames of one cine, their 4-D image and its times."""
    radii = 20 - 6 * np.sin(np.pi * (np.arange(10) - 1) / 10) ** 2
    masks = [heart(radius) for radius in radii]
    for number, mask in enumerate(masks):
        write_file(tmp_path / "masks" / f"a_frame{number:02d}.nii.gz", mask)
    write_cine(tmp_path / "images" / "a.nii.gz", [picture(mask) for mask in masks])
    times = {"trigger_ms": [100.0 * n for n in range(10)]}
    (tmp_path / "images" / "a.json").write_text(json.dumps(times))
    return tmp_path


def run(*words: object) -> int:
    return app.main(["report", *map(str, words)])


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "measures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Outside(HTMLParser):
    """Collects whatever a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "iframe", "object", "embed", "base", "form"}:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.found.append(name)
            inline = (value or "").startswith("data:image/png;base64,")
            if name in {"src", "href", "xlink:href", "action"} and not inline:
                self.found.append(str(value))


def outside(html: str) -> list[str]:
    parser = Outside()
    parser.feed(html)
    return parser.found


def cylinder_ml(radius: float) -> float:
    return math.pi * radius**2 * SLICES * 8.0 / 1000.0


def test_cylinders_are_measured_as_geometry_says(cine: Path) -> None:
    out = cine / "out"
    options = ("--height", 180, "--weight", 80)
    assert run(cine / "masks", "--images", cine / "images", "--output", out, *options) == 0
    (row,) = table(out)
    edv, wall = cylinder_ml(20), cylinder_ml(29) - cylinder_ml(20)
    esv = float(row["lv_esv_ml"])
    assert row["ed"] == "a_frame01"
    assert row["es"] in {"a_frame05", "a_frame06"}
    assert float(row["lv_edv_ml"]) == pytest.approx(edv, rel=0.02)
    assert esv == pytest.approx(cylinder_ml(14), rel=0.05)
    assert float(row["lv_ef"]) == pytest.approx(100 * (1 - esv / float(row["lv_edv_ml"])), abs=0.1)
    assert float(row["mass_g"]) == pytest.approx(1.05 * wall, rel=0.03)
    assert float(row["lv_edv_ml_per_m2"]) == pytest.approx(edv / 2, rel=0.02)
    assert float(row["heart_rate"]) == pytest.approx(60)
    thickness = [float(row[f"thickness_{n}_mm"]) for n in range(1, 17)]
    assert thickness == pytest.approx([WALL] * 16, abs=0.5)


def test_the_page_shows_all_slices_and_loads_nothing(cine: Path) -> None:
    assert run(cine / "masks", "--images", cine / "images", "--output", cine / "out") == 0
    html = (cine / "out" / "a.html").read_text(encoding="utf-8")
    assert outside(html) == []
    assert html.count("<figure>") == 2 * (SLICES + 2)
    assert html.count("data:image/png") == 2 * (SLICES + 2)
    assert html.count("Research use only; not for diagnosis.") == 2
    for words in ("Volume over the heart cycle", "ED (1)", "Papillary", "Mosteller", "Petersen"):
        assert words in html
    # Of volumes by body surface nothing is said where height and weight are not known.
    assert "by body surface" not in html


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


def test_the_page_says_that_a_mask_was_changed_since_it_was_recorded(cine: Path) -> None:
    masks = cine / "masks"
    paths = sorted(masks.iterdir())
    remember_masks(dict.fromkeys(paths, STARTER))
    write_file(paths[1], heart(20.6))
    assert run(masks, "--output", cine / "pages", "--ed", "1", "--es", "6") == 0
    html = (cine / "pages" / "a.html").read_text()
    assert "ED (a_frame01): the mask was changed since" in html
    assert "ES (a_frame06): Mask: starter" in html


def test_names_and_notes_of_files_are_text_and_nothing_else(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>&'\"_ED"
    write_file(tmp_path / "masks" / f"{name}.nii.gz", heart(20))
    write_file(tmp_path / "masks" / f"{name[:-2]}ES.nii.gz", heart(14))
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    (page,) = (tmp_path / "out").glob("*.html")
    html = page.read_text(encoding="utf-8")
    assert outside(html) == []
    assert "<img" not in html
    assert "&lt;img src=x" in html


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


def test_a_late_scan_gives_its_volumes_and_the_share_of_scar(tmp_path: Path) -> None:
    scheme = np.array(MYOPS.file_values, np.uint16)
    scheme[0] = 0
    write_file(tmp_path / "masks" / "late.nii.gz", scheme[heart(20, scar=True)])
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    (row,) = table(tmp_path / "out")
    assert float(row["scar_percent_of_wall"]) == pytest.approx(25, abs=2)
    assert row["lv_edv_ml"] == ""
    assert float(row["lv_ml"]) == pytest.approx(cylinder_ml(20), rel=0.02)
    assert "phase not known" in (tmp_path / "out" / "late.html").read_text(encoding="utf-8")


def test_masks_of_some_frames_are_told_on_the_page(cine: Path, tmp_path: Path) -> None:
    for number in range(5, 10):
        (cine / "masks" / f"a_frame{number:02d}.nii.gz").unlink()
    folder = cine / "masks"
    assert run(folder, "--images", cine / "images", "--output", tmp_path / "out") == 0
    assert "Masks of 5 of 10 frames" in (tmp_path / "out" / "a.html").read_text()


def test_a_file_of_many_frames_is_a_cine_of_masks(tmp_path: Path) -> None:
    write_cine(tmp_path / "masks" / "a.nii.gz", [heart(20), heart(14)])
    assert run(tmp_path / "masks", "--output", tmp_path / "out") == 0
    (row,) = table(tmp_path / "out")
    assert (row["ed"], row["es"]) == ("a_frame00", "a_frame01")


def test_an_image_of_another_shape_is_said_and_not_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_file(tmp_path / "masks" / "a_ED.nii.gz", heart(20))
    write_file(tmp_path / "images" / "a_ED.nii.gz", picture(heart(20))[:-1])
    out = tmp_path / "out"
    assert run(tmp_path / "masks", "--images", tmp_path / "images", "--output", out) == 0
    assert "image and mask differ in shape" in capsys.readouterr().err


def project_of(folder: Path, makers: dict[str, dict[str, object]]) -> Project:
    project = Project.create(folder / "p.scribblemix", CARDIAC)
    for name, radius in (("a_frame01", 20.0), ("a_frame09", 14.0)):
        mask = heart(radius)
        path = folder / "images" / f"{name}.nii.gz"
        write_file(path, picture(mask))
        project.add_case(CaseFiles(name, path))
        project.write_prediction(name, mask, read_geometry(path), makers[name])
    return project


def test_a_project_says_who_made_and_who_accepted_the_masks(tmp_path: Path) -> None:
    told = {"quality": [0.9] * 7 + [0.4], "case_quality": 0.86}
    made = {name: {**STARTER, **told} for name in ("a_frame01", "a_frame09")}
    with project_of(tmp_path, made) as project:
        project.write_review("a_frame01", [2, 3], "Dr <b>")
        assert run(project.folder, "--output", tmp_path / "out") == 0
    html = (tmp_path / "out" / "a.html").read_text(encoding="utf-8")
    assert "ED (a_frame01): Mask: starter, step 5." in html
    assert "2 of 8 slices accepted by Dr &lt;b&gt; on 20" in html
    assert "ES (a_frame09): no slice is accepted." in html
    assert "expected Dice 0.86 when the model made it; probably poor in slice 7." in html
    assert float(table(tmp_path / "out")[0]["lv_ef"]) > 40


def test_masks_of_two_models_give_no_ejection_fraction(tmp_path: Path) -> None:
    run_of = {"kind": "run", "model": "cyclemix", "step": 9}
    with project_of(tmp_path, {"a_frame01": STARTER, "a_frame09": run_of}) as project:
        assert run(project.folder, "--output", tmp_path / "out") == 0
    (row,) = table(tmp_path / "out")
    assert (row["lv_ef"], row["lv_sv_ml"]) == ("", "")
    assert float(row["lv_esv_ml"]) > 0
    assert "two models made the masks" in (tmp_path / "out" / "a.html").read_text()


def test_the_phases_chosen_in_a_project_are_taken(tmp_path: Path) -> None:
    with project_of(tmp_path, dict.fromkeys(("a_frame01", "a_frame09"), STARTER)) as project:
        write_chosen_phases(project, "a", ChosenPhases(ed=9, es=1))
        assert run(project.folder, "--output", tmp_path / "out") == 0
    assert table(tmp_path / "out")[0]["ed"] == "a_frame09"


def test_images_that_segment_left_beside_the_masks_are_found(cine: Path) -> None:
    (cine / "images").rename(cine / "masks" / "images")
    assert run(cine / "masks", "--output", cine / "out") == 0
    (row,) = table(cine / "out")
    assert row["patient"] == "a"
    assert float(row["heart_rate"]) == pytest.approx(60)
    assert (cine / "out" / "a.html").read_text(encoding="utf-8").count("data:image/png") > 0


def test_height_and_weight_beside_the_image_are_taken_unless_a_person_says_one(cine: Path) -> None:
    (cine / "images" / "a.json").write_text('{"height_cm": 180, "weight_kg": 80}')
    images = ("--images", cine / "images")
    assert run(cine / "masks", *images, "--output", cine / "out") == 0
    assert table(cine / "out")[0]["body_surface_m2"] == "2"
    assert run(cine / "masks", *images, "--output", cine / "b", "--height", 160) == 0
    assert table(cine / "b")[0]["body_surface_m2"] == ""
