"""DICOM in the window: what is listed, what is asked, and the way from a folder to a case."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_scribblemix.data.dicom.files import is_study
from napari_scribblemix.data.dicom.stacks import find_stacks
from napari_scribblemix.data.dicom.thumbnails import thumbnail
from napari_scribblemix.data.dicom.written_headers import Person, SeriesHeader
from napari_scribblemix.data.dicom.written_images import ImageStack, write_classic
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.images.dicom_chooser import DicomChooser
from napari_scribblemix.gui.images.dicom_places import place_of, suggested_name
from napari_scribblemix.gui.reading import dicom_reader
from napari_scribblemix.gui.state.background import Step
from napari_scribblemix.gui.widgets.controls import reason_of

WHO = Person("k", "Secret^Name", "SECRET7", "F", "19610203", 1.7, 66.0)
FRAMES, SLICES = 6, 5


def stack(*, slices: int = SLICES, frames: int = FRAMES, across: bool = False) -> ImageStack:
    rng = np.random.default_rng(4)
    y, x = np.indices((48, 56))
    disc = 200 * (np.hypot(y - 24, x - 28) < 12)
    images = rng.integers(0, 60, (frames, slices, 48, 56)) + disc
    affine = np.diag([-1.5, -1.5, 10.0, 1.0])
    if across:
        affine[:3, :3] = affine[:3, :3] @ np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
        affine[:3, :3] = np.diag([1.5, 1.5, 1.5]) @ np.sign(affine[:3, :3])
    return ImageStack(images.astype(np.int16), affine, 7.0)


def series(number: int, words: str) -> SeriesHeader:
    return SeriesHeader(number, words, ("ORIGINAL", "PRIMARY", "M"), 800.0 + number, "091500")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A short axis, one series a slice; a long axis; a file that is no image."""
    folder = tmp_path / "Secret_Name" / "dicom"
    short = stack()
    for z in range(SLICES):
        write_classic(folder / f"s{z}", WHO, series(z + 1, "cine_sax"), short.slice_at(z))
    write_classic(folder / "long", WHO, series(20, "cine_4ch"), stack(slices=1, across=True))
    (folder / "notes.txt").write_text("nothing")
    return folder


@pytest.fixture
def uneven(tmp_path: Path) -> Path:
    folder, short = tmp_path / "uneven", stack()
    for z in range(SLICES):
        one = short.slice_at(z)
        affine = one.affine.copy()
        affine[2, 3] += 13.0 if z == SLICES - 1 else 0.0
        write_classic(folder / f"s{z}", WHO, series(z, "sax"), replace(one, affine=affine))
    return folder


def wait_for_chooser(widget: ScribbleMixWidget, qtbot: Any) -> DicomChooser:
    qtbot.waitUntil(lambda: widget.cases.dicom.chooser is not None, timeout=30_000)
    chooser = widget.cases.dicom.chooser
    assert chooser is not None
    return chooser


def press(button: Any, qtbot: Any) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_folder_is_listed_asked_about_and_opened_without_a_name_of_the_patient(
    make_widget: Callable[..., ScribbleMixWidget], study: Path, qtbot: Any
) -> None:
    widget = make_widget(show=True)
    widget.open_path(study)
    chooser = wait_for_chooser(widget, qtbot)
    qtbot.waitUntil(chooser.isVisible)
    table = chooser.table
    assert table.topLevelItemCount() == 2
    texts = [table.topLevelItem(0).text(column) for column in range(5)]
    assert texts[:4] == ["short-axis cine (sax)", "5 x 48 x 56", "10 x 1.5 x 1.5", str(FRAMES)]
    assert "7 mm thick" in texts[4]
    assert [stack.name for stack in table.chosen()] == ["sax"]
    qtbot.waitUntil(lambda: table.has_picture(0) and table.has_picture(1), timeout=10_000)
    assert "notes.txt" not in chooser.left_out.text()
    assert chooser.name.text() == "study01"
    chooser.name.selectAll()
    qtbot.keyClicks(chooser.name, "heart 7")
    press(chooser.open_button, qtbot)
    qtbot.waitUntil(lambda: widget.session.case is not None, timeout=30_000)
    project = widget.session.the_project().folder
    assert project == study.parent / "heart 7.scribblemix"
    assert [record.id.startswith("heart 7_sax") for record in widget.session.project.cases]
    case = widget.session.the_case()
    assert case.image.geometry.shape == (SLICES, 48, 56)
    qtbot.waitUntil(lambda: not widget.cases.dicom.busy)
    for path in project.rglob("*"):
        if path.is_file() and path.name != "sources.json":
            content = path.read_bytes()
            assert b"Secret" not in content.replace(str(study.parent).encode(), b""), path
            assert b"SECRET7" not in content, path


