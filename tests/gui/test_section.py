"""A part of the dock that folds: by mouse and keyboard, never cutting off what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_scribblemix.gui.widgets.scrolled import Column
from napari_scribblemix.gui.widgets.section import Section


@pytest.fixture
def shown(qtbot: Any) -> Iterator[tuple[Section, QLineEdit, QLineEdit]]:
    window = QWidget()
    qtbot.addWidget(window)
    inside = QWidget()
    QVBoxLayout(inside)
    field, below = QLineEdit(), QLineEdit()
    inside.layout().addWidget(field)
    section = Section("Step", inside)
    layout = QVBoxLayout(window)
    layout.addWidget(section)
    layout.addWidget(below)
    layout.addStretch(1)
    window.resize(300, 700)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield section, field, below
    window.hide()


def test_mouse_and_space_fold_it_and_say_so(
    shown: tuple[Section, QLineEdit, QLineEdit],
) -> None:
    section, field, _ = shown
    heard: list[bool] = []
    section.toggled.connect(heard.append)
    assert section.isExpanded()
    QTest.mouseClick(section.header, Qt.MouseButton.LeftButton)
    assert not field.isVisible()
    section.header.setFocus()
    QTest.keyClick(section.header, Qt.Key.Key_Space)
    assert field.isVisible()
    assert heard == [False, True]


def test_tab_does_not_walk_through_what_is_folded_away(
    shown: tuple[Section, QLineEdit, QLineEdit],
) -> None:
    section, field, below = shown
    for expanded, after in ((True, field), (False, below)):
        section.unfold(expanded)
        section.header.setFocus()
        QTest.keyClick(section.header, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is after


def test_what_grows_inside_is_not_cut_off(shown: tuple[Section, QLineEdit, QLineEdit]) -> None:
    section, _, _ = shown
    more = QLabel("\n".join("words" for _ in range(12)))
    section.content().layout().addWidget(more)
    QApplication.processEvents()
    assert more.height() >= more.sizeHint().height() > 100
    assert section.height() > more.height()


def test_the_arrow_grows_with_the_font(shown: tuple[Section, QLineEdit, QLineEdit]) -> None:
    section, _, _ = shown
    before = section.expandedIcon().availableSizes()[0].height()
    font = section.header.font()
    font.setPointSize(2 * font.pointSize())
    section.header.setFont(font)
    section.setFont(font)
    QApplication.processEvents()
    assert section.expandedIcon().availableSizes()[0].height() > 1.5 * before


@pytest.mark.parametrize("words", [60, 180, 240, 90])
def test_text_that_wraps_gets_all_its_lines(qtbot: Any, words: int) -> None:
    inside = QWidget()
    text, below = QLabel(), QLineEdit()
    text.setWordWrap(True)
    layout = QVBoxLayout(inside)
    layout.addWidget(text)
    layout.addWidget(below)
    panel = QWidget()
    sections = QVBoxLayout(panel)
    sections.addWidget(Section("Step", inside))
    sections.addStretch(1)
    column = Column(panel)
    qtbot.addWidget(column)
    column.resize(420, 600)
    column.show()
    text.setText("word " * 20)
    QApplication.processEvents()
    text.setText("word " * words)
    for _ in range(6):
        QApplication.processEvents()
    assert text.height() >= text.heightForWidth(text.width())
    assert below.height() >= below.minimumSizeHint().height()
