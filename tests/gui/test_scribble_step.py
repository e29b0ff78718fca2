"""Step 2 of the widget: pens, undo, warnings, the ring, the next slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from by_hand import predict, project_of
from napari.layers.labels._labels_key_bindings import decrease_brush_size, increase_brush_size
from qtpy.QtGui import QColor, QIcon

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import ENCLOSED, PREDICTION, SCRIBBLES
from napari_scribblemix.project.project import Project

Make = Callable[..., ScribbleMixWidget]


def marked(widget: ScribbleMixWidget) -> list[int]:
    """The pens that are marked in the palette."""
    pens = widget.scribble_panel._pens
    return [pens.id(pen) for pen in pens.buttons() if pen.isChecked()]


def test_undo_reaches_the_journal(widget: ScribbleMixWidget) -> None:
    layer, case = widget.board.layer(SCRIBBLES), widget.session.the_case()
    before = case.scribble.copy()
    layer.paint((1, 3, 3), 1)
    widget.draw.watch.look()
    assert (widget.session.the_case().scribble != before).any()
    widget.scribble_panel.undo_button.click()
    assert (widget.session.the_case().scribble == before).all()
    read = project_of(widget).read_scribble(case.id, case.image.geometry)
    assert (read == before).all()
    widget.scribble_panel.redo_button.click()
    assert project_of(widget).unsaved_strokes(case.id) == 3


def test_keys_choose_pens_and_the_eraser(widget: ScribbleMixWidget) -> None:
    layer = widget.board.layer(SCRIBBLES)
    keys = {str(key): action for key, action in layer.keymap.items()}
    keys["3"](layer)
    assert (layer.selected_label, layer.mode) == (3, "paint")
    keys["E"](layer)
    assert layer.mode == "erase"
    keys["4"](layer)
    assert (layer.selected_label, layer.mode) == (4, "paint")
    keys["0"](layer)
    assert layer.mode == "erase"
    assert marked(widget) == [0]


def test_the_pen_in_the_hand_is_marked_whoever_chose_it(widget: ScribbleMixWidget) -> None:
    panel, layer = widget.scribble_panel, widget.board.layer(SCRIBBLES)
    assert marked(widget) == [1]
    for value in (3, 3, 0, 4):
        panel._pens.button(value).click()
        assert marked(widget) == [value]
    layer.selected_label = 2
    assert marked(widget) == [2]
    layer.mode = "pan_zoom"
    assert marked(widget) == [], "the image is moved, nothing is drawn"
    layer.mode = "paint"
    assert marked(widget) == [2]
    widget.board.viewer.layers.selection.active = widget.board.layer("image")
    assert marked(widget) == []
    assert not panel.draw_button.isChecked()
    panel.draw_button.click()
    assert (marked(widget), panel.draw_button.isChecked()) == ([2], True)


def test_another_case_keeps_the_pen_in_the_hand(widget: ScribbleMixWidget) -> None:
    widget.scribble_panel._pens.button(3).click()
    widget.session.open_case("case01")
    assert widget.board.layer(SCRIBBLES).selected_label == 3
    assert marked(widget) == [3]


def test_a_marked_pen_looks_another_way_and_grey_ones_keep_their_colour(
    make_widget: Make,
) -> None:
    widget = make_widget(show=True)
    pen = widget.scribble_panel._pens.button(1)
    assert not pen.isEnabled()
    blue = QColor(CARDIAC.colours[1]).rgb()
    grey = pen.icon().pixmap(8, 8, QIcon.Mode.Disabled).toImage()
    assert grey.pixel(4, 4) == blue
    before = pen.grab().toImage()
    pen.setChecked(True)
    assert pen.grab().toImage() != before


def test_the_brush_is_as_wide_as_it_says_in_mm_however_it_is_set(widget: ScribbleMixWidget) -> None:
    panel, layer = widget.scribble_panel, widget.board.layer(SCRIBBLES)
    panel.brush.setValue(6.0)
    assert layer.brush_size == 4
    increase_brush_size(layer)
    assert (layer.brush_size, panel.brush.value()) == (5, 7.5)
    for _ in range(9):
        decrease_brush_size(layer)
    assert (layer.brush_size, panel.brush.value()) == (1, 1.5)
    layer.brush_size = 1000
    assert panel.brush.value() == layer.brush_size * 1.5 == 49.5


def test_the_mask_is_corrected_with_the_same_pens_keys_brush_and_undo(
    widget: ScribbleMixWidget,
) -> None:
    panel = widget.scribble_panel
    assert "no mask yet" in panel.correct_button.toolTip()
    predict(widget, 1)
    widget.review_panel.prediction.setChecked(False)
    panel._pens.button(3).click()
    panel.correct_button.click()
    mask = widget.board.layer(PREDICTION)
    assert mask.visible
    assert widget.board.viewer.layers.selection.active is mask
    assert (mask.mode, mask.selected_label) == ("paint", 3)
    assert (panel.correct_button.isChecked(), panel.draw_button.isChecked()) == (True, False)
    assert mask.brush_size == widget.board.layer(SCRIBBLES).brush_size
    panel.brush.setValue(9.0)
    assert mask.brush_size == 6
    keys = {str(key): action for key, action in mask.keymap.items()}
    for key, value, mode, label in (
        ("2", 2, "paint", 2), ("4", 4, "paint", 0), ("0", 0, "erase", 0), ("E", 0, "erase", 0),
        ("1", 1, "paint", 1), ("4", 4, "paint", 0),
    ):  # fmt: skip
        keys[key](mask)
        assert (mask.mode, marked(widget)) == (mode, [value])
        assert mode == "erase" or mask.selected_label == label
    before = widget.session.the_case().scribble.copy()
    mask.paint((1, 20, 20), mask.selected_label)
    widget.review.watch.look()
    assert widget.session.the_case().prediction[1, 20, 20] == 0
    panel.undo_button.click()
    assert widget.session.the_case().prediction[1, 20, 20] == 1
    panel.redo_button.click()
    assert widget.session.the_case().prediction[1, 20, 20] == 0
    assert (widget.session.the_case().scribble == before).all()
    panel.draw_button.click()
    assert widget.board.layer(SCRIBBLES).selected_label == 4


def test_who_corrects_masks_goes_on_with_that_of_the_next_case(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    widget.session.open_case("case01")
    predict(widget, 2)
    widget.scribble_panel.correct_button.click()
    widget.scribble_panel._pens.button(2).click()
    widget.session.open_case("case00")
    mask = widget.board.layer(PREDICTION)
    assert widget.board.viewer.layers.selection.active is mask
    assert (mask.mode, mask.selected_label) == ("paint", 2)


def test_a_pen_taken_before_there_are_strokes_makes_the_layer(widget: ScribbleMixWidget) -> None:
    widget.board.viewer.layers.remove(widget.board.layer(SCRIBBLES))
    widget.session.open_case("case02")
    assert widget.board.layer(SCRIBBLES) is None
    widget.scribble_panel._pens.button(3).click()
    assert widget.board.layer(SCRIBBLES).selected_label == 3
    assert marked(widget) == [3]


def test_a_label_without_meaning_is_taken_back_and_told(widget: ScribbleMixWidget) -> None:
    layer, case = widget.board.layer(SCRIBBLES), widget.session.the_case()
    before = layer.data.copy()
    layer.data[1, 0:3, 0:3] = 9
    widget.draw.watch.look()
    assert (layer.data == before).all()
    assert "1 to 4" in widget.message.text()
    assert project_of(widget).unsaved_strokes(case.id) == 0


def test_a_full_disk_is_told_once_and_the_stroke_is_saved_later(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_scribblemix.errors import FileError

    told: list[str] = []
    widget.session.told.connect(lambda _level, sentence: told.append(sentence))

    def full(*_: Any) -> None:
        raise FileError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(Project, "record_stroke", full)
        widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
        widget.draw.watch.look()
        widget.draw.watch.look()
    assert len(told) == 1
    widget.draw.watch.look()
    assert project_of(widget).unsaved_strokes("case00") == 1


def test_missing_classes_are_named_in_place(widget: ScribbleMixWidget) -> None:
    layer = widget.board.layer(SCRIBBLES)
    layer.data[layer.data == 3] = 0
    widget.draw.watch.look()
    assert "LV has no scribble yet" in widget.scribble_panel.warnings.text()


def test_a_closed_ring_is_tinted_and_an_open_one_is_told(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    qtbot.waitUntil(lambda: widget.board.layer(ENCLOSED) is not None, timeout=3000)
    number = widget.session.slice
    qtbot.waitUntil(lambda: bool(widget.board.layer(ENCLOSED).data[number].any()), timeout=3000)
    layer = widget.board.layer(SCRIBBLES)
    layer.data[number, :24][layer.data[number, :24] == 4] = 0
    widget.draw.watch.look()
    qtbot.waitUntil(lambda: not widget.board.layer(ENCLOSED).data[number].any(), timeout=3000)
    assert "ring of background is open" in widget.scribble_panel.warnings.text()
    widget.scribble_panel.tint.setChecked(False)
    assert not widget.board.layer(ENCLOSED).visible


def test_a_stroke_outside_a_closed_ring_is_told_as_that(
    widget: ScribbleMixWidget, qtbot: Any
) -> None:
    warnings, number = widget.scribble_panel.warnings, widget.session.slice
    qtbot.waitUntil(lambda: widget.board.layer(ENCLOSED) is not None, timeout=3000)
    qtbot.waitUntil(lambda: bool(widget.board.layer(ENCLOSED).data[number].any()), timeout=3000)
    layer = widget.board.layer(SCRIBBLES)
    layer.data[number, 1, 1] = 1
    widget.draw.watch.look()
    told = "Strokes of a structure lie outside the ring of background: RV."
    qtbot.waitUntil(lambda: told in warnings.text(), timeout=3000)
    assert "is open" not in warnings.text()
    layer.data[number, 1, 1] = 0
    widget.draw.watch.look()
    qtbot.waitUntil(lambda: told not in warnings.text(), timeout=3000)


def test_without_strokes_a_button_makes_the_layer_to_draw_on(widget: ScribbleMixWidget) -> None:
    widget.board.viewer.layers.remove(widget.board.layer(SCRIBBLES))
    widget.session.open_case("case02")
    assert widget.board.layer(SCRIBBLES) is None
    assert not widget.scribble_panel.undo_button.isEnabled()
    assert "Draw scribbles" in widget.scribble_panel.undo_button.toolTip()
    widget.scribble_panel.draw_button.click()
    assert widget.board.layer(SCRIBBLES).mode == "paint"
    assert widget.scribble_panel.undo_button.isEnabled()


def test_the_next_slice_is_the_middle_at_first_and_the_least_sure_one_later(
    widget: ScribbleMixWidget,
) -> None:
    widget.session.open_case("case02")
    widget.board.go_to_slice(0)
    widget.scribble_panel.next_button.click()
    first = widget.session.slice
    assert first in (1, 2)
    # With nothing drawn there either, the next one is another.
    widget.scribble_panel.next_button.click()
    assert widget.session.slice != first
    predict(widget, 1)
    widget.scribble_panel.next_button.click()
    assert widget.session.slice == 3


def test_another_case_brings_its_own_strokes_and_keeps_those_of_this_one(
    widget: ScribbleMixWidget,
) -> None:
    widget.board.layer(SCRIBBLES).paint((1, 3, 3), 1)
    widget.session.open_case("case01")
    assert widget.board.layer(SCRIBBLES).data[1, 3, 3] == 0
    widget.session.open_case("case00")
    assert widget.board.layer(SCRIBBLES).data[1, 3, 3] == 1


def test_a_mask_that_was_taken_out_of_the_viewer_is_not_corrected(
    widget: ScribbleMixWidget,
) -> None:
    predict(widget, 1)
    button = widget.scribble_panel.correct_button
    assert button.isEnabled()
    widget.board.viewer.layers.remove(widget.board.layer(PREDICTION))
    assert not button.isEnabled()
    assert "were taken out" in button.toolTip()
    with pytest.raises(ProjectError, match="choose the case again"):
        widget.draw.correct_mask()
    widget.cases.show_case("case01")
    widget.cases.show_case("case00")
    assert button.isEnabled()