def test_a_study_that_was_opened_before_goes_by_its_name(
    make_widget: Callable[..., ScribbleMixWidget], study: Path, qtbot: Any
) -> None:
    widget = make_widget()
    widget.open_path(study)
    chooser = wait_for_chooser(widget, qtbot)
    chooser.name.setText("anna")
    chooser.accept()
    qtbot.waitUntil(lambda: widget.session.case is not None, timeout=30_000)
    widget.cases.finish_adding()  # all frames of the cine
    place = place_of(study, Path("elsewhere"))
    assert suggested_name(study, place) == "anna"
    before = [record.id for record in widget.session.the_project().cases]
    widget.open_path(study)
    chooser = wait_for_chooser(widget, qtbot)
    assert chooser.name.text() == "anna"
    chooser.table.tick(1, on=True)
    chooser.body.setChecked(True)
    chooser.accept()
    project = widget.session.the_project()
    qtbot.waitUntil(lambda: len(project.cases) > len(before), timeout=30_000)
    widget.cases.finish_adding()
    ids = [record.id for record in project.cases]
    assert ids[: len(before)] == before
    assert all(name.startswith("anna_lax_frame") for name in ids[len(before) :])
    assert len(list((project.folder / "images").glob("*.nii"))) == 2
    # The short axis was there already, without them: they come beside it now.
    for copy in ("anna_lax", "anna_sax"):
        kept = json.loads((project.folder / "images" / f"{copy}.json").read_text())
        assert (kept["height_cm"], kept["weight_kg"]) == (170.0, 66.0)
    assert suggested_name(study / "s0", place) == "study01"


def test_nothing_happens_if_the_question_is_cancelled(
    make_widget: Callable[..., ScribbleMixWidget], study: Path, qtbot: Any
) -> None:
    widget = make_widget()
    widget.open_path(study)
    wait_for_chooser(widget, qtbot).reject()
    qtbot.waitUntil(lambda: not widget.cases.dicom.busy)
    assert widget.session.project is None
    assert not list(study.parent.glob("*.scribblemix"))


