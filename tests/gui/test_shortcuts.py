"""Keys and palette commands through a real window, as a keyboard and napari's palette give them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import open_folder, predict, project_of
from napari._app_model import get_app_model
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.key_bindings import coerce_keybinding
from npe2 import PluginManifest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.gui import commands
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.keys import COMMANDS, DRAWING, PENS
from napari_scribblemix.gui.state.preferences import PLUGIN
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES
from phantoms import draw, write_file

Make = Callable[..., ScribbleMixWidget]
SHIFT = Qt.KeyboardModifier.ShiftModifier


def settled(widget: ScribbleMixWidget, qtbot: Any) -> ScribbleMixWidget:
    window = widget.window()
    window.resize(1400, 950)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    qtbot.wait(50)
    widget.keyboard.to_image()
    return widget


@pytest.fixture
def shown(make_widget: Make, folder: Path, qtbot: Any) -> ScribbleMixWidget:
    """A widget in a window that is shown, with a case and its mask."""
    widget = make_widget(show=True)
    open_folder(widget, folder)
    predict(widget, 1)
    return settled(widget, qtbot)


@pytest.fixture
def phases(make_widget: Make, tmp_path: Path, qtbot: Any) -> ScribbleMixWidget:
    """A patient in two phases, of which the second has fewer slices, and another patient."""
    for name, slices in (("heart_ED", 4), ("heart_ES", 3), ("other", 4)):
        write_file(tmp_path / "study" / f"{name}.nii.gz", draw(0, (slices, 48, 48))[0])
    widget = make_widget(show=True)
    open_folder(widget, tmp_path / "study")
    return settled(widget, qtbot)


def press(widget: ScribbleMixWidget, letter: str, *, shift: bool = False) -> None:
    """A key, given to the window, which hands it to whoever has the keyboard."""
    modifier = SHIFT if shift else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(widget.window().windowHandle(), getattr(Qt.Key, f"Key_{letter}"), modifier)
    QApplication.processEvents()


def test_keys_accept_look_and_go_to_the_least_sure_slice(shown: ScribbleMixWidget) -> None:
    session, mask = shown.session, shown.board.layer(PREDICTION)
    number = session.slice
    press(shown, "K")
    assert session.the_case().accepted == {number}
    press(shown, "K")
    assert session.the_case().accepted == frozenset()
    press(shown, "U")
    assert session.slice == 3
    press(shown, "H")
    assert not mask.visible
    press(shown, "H")
    assert mask.visible
    assert mask.contour == 0
    press(shown, "W")
    assert mask.contour > 0


def test_a_held_key_takes_the_mask_from_the_image_and_no_pen_from_the_hand(
    shown: ScribbleMixWidget,
) -> None:
    shown.draw.correct_mask()
    mask, handle = shown.board.layer(PREDICTION), shown.window().windowHandle()
    before = mask.opacity
    QTest.keyPress(handle, Qt.Key.Key_Q)
    assert mask.opacity == 0
    predict(shown, 2)
    assert mask.opacity == 0, "a mask that comes meanwhile is not seen either"
    QTest.keyRelease(handle, Qt.Key.Key_Q)
    assert (mask.opacity, mask.mode) == (before, "paint")
    QTest.keyPress(handle, Qt.Key.Key_Q)
    shown.scribble_panel.brush.setFocus()
    QApplication.processEvents()
    assert mask.opacity == before, "the release would go to the field"


def test_segment_has_a_key(shown: ScribbleMixWidget) -> None:
    press(shown, "G")
    assert shown.session.run.busy


def test_a_key_says_why_it_does_nothing_now(make_widget: Make, qtbot: Any) -> None:
    widget = settled(make_widget(show=True), qtbot)
    press(widget, "K")
    assert widget.message.text() == "Not now: open images first."
    for letter in "JN":
        press(widget, letter)
        assert "open images" in widget.message.text()


def test_n_goes_through_the_list_and_stops_at_its_ends(phases: ScribbleMixWidget) -> None:
    seen = [phases.session.the_case().id]
    for _ in range(3):
        press(phases, "N")
        seen.append(phases.session.the_case().id)
    assert seen == ["heart_ED", "heart_ES", "other", "other"]
    assert "last case" in phases.message.text()
    press(phases, "N", shift=True)
    assert phases.session.the_case().id == "heart_ES"


def test_j_shows_the_other_phase_at_the_same_place(phases: ScribbleMixWidget) -> None:
    for number, there in ((0, 0), (1, 1), (3, 2)):
        phases.board.go_to_slice(number)
        press(phases, "J")
        assert (phases.session.the_case().id, phases.session.slice) == ("heart_ES", there)
        assert phases.board.slice_on_screen() == there
        press(phases, "J")
        assert phases.session.the_case().id == "heart_ED"
    camera = phases.board.viewer.scene.camera
    camera.zoom, camera.center = 7.0, (0.0, 20.0, 30.0)
    press(phases, "J")
    assert (camera.zoom, tuple(camera.center)) == (7.0, (0.0, 20.0, 30.0))
    press(phases, "N")
    press(phases, "N")
    press(phases, "J")
    assert "only case of its patient" in phases.message.text()


def test_no_heart_makes_the_slice_background_and_undo_brings_its_strokes_back(
    shown: ScribbleMixWidget,
) -> None:
    case, number = shown.session.the_case(), shown.session.slice
    before = case.scribble.copy()
    press(shown, "B", shift=True)
    kept = project_of(shown).read_scribble(case.id, case.image.geometry)
    assert (kept[number] == 0).all()
    others = np.arange(case.slices) != number
    assert np.array_equal(kept[others], before[others])
    assert "were replaced" in shown.message.text()
    assert "Slices done: 4 of 4" in shown.scribble_panel.counts.text()
    layer = shown.board.layer(SCRIBBLES)
    assert layer.opacity < 0.5, "the image is to be seen"
    shown.board.go_to_slice(number - 1)
    assert layer.opacity == 1
    shown.board.go_to_slice(number)
    QTest.keyClick(shown.window().windowHandle(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    shown.draw.watch.look()
    assert layer.opacity == 1
    assert np.array_equal(project_of(shown).read_scribble(case.id, case.image.geometry), before)


def test_while_the_mask_is_corrected_no_heart_empties_it_and_undo_fills_it(
    shown: ScribbleMixWidget,
) -> None:
    case, number = shown.session.the_case(), shown.session.slice
    strokes = case.scribble.copy()
    shown.draw.correct_mask()
    press(shown, "B", shift=True)
    assert not case.prediction[number].any()
    assert case.prediction.any(axis=(1, 2)).sum() == case.slices - 1
    assert case.accepted == case.corrected == {number}
    assert np.array_equal(case.scribble, strokes)
    shown.scribble_panel.undo_button.click()
    assert (case.prediction[number] == 1).all()
    assert case.accepted == frozenset()


def test_an_empty_slice_of_the_mask_is_accepted_as_it_is(shown: ScribbleMixWidget) -> None:
    case, number = shown.session.the_case(), shown.session.slice
    mask = np.ones(case.image.array.shape, np.uint8)
    mask[number] = 0
    project_of(shown).write_prediction(case.id, mask, case.image.geometry, {})
    shown.session.reread_masks(case.id)
    shown.draw.correct_mask()
    press(shown, "B", shift=True)
    assert (case.accepted, case.corrected) == ({number}, frozenset())


def test_strokes_of_the_slices_beside_are_copied_and_undo_brings_the_old_ones_back(
    shown: ScribbleMixWidget,
) -> None:
    case = shown.session.the_case()
    layer = shown.board.layer(SCRIBBLES)
    layer.data[1] = 0
    layer.data[1, 4:9, 4:9] = 2
    shown.board.go_to_slice(2)
    before = case.scribble[2].copy()
    press(shown, "C", shift=True)
    kept = project_of(shown).read_scribble(case.id, case.image.geometry)
    assert np.array_equal(kept[2], kept[1])
    assert (kept[2] == 2).sum() == 25
    shown.scribble_panel.undo_button.click()
    assert np.array_equal(case.scribble[2], before)
    shown.board.go_to_slice(0)
    press(shown, "X", shift=True)
    assert np.array_equal(case.scribble[0], case.scribble[1])
    press(shown, "C", shift=True)
    assert "no slice before" in shown.message.text()
    layer.data[1] = 0
    press(shown, "X", shift=True)
    assert "has no strokes to copy" in shown.message.text()
    assert (case.scribble[0] != UNLABELLED).any(), "and nothing is taken away for it"


def test_every_command_is_in_the_palette_with_the_words_of_the_table(
    widget: ScribbleMixWidget,
) -> None:
    listed = {c.id: c for c in PluginManifest.from_distribution(PLUGIN).contributions.commands}
    app = get_app_model()
    for key in COMMANDS:
        if not key.held:
            assert listed[f"{PLUGIN}.{key.command}"].title == f"ScribbleMix: {key.does}"
            assert f"{PLUGIN}.{key.command}" in app.commands


def test_a_palette_command_does_as_its_key(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(commands, "dock", lambda _viewer: widget)
    monkeypatch.setattr(widget.shortcuts, "run", asked.append)
    wanted = [k.command for k in COMMANDS if k.command and k.command != "segment"]
    for command in wanted:
        getattr(commands, command)(widget.board.viewer)
    assert asked == wanted


def test_no_key_is_one_of_napari_s_or_of_the_pens() -> None:
    ours = [coerce_keybinding(key.keys) for key in COMMANDS]
    assert len(set(map(str, ours))) == len(ours)
    for of_napari in (Labels, Image, ViewerModel):
        assert not set(map(str, of_napari.class_keymap)) & set(map(str, ours)), of_napari
    assert not set(PENS) & {str(key) for key in ours}


def test_the_table_names_what_the_pens_bind(widget: ScribbleMixWidget) -> None:
    bound = {str(key) for key in widget.board.layer(SCRIBBLES).keymap}
    assert bound == {"1", "2", "3", "4", "0", "E"}
    assert bound <= set(PENS)
    assert bound <= {key for row in DRAWING for key in row.keys.split()}


def test_tooltips_name_the_keys_also_of_what_is_greyed_out(make_widget: Make) -> None:
    panel = make_widget().review_panel
    assert "Key: K." in panel.accept_button.toolTip()
    assert "Not now" in panel.accept_button.toolTip()
    assert "Key: H." in panel.prediction.toolTip()


def test_a_closed_panel_gives_the_keys_back(widget: ScribbleMixWidget) -> None:
    viewer = widget.board.viewer
    assert any(str(key) == "K" for key in viewer.keymap)
    viewer.bind_key("N", len, overwrite=True)
    widget.shut_down()
    assert [str(key) for key in viewer.keymap] == ["N"], "another's key stays"
