"""Step 4 of a cine: the curve, the phases that a person chooses, and reports from the window."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import RUN, open_folder, project_of
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.review.report_form import ReportForm
from napari_scribblemix.project.chosen_phases import ChosenPhases, read_chosen_phases
from phantoms import draw, write_file

Make = Callable[..., ScribbleMixWidget]
FRAMES = 10
# Voxels of the left ventricle: largest in frame 1, smallest in frame 5.
SIZES = [950, 1000, 900, 750, 500, 400, 480, 600, 800, 900]


@pytest.fixture
def cine(make_widget: Make, tmp_path: Path) -> ScribbleMixWidget:
    """A widget with ten frames of a patient and a mask for each."""
    for number in range(FRAMES):
        write_file(tmp_path / "study" / f"heart_frame{number:02d}.nii.gz", draw(0)[0])
    widget = make_widget()
    open_folder(widget, tmp_path / "study")
    project = widget.session.the_project()
    geometry = project.read_image("heart_frame00").geometry
    for number, voxels in enumerate(SIZES):
        case_id = f"heart_frame{number:02d}"
        mask = np.zeros(geometry.shape, np.uint8)
        mask.reshape(len(mask), -1)[:, : voxels // len(mask)] = 3
        mask.reshape(len(mask), -1)[:, -60:] = 2
        project.write_prediction(case_id, mask, geometry, RUN)
    widget.session.follow(ev.Segmented(case="heart_frame00", file="f", number=1, of=1))
    return widget


def test_the_curve_is_drawn_with_the_phases_that_were_found(cine: ScribbleMixWidget) -> None:
    box = cine.review_panel.cycle
    assert not box.isHidden()
    assert (box.ed.currentText(), box.es.currentText()) == ("found: 1", "found: 5")
    x, y = box._curves["left ventricle"].getData()
    assert list(x) == list(range(FRAMES))
    assert int(np.argmax(y)) == 1
    assert [mark.value() for mark in box._marks] == [1, 5]
    assert "ED heart_frame01, ES heart_frame05" in cine.review_panel.measures.text()


def test_a_click_in_the_curve_opens_the_frame(cine: ScribbleMixWidget) -> None:
    cine.review_panel.cycle.open_nearest(4.8)
    assert cine.session.the_case().id == "heart_frame05"


def test_a_phase_whose_mask_is_forgotten_is_told_and_found_anew(
    cine: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = cine.review_panel.cycle
    box.es.setCurrentIndex(box.es.findText("6"))
    box.es.activated.emit(box.es.currentIndex())
    cine.cases.show_case("heart_frame03")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    cine.cases.acts.forget("heart_frame06")
    told = cine.review_panel.measures.text()
    assert "Got frame 6 for ES of heart" in told
    assert "ES heart_frame05" in told
    assert box.es.currentText() == "found: 5"
    assert cine.session.phases == ("heart_frame01", "heart_frame05")


def test_a_person_chooses_a_phase_and_the_project_remembers_it(cine: ScribbleMixWidget) -> None:
    box = cine.review_panel.cycle
    box.es.setCurrentIndex(box.es.findText("6"))
    box.es.activated.emit(box.es.currentIndex())
    project = cine.session.the_project()
    assert read_chosen_phases(project) == {"heart": ChosenPhases(es=6)}
    assert "ES heart_frame06" in cine.review_panel.measures.text()
    cine.cases.show_case("heart_frame03")
    assert box.es.currentText() == "6"
    box.es.setCurrentIndex(0)
    box.es.activated.emit(0)
    assert read_chosen_phases(project) == {}
    assert "ES heart_frame05" in cine.review_panel.measures.text()


def test_one_frame_for_both_is_said_and_the_found_ones_stay(cine: ScribbleMixWidget) -> None:
    box = cine.review_panel.cycle
    box.ed.setCurrentIndex(box.ed.findText("5"))
    box.ed.activated.emit(box.ed.currentIndex())
    text = cine.review_panel.measures.text()
    assert "both ED and ES" in text
    assert "ED heart_frame01, ES heart_frame05" in text


def test_times_beside_the_image_are_the_axis(cine: ScribbleMixWidget, tmp_path: Path) -> None:
    # Each frame is a file of its own here, so the file says one time only: no times then.
    beside = tmp_path / "study" / "heart_frame00.json"
    beside.write_text(json.dumps({"trigger_ms": [12.0]}))
    cine.cases.show_case("heart_frame01")
    assert cine.review_panel.cycle._cycle.trigger_ms is None


def test_without_frames_there_is_no_curve(widget: ScribbleMixWidget) -> None:
    assert widget.review_panel.cycle.isHidden()


def answer(monkeypatch: pytest.MonkeyPatch, folder: Path, body: dict[int, float]) -> None:
    def exec_(form: Any) -> int:
        for index, value in body.items():
            form.fields[index].setValue(value)
        return 1

    monkeypatch.setattr(ReportForm, "exec", exec_)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "measures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_report_of_the_patient_on_screen(
    cine: ScribbleMixWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    answer(monkeypatch, out, {0: 180, 1: 80})
    cine.review_panel.report_button.click()
    qtbot.waitUntil(lambda: (out / "measures.csv").is_file(), timeout=20_000)
    (row,) = table(out)
    assert (row["patient"], row["ed"], row["es"]) == ("heart", "heart_frame01", "heart_frame05")
    assert (row["body_surface_m2"], row["heart_rate"]) == ("2", "")
    assert "1 report and measures.csv were written" in cine.message.text()
    html = (out / "heart.html").read_text(encoding="utf-8")
    assert "run cyclemix, step 540" in html
    # What was typed stays out of the project.
    kept = "".join(path.read_text() for path in project_of(cine).folder.rglob("*.json"))
    assert "height" not in kept
    assert "180.0" not in kept


def test_no_report_is_written_among_the_images(
    cine: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project_of(cine).image_path("heart_frame00").parent
    before = sorted(folder.iterdir())
    answer(monkeypatch, folder, {})
    cine.review_panel.report_button.click()
    assert "where the images lie" in cine.message.text()
    assert sorted(folder.iterdir()) == before


def test_reports_that_are_there_are_replaced_only_if_a_person_says_so(
    cine: ScribbleMixWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "heart.html").write_text("mine")
    answer(monkeypatch, out, {})
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    cine.review_panel.report_button.click()
    qtbot.wait(50)
    assert (out / "heart.html").read_text() == "mine"
    assert not (out / "measures.csv").exists()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    cine.review_panel.report_all_button.click()
    qtbot.waitUntil(lambda: (out / "measures.csv").is_file(), timeout=20_000)
    assert "mine" not in (out / "heart.html").read_text(encoding="utf-8")


def test_without_a_mask_no_report_can_be_asked_for(widget: ScribbleMixWidget) -> None:
    assert not widget.review_panel.report_button.isEnabled()
    assert not widget.review_panel.report_all_button.isEnabled()
