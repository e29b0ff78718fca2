"""Step 2 of the widget: pens, undo, warnings, the ring, the next slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from by_hand import predict, project_of

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.layers import ENCLOSED, SCRIBBLES
from napari_scribblemix.project.project import Project

Make = Callable[..., ScribbleMixWidget]


def test_undo_reaches_the_journal(widget: ScribbleMixWidget) -> None:
    layer, case = widget.board.layer(SCRIBBLES), widget.session.the_case()
    before = case.scribble.copy()
    layer.paint((1, 3, 3), 1)
    widget.draw.watch.look()
    assert (widget.session.the_case().scribble != before).any()
    widget.scribble_panel.undo_button.click()
    assert (widget.session.the_case().scribble == before).all()
    read = project_of(widget).read_scribble(case.id, case.image)
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
    assert widget.scribble_panel._pens.checkedId() == 0


def test_the_brush_is_as_wide_as_it_says_in_mm(widget: ScribbleMixWidget) -> None:
    widget.scribble_panel.brush.setValue(6.0)
    assert widget.board.layer(SCRIBBLES).brush_size == 4


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
    assert widget.session.slice in (1, 2)
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
