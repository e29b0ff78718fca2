"""How good each slice's mask probably is: seen, clicked, and gone where a person answers."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import RUN, show_mask
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QColor, QHelpEvent, QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QToolTip

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.images.case_columns import COLUMNS
from napari_scribblemix.gui.review.slice_strip import (
    ANSWERED,
    GOOD,
    POOR,
    SliceStrip,
    StripState,
)
from napari_scribblemix.project.expected import Expected

TOLD = {**RUN, "quality": [0.9, 0.4, None, 0.6], "case_quality": 0.68}


@pytest.fixture
def strip(qtbot: Any) -> SliceStrip:
    strip = SliceStrip()
    qtbot.addWidget(strip)
    strip.resize(200, strip.height())
    strip.show()
    expected = Expected((0.9, 0.4, None, 0.6, 0.3))
    strip.show_state(StripState(5, 0, expected, frozenset({4})))
    return strip


def colour(strip: SliceStrip, number: int, height: float) -> QColor:
    """What is painted of a slice's bar, off its middle, ``height`` from 0 (low) to 1."""
    image = strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    scale = strip.devicePixelRatioF()
    bar = strip.bar(number)
    x, y = bar.left() + 0.12 * bar.width(), bar.bottom() - height * bar.height()
    return QColor(image.pixel(round(x * scale), round(y * scale)))


def test_bars_are_as_high_as_the_expected_dice(strip: SliceStrip) -> None:
    assert colour(strip, 0, 0.8) == GOOD
    assert colour(strip, 1, 0.3) == POOR
    assert colour(strip, 1, 0.6) not in (POOR, GOOD)
    assert colour(strip, 2, 0.2) not in (POOR, GOOD, ANSWERED)
    assert colour(strip, 3, 0.5) == POOR
    assert colour(strip, 4, 0.8) == ANSWERED


def test_a_click_and_the_arrows_go_to_the_slice(strip: SliceStrip) -> None:
    wanted: list[int] = []
    strip.slice_wanted.connect(wanted.append)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.bar(3).center().toPoint())
    QTest.keyClick(strip, Qt.Key.Key_Right)
    QTest.keyClick(strip, Qt.Key.Key_Left)  # there is none before the first
    assert wanted == [3, 1]


def test_the_tooltip_says_what_is_known_of_the_slice(strip: SliceStrip) -> None:
    place = strip.bar(1).center().toPoint()
    help_ = QHelpEvent(QEvent.Type.ToolTip, place, strip.mapToGlobal(place))
    strip.event(help_)
    assert "Slice 1: expected Dice 0.40. Probably poor" in QToolTip.text()
    QToolTip.hideText()


def test_without_a_mask_there_is_nothing_to_click(strip: SliceStrip) -> None:
    strip.show_state(StripState())
    wanted: list[int] = []
    strip.slice_wanted.connect(wanted.append)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(20, 5))
    assert not wanted


def test_a_poor_slice_is_said_until_a_person_answers_for_it(widget: ScribbleMixWidget) -> None:
    panel = widget.review_panel
    show_mask(widget, "case00", TOLD)
    widget.board.go_to_slice(1)
    assert panel.poor.text().startswith(
        "The mask of this slice is probably poor (expected Dice 0.40)"
    )
    widget.board.go_to_slice(0)
    assert panel.poor.text() == ""
    widget.board.go_to_slice(1)
    panel.accept_button.click()
    assert panel.poor.text() == ""
    assert panel.strip.state.answered == {1}
    panel.accept_button.click()
    assert panel.poor.text()


def test_a_click_on_the_bar_shows_the_slice(widget: ScribbleMixWidget) -> None:
    show_mask(widget, "case00", TOLD)
    widget.board.go_to_slice(0)
    widget.review_panel.strip.slice_wanted.emit(3)
    assert widget.session.slice == 3
    assert widget.review_panel.strip.state.number == 3


def test_least_sure_goes_through_the_worst_slices(widget: ScribbleMixWidget) -> None:
    show_mask(widget, "case00", TOLD)
    widget.board.go_to_slice(0)
    seen = []
    for _ in range(3):
        widget.review_panel.uncertain_button.click()
        seen.append(widget.session.slice)
        widget.review_panel.accept_button.click()
    assert seen == [1, 3, 0]


def test_the_list_of_cases_has_the_figure_until_all_is_accepted(widget: ScribbleMixWidget) -> None:
    place = [column.title for column in COLUMNS].index("Dice?") + 1
    show_mask(widget, "case00", TOLD)
    widget.session.cases_changed.emit()

    def shown() -> str:
        item = widget.images_panel.tree.item_of("case00")
        assert item is not None
        return str(item.text(place))

    assert shown() == "68 !"
    widget.review_panel.accept_all_button.click()
    assert shown() == ""
    widget.review_panel.accept_all_button.click()
    assert shown() == "68 !"
