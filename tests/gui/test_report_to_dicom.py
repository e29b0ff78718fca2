"""The DICOM structured report from the window: offered for DICOM alone, and only if asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import pytest
from dicom_project import project, study
from qtpy.QtWidgets import QMessageBox

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.review.report_form import ReportForm

__all__ = ["project", "study"]

Make = Callable[..., ScribbleMixWidget]


def report(widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch, *, ticked: bool) -> None:
    def exec_(form: Any) -> int:
        form.structured.setChecked(ticked)
        return 1

    monkeypatch.setattr(ReportForm, "exec", exec_)
    widget.review_panel.report_button.click()


def test_it_is_written_where_it_is_ticked_and_replaced_only_after_a_question(
    make_widget: Make,
    project: Path,
    chosen_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: Any,
) -> None:
    widget = make_widget()
    widget.open_path(project)
    report(widget, monkeypatch, ticked=False)
    qtbot.waitUntil(lambda: (chosen_folder / "measures.csv").is_file(), timeout=20_000)
    assert not list(chosen_folder.glob("*.dcm"))
    asked = []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *_: (asked.append(1), QMessageBox.StandardButton.Yes)[1]
    )
    report(widget, monkeypatch, ticked=True)
    path = chosen_folder / "heart_sax.sr.dcm"
    qtbot.waitUntil(path.is_file, timeout=20_000)
    assert len(hd.sr.srread(path).content.get_image_measurement_groups()) == 2
    assert len(list(chosen_folder.glob("heart_sax_frame*.seg.dcm"))) == 2
    assert len(asked) == 1
    (chosen_folder / "heart_sax.html").unlink()
    (chosen_folder / "measures.csv").unlink()
    before = path.read_bytes()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.No)
    report(widget, monkeypatch, ticked=True)
    qtbot.wait(50)
    assert path.read_bytes() == before


def test_why_there_is_none_is_told(
    make_widget: Make, project: Path, study: Path, chosen_folder: Path,
    monkeypatch: pytest.MonkeyPatch, qtbot: Any,
) -> None:  # fmt: skip
    widget = make_widget()
    widget.open_path(project)
    study.rename(study.with_name("gone"))
    try:
        report(widget, monkeypatch, ticked=True)
        qtbot.waitUntil(lambda: (chosen_folder / "measures.csv").is_file(), timeout=20_000)
        qtbot.waitUntil(
            lambda: "There is no structured report" in widget.message.text(), timeout=5_000
        )
    finally:
        study.with_name("gone").rename(study)


def test_for_nifti_it_is_not_offered(widget: ScribbleMixWidget, qtbot: Any) -> None:
    form = ReportForm("a", widget)
    form.show()
    assert not form.structured.isVisible()
    form.close()
    offered = ReportForm("a", widget, dicom=True)
    offered.show()
    assert offered.structured.isVisible()
    assert not offered.structured.isChecked()
    offered.close()
