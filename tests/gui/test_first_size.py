"""How large the window is at the first start, and that napari's memory of it is not overruled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from napari.settings import get_settings
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QApplication

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.first_size import (
    fit_screen,
    is_first_start,
    size_on,
    take_room,
)
from napari_scribblemix.gui.widgets.scrolled import Column


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        ((1280, 720), (1203, 648)),
        ((1366, 768), (1284, 691)),
        ((1920, 1080), (1500, 960)),
        ((3840, 2160), (2880, 1620)),
        ((960, 540), (902, 486)),
    ],
)
def test_it_takes_most_of_a_small_screen_and_a_part_of_a_large_one(
    screen: tuple[int, int], size: tuple[int, int]
) -> None:
    assert size_on(QSize(*screen)) == QSize(*size)


def test_it_lies_in_the_middle_of_the_screen_and_every_step_can_be_scrolled_to(
    make_widget: Callable[..., ScribbleMixWidget],
) -> None:
    widget = make_widget(show=True)
    window = widget.window()
    take_room(window)
    QApplication.processEvents()
    free = window.screen().availableGeometry()
    assert window.size() == size_on(free.size())
    assert free.contains(window.geometry())
    assert (window.geometry().center() - free.center()).manhattanLength() <= 2
    column = widget.findChild(Column)
    for last in (widget.train_panel.train_button, widget.review_panel.export_button):
        column.ensureWidgetVisible(last)
        QApplication.processEvents()
        assert not last.visibleRegion().isEmpty()


@pytest.mark.parametrize(
    ("left", "top", "width", "height", "stays"),
    [
        (10, 10, 700, 500, True),
        (0, 0, 9000, 700, False),
        (0, 0, 900, 9000, False),
        (-300, 40, 700, 500, False),
        (40, 5000, 700, 500, False),
    ],
)
def test_a_window_left_on_a_larger_screen_comes_onto_this_one(
    make_widget: Callable[..., ScribbleMixWidget],
    left: int,
    top: int,
    width: int,
    height: int,
    stays: bool,
) -> None:
    window = make_widget(show=True).window()
    window.setMinimumSize(1, 1)
    window.setGeometry(left, top, width, height)
    before = window.geometry()
    fit_screen(window)
    QApplication.processEvents()
    assert window.screen().availableGeometry().contains(window.geometry())
    if stays:
        assert window.geometry() == before


@pytest.mark.parametrize(("remembered", "first"), [(None, True), ((900, 700), False)])
def test_who_has_left_a_window_finds_its_size_again(
    monkeypatch: pytest.MonkeyPatch, remembered: Any, first: bool
) -> None:
    monkeypatch.setattr(get_settings().application, "window_size", remembered)
    assert is_first_start() is first
