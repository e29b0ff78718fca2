"""The DICOM structured report of a heart: read back by highdicom, and where there is none."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from dicom_project import FRAMES, project, study
from pydicom import dcmread
from pydicom.sr.codedict import codes

from napari_scribblemix.data.dicom.structured_report import CODES
from phantoms import draw, write_file

__all__ = ["project", "study"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def written(project: Path, tmp_path: Path, run: Run) -> Path:
    out = tmp_path / "out"
    code, _, err = run("report", project, "--output", out, "--sr", "--heart-rate", "60")
    assert code == 0, err
    assert "There is no structured report" not in err
    return out


def measured(out: Path) -> dict[str, tuple[float, str, str, list[str]]]:
    """By code: value, unit, ventricle, and the segmentations that are named."""
    report = hd.sr.srread(out / "heart_sax.sr.dcm")
    assert isinstance(report, hd.sr.ComprehensiveSR)
    found = {}
    for group in report.content.get_image_measurement_groups():
        for item in group.get_measurements():
            masks = [str(image.referenced_sop_instance_uid) for image in item.referenced_images]
            unit = item.unit.value
            found[item.name.value] = (item.value, unit, group.finding_type.value, masks)
    return found


def test_the_figures_are_those_of_the_table_with_code_and_unit(written: Path) -> None:
    with (written / "measures.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    found = measured(written)
    assert len(found) == len(CODES) == 10
    for key, coded in CODES.items():
        value, unit, side, _ = found[coded.name[0]]
        assert value == pytest.approx(float(row[key]), rel=1e-3, abs=0.01), key
        assert unit == {"ml": "mL", "g": "g", "ef": "%", "min": "l/min"}[key.rpartition("_")[2]]
        assert side == ("53085002" if key.startswith("rv") else "87878005")


def test_codes_are_those_of_the_standards_lists() -> None:
    for coded, concept in {
        "lv_edv_ml": codes.LN.LeftVentricularEDVolume,
        "lv_esv_ml": codes.LN.LeftVentricularESVolume,
        "rv_edv_ml": codes.LN.RightVentricularEDVolume,
        "rv_esv_ml": codes.LN.RightVentricularESVolume,
        "lv_ef": codes.LN.LeftVentricularEjectionFractionByMR,
        "rv_ef": codes.LN.RightVentricularEjectionFractionByMR,
        "mass_g": codes.LN.LeftVentricleMass,
        "lv_sv_ml": codes.SCT.StrokeVolume,
        "rv_sv_ml": codes.SCT.RVStrokeVolume,
        "cardiac_output_l_min": codes.SCT.CardiacOutput,
    }.items():
        assert CODES[coded].name[:2] == (concept.value, concept.scheme_designator)


def test_images_and_segmentations_are_named_and_there(written: Path, study: Path) -> None:
    images = {
        image.SOPInstanceUID: image
        for image in (dcmread(p, stop_before_pixels=True) for p in study.rglob("*.dcm"))
    }
    masks = {dcmread(path).SOPInstanceUID for path in written.glob("*.seg.dcm")}
    assert len(masks) == 2
    report = hd.sr.srread(written / "heart_sax.sr.dcm")
    named = set()
    for group in report.content.get_image_measurement_groups():
        named |= {image.referenced_sop_instance_uid for image in group.source_images}
    assert len(named) == 2 * 3
    assert named <= set(images)
    one = images[next(iter(named))]
    assert report.PatientName == one.PatientName
    assert report.StudyInstanceUID == one.StudyInstanceUID
    (evidence,) = report.CurrentRequestedProcedureEvidenceSequence
    there = {
        item.ReferencedSOPInstanceUID
        for series in evidence.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    assert there == named | masks
    found = measured(written)
    ed, es = (found[CODES[key].name[0]][3] for key in ("lv_edv_ml", "lv_esv_ml"))
    assert {*ed, *es} == masks
    assert found[CODES["rv_edv_ml"].name[0]][3] == ed
    assert found[CODES["lv_ef"].name[0]][3] == []


def test_without_the_switch_nothing_bears_a_name(project: Path, tmp_path: Path, run: Run) -> None:
    assert run("report", project, "--output", tmp_path / "out")[0] == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["heart_sax.html", "measures.csv"]


def test_nothing_is_replaced_unasked(project: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "out"
    out.mkdir()
    mine = out / f"heart_sax_frame{FRAMES[0]:02d}.seg.dcm"
    mine.write_bytes(b"mine")
    code, _, err = run("report", project, "--output", out, "--sr")
    assert code == 2
    assert "use --overwrite" in err
    assert mine.read_bytes() == b"mine"
    assert list(out.iterdir()) == [mine]
    assert run("report", project, "--output", out, "--sr", "--overwrite")[0] == 0
    assert (out / "heart_sax.sr.dcm").is_file()


def test_images_of_nifti_and_files_that_are_gone_have_none(
    project: Path, study: Path, tmp_path: Path, run: Run
) -> None:
    for phase in ("ED", "ES"):
        write_file(tmp_path / "masks" / f"a_{phase}.nii.gz", draw(0)[1])
        write_file(tmp_path / "images" / f"a_{phase}.nii.gz", draw(0)[0])
    folders = (tmp_path / "masks", "--images", tmp_path / "images")
    code, _, err = run("report", *folders, "--output", tmp_path / "a", "--sr")
    assert code == 0
    assert "a: There is no structured report: a_ED does not come from DICOM files" in err
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["a.html", "measures.csv"]
    study.rename(tmp_path / "gone")
    try:
        _, _, err = run("report", project, "--output", tmp_path / "b", "--sr")
    finally:
        (tmp_path / "gone").rename(study)
    assert "There is no structured report: The DICOM files of heart_sax.nii are not where" in err
    assert not list((tmp_path / "b").glob("*.dcm"))


def test_one_phase_alone_has_none(project: Path, tmp_path: Path, run: Run) -> None:
    (project / "predictions" / f"heart_sax_frame{FRAMES[1]:02d}.nii.gz").unlink()
    _, _, err = run("report", project, "--output", tmp_path / "out", "--sr")
    assert "There are not both end-diastole and end-systole" in err
    assert np.all([path.suffix != ".dcm" for path in (tmp_path / "out").iterdir()])
