"""No button moves under the pointer when something is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from by_hand import STARTED, open_folder, predict
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QScrollBar,
    QToolTip,
)

from napari_scribblemix import events as ev
from napari_scribblemix.data.labels import MYOPS
from napari_scribblemix.data.scribbles import Coverage
from napari_scribblemix.gui import telling
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.widgets.controls import say
from napari_scribblemix.gui.widgets.lines import Lines, wrapped
from napari_scribblemix.project.project import Project

LONG = "A warning that says what was got, what was expected and what is to be done. " * 8
KINDS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox)


def places(widget: ScribbleMixWidget) -> dict[Any, int]:
    """How far below the top of the panel's content each control is that is seen."""
    for _ in range(3):
        QApplication.processEvents()
    top = widget.mapToGlobal(QPoint(0, 0)).y()
    return {
        found: found.mapToGlobal(QPoint(0, 0)).y() - top
        for kind in KINDS
        for found in widget.findChildren(kind)
        if found.isVisible() and not isinstance(found, QScrollBar)
    }


def test_no_control_moves_while_one_draws_trains_and_reviews(
    make_widget: Callable[..., ScribbleMixWidget], folder: Path, qtbot: Any
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    say(widget.message, "")
    predict(widget, 2)
    before = places(widget)
    assert len(before) > 30
    session = widget.session

    def unmoved(after: str) -> None:
        now = places(widget)
        moved = {
            found: now.get(found, -1) - before[found]
            for found in before
            if abs(now.get(found, -1) - before[found]) > 3  # ✓ is of a higher font
        }
        assert not moved, after

    for level, sentence in (
        ("info", "Saved."),
        ("info", LONG),
        ("warning", "A. B."),
        ("warning", LONG),
    ):
        say(widget.message, sentence, level if level == "warning" else "")
        unmoved(sentence)
    for messages in (["RV has no scribble yet."], [LONG, LONG, LONG], []):
        widget.scribble_panel.show_warnings(messages)
        unmoved(f"{messages}")
    widget.board.go_to_slice(0)
    unmoved("another slice")
    session.accept({0})
    unmoved("accepted")
    session.accept({1, 2, 3})
    unmoved("all accepted")
    session.begin(Phase.SEGMENTING, None, "Segmenting…")
    session.follow(ev.Warned(message=LONG))
    unmoved("segmenting")
    session.end("Segmented 1 case.", failed=False)
    unmoved("segmented")
    session.begin(Phase.STARTING, None, "Starting…")
    before = places(widget)  # the curves come with the click on Train
    session.follow(ev.Preparing(message=LONG))
    unmoved("preparing")
    session.follow(STARTED)
    unmoved("started")
    session.follow(ev.Warned(message=LONG))
    unmoved("noted")
    for step in (1, 2):
        session.follow(
            ev.Progress(
                step=step,
                fraction=0.1 * step,
                loss=0.5,
                terms={},
                slices_per_second=9.0,
                learning_rate=0.1,
                eta=100.0,
                elapsed=1.0,
            )
        )
        unmoved("progress")
    session.end(LONG, failed=False)
    unmoved("ended")


def test_what_has_no_room_ends_in_an_ellipsis_and_is_in_the_tooltip(qtbot: Any) -> None:
    lines = Lines(2)
    qtbot.addWidget(lines)
    lines.resize(200, lines.height())
    high = lines.height()
    lines.setText("One line.")
    assert not lines.toolTip()
    lines.setText(LONG)
    assert lines.text() == LONG
    assert lines.height() == high
    shown = super(Lines, lines).text()
    assert shown.count("\n") == 1
    assert shown.endswith("…")
    assert lines.toolTip() == LONG
    lines.setText("")
    assert not lines.toolTip()
    assert lines.height() == high


def test_lines_end_where_the_text_does(qtbot: Any) -> None:
    lines = Lines(3)
    qtbot.addWidget(lines)
    assert wrapped("a b\nc", 1000, lines.font()) == ["a b", "c"]
    narrow = wrapped(
        "several words here", lines.fontMetrics().horizontalAdvance("several w"), lines.font()
    )
    assert narrow == ["several", "words", "here"]


def test_no_line_is_cut_through_its_letters(
    make_widget: Callable[..., ScribbleMixWidget], folder: Path
) -> None:
    widget = make_widget(show=True)
    open_folder(widget, folder)
    font = widget.font()
    for size in (*range(7, 15), 18, 24):
        font.setPointSize(size)
        for lines in widget.findChildren(Lines):
            lines.setFont(font)
            lines.setText(LONG)
            QApplication.processEvents()
            assert lines.height() >= QLabel.sizeHint(lines).height(), size


PATH = (
    "/home/eva/Cardiac MR/studies of the second year/volunteers/patient_0123456789/series_7/sax.nii"
)
REASON = "could not be read (not a gzip file); expected a NIfTI file: choose another."


def lines(qtbot: Any, width: int = 330) -> Lines:
    made = Lines(2)
    qtbot.addWidget(made)
    made.resize(width, made.height())
    made.show()
    return made


def shown(made: Lines) -> str:
    return QLabel.text(made).replace("\n", " ")


def test_of_a_message_that_begins_with_a_path_the_reason_is_read(qtbot: Any) -> None:
    made = lines(qtbot)
    made.setText(f"{PATH} {REASON}")
    assert shown(made) == f"…/sax.nii {REASON}"
    assert made.text() == made.toolTip() == f"{PATH} {REASON}"
    made.resize(1500, made.height())
    assert shown(made) == f"{PATH} {REASON}"
    assert made.toolTip() == ""


def test_all_of_it_is_copied_and_shown_by_a_click(qtbot: Any) -> None:
    made = lines(qtbot)
    made.setText(f"{PATH} {REASON} {LONG}")
    QTest.keyClick(made, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == made.text()
    QApplication.clipboard().clear()
    made.copy_all()
    assert QApplication.clipboard().text() == made.text()
    QTest.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert QToolTip.text() == made.text()
    # A popup would swallow the next click, which may be for a button.
    assert QApplication.activePopupWidget() is None
    QToolTip.hideText()


def test_the_counts_of_five_structures_have_room(
    make_widget: Callable[..., ScribbleMixWidget],
) -> None:
    widget = make_widget(show=True)
    reach = Coverage((98765, 1234, 5678, 1212, 345, 678), 0.1, tuple(range(9)), tuple(range(9)))
    widget.scribble_panel.show_coverage(reach, MYOPS, 12)
    QApplication.processEvents()
    counts = widget.scribble_panel.counts
    assert shown(counts) == counts.text()


def test_a_sentence_goes_when_it_no_longer_applies_but_can_be_read_first(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = widget.session
    session.told.emit("info", "A new project was made.")
    widget.cases.show_case("case01")
    assert widget.message.text() == "A new project was made."
    monkeypatch.setattr(telling, "READ_IN", 0)
    widget.cases.show_case("case00")
    assert widget.message.text() == ""
    session.told.emit("error", "The last strokes are not saved yet.")
    session.strokes_saved.emit("case00")
    assert widget.message.text() == "The last strokes are not saved yet."
    session.told.emit("warning", "Draw more.")
    session.strokes_saved.emit("case00")
    assert widget.message.text() == ""
    session.told.emit("error", "The training failed.")
    session.begin(Phase.SEGMENTING, None, "Segmenting…")
    assert widget.message.text() == ""
    session.end("Done.", failed=False)
    assert widget.message.text() == "Done."


def test_a_long_path_of_a_project_moves_nothing_and_its_name_is_seen(
    make_widget: Callable[..., ScribbleMixWidget], tmp_path: Path
) -> None:
    widget = make_widget(show=True)
    before = places(widget)
    deep = tmp_path / " ".join(["a folder of the study"] * 8)
    with Project.create(deep / "p.scribblemix") as project:
        widget.images_panel.show_project(project)
        assert places(widget) == before
        assert widget.images_panel.place.text() == f"Project: {project.folder}"
        assert shown(widget.images_panel.place) == "Project: …/p.scribblemix"
