"""Keys and clicks as a window system sends them: after a click the image has the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from by_hand import open_folder, predict
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QDockWidget, QSlider, QWidget

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import SCRIBBLES
from napari_scribblemix.gui.widgets.scrolled import Column

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def shown(
    make_widget: Callable[..., ScribbleMixWidget], folder: Path, qtbot: Any
) -> ScribbleMixWidget:
    """A widget in a window that is shown, with a case and its mask."""
    widget = make_widget(show=True)
    open_folder(widget, folder)
    predict(widget, 1)
    window = widget.window()
    window.resize(1400, 950)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    qtbot.wait(50)
    return widget


def click(widget: QWidget, place: QPoint | None = None) -> None:
    """A click of the mouse in the middle of ``widget``, given to its window."""
    window = widget.window()
    spot = widget.mapTo(window, place or widget.rect().center())
    QTest.mouseClick(window.windowHandle(), LEFT, Qt.KeyboardModifier.NoModifier, spot)
    QApplication.processEvents()


def type_key(widget: QWidget, key: Any) -> None:
    """A key, given to the window, which hands it to whoever has the keyboard."""
    QTest.keyClick(widget.window().windowHandle(), key)
    QApplication.processEvents()


def has_keyboard(widget: ScribbleMixWidget) -> bool:
    return QApplication.focusWidget() is widget.window().centralWidget()


def in_sight(widget: ScribbleMixWidget, control: QWidget) -> QWidget:
    widget.findChild(Column).ensureWidgetVisible(control)
    QApplication.processEvents()
    return control


def space_moves_the_image(widget: ScribbleMixWidget) -> bool:
    """Whether the scribbles are moved while Space is held, and drawn on before and after."""
    layer, handle = widget.board.layer(SCRIBBLES), widget.window().windowHandle()
    before = str(layer.mode)
    QTest.keyPress(handle, Qt.Key.Key_Space)
    held = str(layer.mode)
    QTest.keyRelease(handle, Qt.Key.Key_Space)
    return (before, held, str(layer.mode)) == ("paint", "pan_zoom", "paint")


def test_space_moves_the_image_and_presses_no_button(shown: ScribbleMixWidget) -> None:
    accept = in_sight(shown, shown.review_panel.accept_button)
    click(accept)
    assert shown.session.the_case().accepted == {shown.session.slice}
    shown.scribble_panel.draw_button.click()
    assert space_moves_the_image(shown)
    assert shown.session.the_case().accepted == {shown.session.slice}, "Space pressed the button"


def test_after_a_click_anywhere_arrows_change_the_slice(shown: ScribbleMixWidget) -> None:
    images, scribble, review = shown.images_panel, shown.scribble_panel, shown.review_panel
    places: list[tuple[QWidget, QPoint | None]] = [
        (images.tree, None),
        (images, QPoint(2, 2)),
        (scribble.draw_button, None),
        (scribble._pens.button(2), None),
        (scribble.tint, None),
        (scribble.redo_button, None),
        (review.outline, None),
        (review.opacity, None),
        (review, QPoint(1, review.height() - 1)),
    ]
    for control, place in places:
        scribble.brush.setFocus()
        click(in_sight(shown, control), place)
        assert has_keyboard(shown), control
        shown.board.go_to_slice(1)
        type_key(shown, Qt.Key.Key_Right)
        assert shown.session.slice == 2, control
        type_key(shown, Qt.Key.Key_Left)
        assert shown.session.slice == 1, control


def test_a_field_keeps_the_keyboard_while_one_types_and_return_gives_it_back(
    shown: ScribbleMixWidget,
) -> None:
    brush, time = shown.scribble_panel.brush, shown.train_panel.form.editors["time"]
    for field, edit in ((brush, brush.lineEdit()), (time, time.lineEdit())):
        for end in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
            click(in_sight(shown, edit))
            assert QApplication.focusWidget() is field
            edit.selectAll()
            type_key(shown, Qt.Key.Key_2)
            type_key(shown, end)
            assert has_keyboard(shown)
            assert edit.text().startswith("2")
    assert brush.value() == 2.0
    # Its arrows count, but they are clicked, not typed into.
    in_sight(shown, brush)
    click(brush.lineEdit())
    click(brush, QPoint(brush.width() - 8, brush.height() // 2))
    assert has_keyboard(shown)
    assert brush.value() == 2.0 + brush.singleStep()


def test_who_walks_with_tab_keeps_the_keyboard_and_space_presses(shown: ScribbleMixWidget) -> None:
    accept = in_sight(shown, shown.review_panel.accept_button)
    shown.review_panel.take_button.setFocus(Qt.FocusReason.TabFocusReason)
    type_key(shown, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is accept
    type_key(shown, Qt.Key.Key_Space)
    assert shown.session.the_case().accepted == {shown.session.slice}
    assert QApplication.focusWidget() is accept
    type_key(shown, Qt.Key.Key_Escape)
    assert has_keyboard(shown)


def test_words_can_be_copied_and_let_other_keys_through(shown: ScribbleMixWidget) -> None:
    place = in_sight(shown, shown.images_panel.place)
    click(place)
    place.setSelection(0, 7)
    QTest.keyClick(shown.window().windowHandle(), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == place.text()[:7]
    shown.board.go_to_slice(1)
    type_key(shown, Qt.Key.Key_Right)
    assert shown.session.slice == 2


def test_the_wheel_over_the_panel_changes_no_field(shown: ScribbleMixWidget) -> None:
    brush, opacity = shown.scribble_panel.brush, shown.review_panel.opacity
    method = shown.train_panel.form.editors["method"]
    for control, value in (
        (brush, brush.value), (opacity, opacity.value), (method, method.currentIndex)
    ):  # fmt: skip
        before = value()
        middle = QPointF(control.rect().center())
        event = QWheelEvent(
            middle, QPointF(control.mapToGlobal(middle.toPoint())), QPoint(0, -120),
            QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(control, event)
        assert value() == before


def of_napari(shown: ScribbleMixWidget) -> list[QSlider]:
    """The sliders that napari shows for the chosen layer: opacity, brush size."""
    dock = shown.window().findChild(QDockWidget, "layer controls")
    return [slider for slider in dock.findChildren(QSlider) if slider.isVisible()]


def test_after_a_click_on_napari_s_own_sliders_keys_go_to_the_image(
    shown: ScribbleMixWidget,
) -> None:
    shown.scribble_panel.draw_button.click()
    QApplication.processEvents()
    sliders = of_napari(shown)
    assert len(sliders) >= 2
    for slider in sliders:
        click(slider, QPoint(slider.width() // 3, slider.height() // 2))
        assert has_keyboard(shown), slider
        shown.board.go_to_slice(1)
        type_key(shown, Qt.Key.Key_Right)
        assert shown.session.slice == 2
        assert space_moves_the_image(shown)


def test_a_field_of_napari_s_controls_keeps_the_keyboard_while_one_types(
    shown: ScribbleMixWidget,
) -> None:
    shown.scribble_panel.draw_button.click()
    QApplication.processEvents()
    dock = shown.window().findChild(QDockWidget, "layer controls")
    field = next(f for f in dock.findChildren(QAbstractSpinBox) if f.isVisible())
    click(field.lineEdit())
    assert not has_keyboard(shown)
    type_key(shown, Qt.Key.Key_Escape)
    assert has_keyboard(shown)


def test_a_closed_panel_leaves_napari_s_controls_as_they_are(shown: ScribbleMixWidget) -> None:
    (slider, *_) = of_napari(shown)
    shown.keyboard.close()
    click(slider, QPoint(slider.width() // 3, slider.height() // 2))
    assert not has_keyboard(shown)
    QApplication.instance().focusChanged.connect(shown.keyboard._on_focus)
