"""Masks from the window in other programs' formats, DICOM beside the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from by_hand import open_folder, predict, show_mask
from pydicom import dcmread

from napari_scribblemix.data.dicom.written_headers import Person, SeriesHeader
from napari_scribblemix.data.dicom.written_images import ImageStack, write_classic
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.review import exporting


def choose(widget: ScribbleMixWidget, form: str) -> None:
    box = widget.review_panel.form
    box.setCurrentIndex(box.findText(form))


def test_a_mask_for_slicer_has_the_image_s_place(
    widget: ScribbleMixWidget, chosen_folder: Path
) -> None:
    predict(widget, 2)
    choose(widget, "3D Slicer")
    widget.review_panel.export_button.click()
    image = sitk.ReadImage(str(chosen_folder / "case00.seg.nrrd"))
    case = widget.session.the_case()
    assert np.array_equal(sitk.GetArrayFromImage(image), case.prediction)
    assert np.allclose(image.GetSpacing()[::-1], case.image.geometry.spacing, atol=1e-5)


def test_several_masks_are_written_beside_the_window_and_a_stop_keeps_what_is_there(
    widget: ScribbleMixWidget, chosen_folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in widget.session.case_states():
        show_mask(widget, state.id, {"kind": "bundled", "model": "starter"})
    count = len(widget.session.case_states())
    goes_on = threading.Event()
    writing = exporting.export_mask

    def slowly(item: Any, writer: Any) -> Any:
        if any(chosen_folder.iterdir()):
            assert goes_on.wait(20)
        return writing(item, writer)

    monkeypatch.setattr(exporting, "export_mask", slowly)
    told: list[str] = []
    widget.session.told.connect(lambda _level, words: told.append(words))
    part = widget.review.exporting
    widget.review_panel.export_all_button.click()
    qtbot.waitUntil(lambda: part._work.reached == 1)
    assert part._waiting is not None
    part._waiting.canceled.emit()
    goes_on.set()
    qtbot.waitUntil(lambda: part._work is None)
    assert told[-1] == "Stopped exporting after 2 masks; they stay."
    assert len(list(chosen_folder.iterdir())) == 2 < count
    monkeypatch.setattr(exporting, "with_consent", lambda _panel, planned: planned)
    widget.review_panel.export_all_button.click()
    qtbot.waitUntil(lambda: part._work is None)
    assert told[-1].startswith(f"{count} masks were written to")
    assert len(list(chosen_folder.iterdir())) == count


def test_dicom_is_not_offered_for_nifti_and_says_why(widget: ScribbleMixWidget) -> None:
    box = widget.review_panel.form
    item = box.model().item(box.findText("DICOM SEG"))
    assert not item.isEnabled()
    assert "does not come from DICOM" in item.toolTip()


def test_a_case_from_dicom_is_exported_as_dicom(
    make_widget: Callable[..., ScribbleMixWidget],
    chosen_folder: Path,
    tmp_path: Path,
    folder: Path,
    qtbot: Any,
) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 900, (4, 5, 40, 44)).astype(np.int16)
    stack = ImageStack(images, np.diag([-1.5, -1.5, 9.0, 1.0]), 7.0)
    who = Person("k", "A^B", "7", "F", "19610203", 1.7, 66.0)
    series = SeriesHeader(1, "cine_sax", ("ORIGINAL", "PRIMARY", "M"), 800.0, "091500")
    write_classic(tmp_path / "dicom" / "in", who, series, stack)
    widget = make_widget()
    widget.open_path(tmp_path / "dicom" / "in")
    qtbot.waitUntil(lambda: widget.cases.dicom.chooser is not None, timeout=20_000)
    chooser = widget.cases.dicom.chooser
    assert chooser is not None
    chooser.table.tick(0, on=True)
    chooser.accept()
    qtbot.waitUntil(lambda: widget.session.case is not None, timeout=20_000)
    predict(widget, 3)
    choose(widget, "DICOM SEG")
    told: list[str] = []
    widget.session.told.connect(lambda _level, words: told.append(words))
    widget.review_panel.export_button.click()
    qtbot.waitUntil(lambda: any("written" in words for words in told), timeout=60_000)
    (path,) = chosen_folder.iterdir()
    assert path.name.endswith(".seg.dcm")
    read = dcmread(path)
    assert read.StudyInstanceUID == who.uid("study")
    (named,) = read.ReferencedSeriesSequence
    assert named.SeriesInstanceUID == who.uid("series", 1)
    qtbot.waitUntil(lambda: widget.review.exporting._work is None)
    open_folder(widget, folder)
    assert widget.review_panel.chosen_format() == "nifti"
