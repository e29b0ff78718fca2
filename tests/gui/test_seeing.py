"""Window and level, the line under the image, the ruler: by the events that a real mouse gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import open_folder, predict
from napari.settings import get_plugin_settings
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.preferences import PLUGIN
from napari_scribblemix.gui.viewer.layers import IMAGE, SCRIBBLES
from napari_scribblemix.gui.viewer.window_level import dragged

Make = Callable[..., ScribbleMixWidget]
RIGHT, NO_KEY = Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def shown(make_widget: Make, folder: Path, qtbot: Any) -> ScribbleMixWidget:
    """A widget in a window that is shown, with a case and its mask, and the brush in hand."""
    widget = make_widget(show=True)
    open_folder(widget, folder)
    predict(widget, 1)
    widget.draw.draw()
    window = widget.window()
    window.resize(1400, 950)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    qtbot.wait(50)
    return widget


def drag(widget: ScribbleMixWidget, right: float, down: float, key: Any = NO_KEY) -> None:
    """With the right button, over so many pixels of the screen."""
    canvas = widget.board.viewer.window._qt_viewer.canvas.native
    start = QPointF(150, 150)
    end = start + QPointF(right, down)
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, start, RIGHT, RIGHT),
        (QEvent.Type.MouseMove, end, Qt.MouseButton.NoButton, RIGHT),
        (QEvent.Type.MouseButtonRelease, end, RIGHT, Qt.MouseButton.NoButton),
    ):
        everywhere = QPointF(canvas.mapToGlobal(place.toPoint()))
        event = QMouseEvent(kind, place, everywhere, button, held, key)
        QApplication.sendEvent(canvas, event)
        QTest.qWait(20)


def window_of(widget: ScribbleMixWidget) -> tuple[float, float]:
    """Width and level of the image."""
    low, high = widget.board.layer(IMAGE).contrast_limits
    return high - low, (low + high) / 2


def test_a_drag_changes_the_distance_of_the_limits_and_their_middle() -> None:
    assert dragged((0, 100), 400, 0, 100) == (-50, 150)
    assert dragged((0, 100), 0, -200, 100) == (-50, 50)
    low, high = dragged((0, 100), -9000, 0, 100)
    assert (low + high) / 2 == 50
    assert 0 < high - low < 1


def test_the_right_button_changes_window_and_level_and_draws_nothing(
    shown: ScribbleMixWidget,
) -> None:
    width, level = window_of(shown)
    strokes, zoom = shown.board.layer(SCRIBBLES).data.copy(), shown.board.viewer.scene.camera.zoom
    drag(shown, 100, 0)
    assert window_of(shown) == (pytest.approx(1.25 * width), pytest.approx(level))
    span = np.diff(shown.board.layer(IMAGE).contrast_limits_range)[0]
    drag(shown, 0, -40)
    assert window_of(shown)[1] == pytest.approx(level - span / 10), "upwards is brighter"
    assert np.array_equal(shown.board.layer(SCRIBBLES).data, strokes)
    assert shown.board.viewer.scene.camera.zoom == zoom


def test_with_shift_the_right_button_zooms_about_the_mouse_and_draws_nothing(
    shown: ScribbleMixWidget,
) -> None:
    viewer, before = shown.board.viewer, window_of(shown)
    strokes = shown.board.layer(SCRIBBLES).data.copy()
    canvas = viewer.window._qt_viewer.canvas.native
    QTest.mouseMove(canvas, QPointF(150, 150).toPoint())
    QTest.qWait(30)
    camera, fixed = viewer.scene.camera, np.asarray(viewer.cursor.position)[-2:]
    zoom, centre = camera.zoom, np.asarray(camera.center)[-2:]
    drag(shown, 0, -50, Qt.KeyboardModifier.ShiftModifier)
    assert camera.zoom == pytest.approx(np.exp(0.3) * zoom)
    there = (fixed - np.asarray(camera.center)[-2:]) * camera.zoom
    assert there == pytest.approx((fixed - centre) * zoom), "the point under the mouse stays"
    assert window_of(shown) == before
    assert np.array_equal(shown.board.layer(SCRIBBLES).data, strokes)


def test_switched_off_the_right_button_is_napari_s(shown: ScribbleMixWidget) -> None:
    shown.board.layer(SCRIBBLES).mode = "pan_zoom"
    before, camera = window_of(shown), shown.board.viewer.scene.camera
    zoom, setting = camera.zoom, get_plugin_settings(PLUGIN).seeing
    setting.window_by_dragging = False
    try:
        drag(shown, 0, 80)
    finally:
        setting.window_by_dragging = True
    assert camera.zoom != zoom
    assert window_of(shown) == before


def test_images_are_smooth_unless_the_preference_says_otherwise(
    make_widget: Make, folder: Path
) -> None:
    setting = get_plugin_settings(PLUGIN).seeing
    widget = make_widget()
    open_folder(widget, folder)
    assert widget.board.layer(IMAGE).interpolation2d == "linear"
    widget.session.close_project()
    setting.smooth_image = False
    try:
        open_folder(widget, folder)
        assert widget.board.layer(IMAGE).interpolation2d == "nearest"
    finally:
        setting.smooth_image = True


def test_the_line_tells_value_pixel_place_and_structure(shown: ScribbleMixWidget) -> None:
    seeing, viewer = shown.seeing, shown.board.viewer
    assert seeing is not None
    assert viewer.canvas.overlays.scale_bar.visible
    shown.board.go_to_slice(2)
    viewer.cursor.position = (16.0, 10 * 1.5, 20 * 1.5)
    value = shown.session.the_case().image.array[2, 10, 20]
    assert seeing.line.text().split("  |  ") == [
        f"{float(value):g}", "slice 2, row 10, column 20", "R 30.0, A 15.0, S 16.0 mm", "RV",
    ]  # fmt: skip
    viewer.cursor.position = (16.0, -30.0, 30.0)
    assert seeing.line.text() == "", "nothing lies there"


def test_a_held_key_measures_in_mm_from_where_it_was_pressed(shown: ScribbleMixWidget) -> None:
    seeing, viewer = shown.seeing, shown.board.viewer
    assert seeing is not None
    shown.keyboard.to_image()
    handle = shown.window().windowHandle()
    viewer.cursor.position = (8.0, 15.0, 15.0)
    QTest.keyPress(handle, Qt.Key.Key_R)
    viewer.cursor.position = (8.0, 15.0 + 30.0, 15.0 + 40.0)
    assert seeing.line.text().startswith("distance 50.0 mm")
    QTest.keyRelease(handle, Qt.Key.Key_R)
    assert "distance" not in seeing.line.text()


def test_a_closed_panel_leaves_neither_line_nor_ruler(shown: ScribbleMixWidget) -> None:
    viewer = shown.board.viewer
    shown.shut_down()
    assert shown.seeing is None
    assert not viewer.canvas.overlays.scale_bar.visible
    drag(shown, 100, 0)