def test_the_search_can_be_cancelled_and_closing_ends_it(
    make_widget: Callable[..., ScribbleMixWidget],
    study: Path,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []

    def slowly(_source: object, step: Step) -> None:
        for number in range(10_000):
            looked.append(number)
            step(number, 10_000)
            time.sleep(0.005)

    monkeypatch.setattr("napari_scribblemix.gui.images.dicom_opening.find_stacks", slowly)
    widget = make_widget(show=True)
    widget.open_path(study)
    opening = widget.cases.dicom
    waiting = opening._waiting
    assert waiting is not None
    qtbot.waitUntil(lambda: waiting.value() > 5, timeout=10_000)
    waiting.canceled.emit()
    qtbot.waitUntil(lambda: not opening.busy, timeout=10_000)
    assert len(looked) < 9_000
    assert widget.session.project is None
    widget.open_path(study)
    widget.shut_down()
    assert not opening.busy


def test_files_dropped_one_by_one_are_one_question(
    make_widget: Callable[..., ScribbleMixWidget], study: Path, qtbot: Any
) -> None:
    widget = make_widget()
    files = sorted(study.glob("s*/*.dcm"))[: 3 * FRAMES]
    for file in files:
        widget.open_dicom([file])
    chooser = wait_for_chooser(widget, qtbot)
    assert [one.geometry.shape[0] for one in chooser.table.chosen()] == [3]
    assert chooser.table.topLevelItemCount() == 1
    # Those that come late belong to them.
    late = sorted(study.glob("s3/*.dcm"))
    widget.open_dicom(late)
    qtbot.waitUntil(lambda: widget.cases.dicom.chooser not in (None, chooser), timeout=20_000)
    both = wait_for_chooser(widget, qtbot)
    assert [one.geometry.shape[0] for one in both.table.chosen()] == [4]
    both.reject()


def test_a_project_inside_a_study_does_not_hide_it_and_loose_files_have_theirs_beside(
    study: Path,
) -> None:
    files = [study / "s0" / "IM0001.dcm", study / "s1" / "IM0001.dcm"]
    assert place_of(files, Path("elsewhere")) == study.parent
    assert place_of(files[0], Path("elsewhere")) == study
    inside = study / "s0" / "a.scribblemix" / "images"
    inside.mkdir(parents=True)
    (inside / "a_sax.nii").write_bytes(b"")
    assert is_study(study)
    assert len(find_stacks(study).stacks) == 2


def test_the_reader_takes_dicom_alone(study: Path, tmp_path: Path) -> None:
    assert dicom_reader(str(study)) is not None
    assert dicom_reader([str(next(study.rglob("*.dcm")))]) is not None
    (tmp_path / "PICTURES").write_bytes(b"not DICOM at all" * 20)
    assert dicom_reader(str(tmp_path / "PICTURES")) is None
    assert dicom_reader([str(study), str(tmp_path / "PICTURES")]) is None


def test_a_folder_without_a_stack_is_told_in_one_line(
    make_widget: Callable[..., ScribbleMixWidget], tmp_path: Path, qtbot: Any
) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "IM1").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 300)
    widget = make_widget()
    told: list[tuple[str, str]] = []
    widget.session.told.connect(lambda level, words: told.append((level, words)))
    widget.open_path(folder)
    qtbot.waitUntil(lambda: bool(told) and not widget.cases.dicom.busy, timeout=30_000)
    ((level, words),) = told
    assert level == "error"
    assert "expected a study of DICOM files" in words
    assert not widget.cases.dicom.busy


def test_what_is_missing_for_opening_is_said(uneven: Path, qtbot: Any) -> None:
    chooser = DicomChooser(find_stacks(uneven), "a")
    qtbot.addWidget(chooser)
    assert chooser.table.chosen() == []
    assert not chooser.open_button.isEnabled()
    assert "tick a stack" in reason_of(chooser.open_button)
    chooser.table.tick(0, on=True)
    assert "uneven distances" in reason_of(chooser.open_button)
    chooser.uneven.setChecked(True)
    assert chooser.open_button.isEnabled()
    assert chooser.choice().uneven
    for bad in ("", "a/b", "x" * 80):
        chooser.name.setText(bad)
        assert "name of the study" in chooser.reason.text()
    chooser.reject()


def test_a_thumbnail_shows_the_middle_slice(study: Path) -> None:
    grey = thumbnail(find_stacks(study).stacks[0])
    assert grey.shape == (48, 56)
    assert grey.dtype == np.uint8
    assert grey[24, 28] > 200
    assert grey[2, 2] < 120


def test_a_project_whose_copy_is_damaged_opens_with_it_made_again(
    make_widget: Callable[..., ScribbleMixWidget], study: Path, qtbot: Any
) -> None:
    widget = make_widget()
    widget.open_path(study)
    wait_for_chooser(widget, qtbot).accept()
    qtbot.waitUntil(lambda: widget.session.case is not None, timeout=30_000)
    widget.cases.finish_adding()
    folder = widget.session.the_project().folder
    widget.session.close_project()
    (copy,) = (folder / "images").glob("*.nii")
    whole = copy.read_bytes()
    copy.write_bytes(whole[:500])
    widget.open_path(folder)
    qtbot.waitUntil(lambda: widget.session.case is not None, timeout=30_000)
    assert copy.read_bytes() == whole
    assert "was damaged; it was made again" in widget.message.text()
