"""Two phases of a patient side by side, in a real window."""

from __future__ import annotations

from typing import Any

from by_hand import show_mask
from test_shortcuts import phases, press

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import IMAGE, SCRIBBLES

__all__ = ["phases"]

RUN = {"kind": "run", "model": "m", "step": 5}


def guests(widget: ScribbleMixWidget) -> list[Any]:
    return [layer for layer in widget.board.viewer.layers if "beside" in layer.metadata]


def state(widget: ScribbleMixWidget) -> tuple[Any, ...]:
    """All that somebody sees and may do."""
    viewer = widget.board.viewer
    camera, active = viewer.scene.camera, viewer.layers.selection.active
    shown = [(layer.name, layer.visible, layer.mode) for layer in viewer.layers]
    return camera.zoom, tuple(camera.center), shown, active, viewer.dims.current_step


def test_a_key_shows_both_phases_and_off_again_all_is_as_before(phases: ScribbleMixWidget) -> None:
    show_mask(phases, "heart_ES", RUN)
    phases.draw.draw()
    phases.board.go_to_slice(2)
    camera = phases.board.viewer.scene.camera
    camera.zoom, camera.center = 7.0, (0.0, 20.0, 30.0)
    before = state(phases)
    press(phases, "J", shift=True)
    assert phases.review_panel.both.isChecked()
    image, mask = guests(phases)
    assert (image.name, mask.name) == ("heart_ES", "heart_ES mask")
    assert not mask.editable
    assert phases.board.chosen is phases.board.layer(SCRIBBLES)
    assert phases.session.the_case().id == "heart_ED"
    assert phases.board.slice_on_screen() == 2
    # Beside the case, not over it.
    own = phases.board.layer(IMAGE).extent.world[1, 2]
    assert image.extent.world[0, 2] > own
    press(phases, "J", shift=True)
    assert guests(phases) == []
    assert state(phases) == before


def test_the_other_phase_shares_grey_values_and_look_and_follows_case_and_mask(
    phases: ScribbleMixWidget,
) -> None:
    panel = phases.review_panel
    panel.both.click()
    (image,) = guests(phases)
    phases.board.layer(IMAGE).contrast_limits = (3.0, 77.0)
    assert tuple(image.contrast_limits) == (3.0, 77.0)
    show_mask(phases, "heart_ES", RUN)
    assert len(guests(phases)) == 2
    show_mask(phases, "heart_ED", RUN)
    panel.outline.setChecked(True)
    assert guests(phases)[1].contour > 0
    panel.prediction.setChecked(False)
    assert not guests(phases)[1].visible
    press(phases, "J")
    assert [layer.name for layer in guests(phases)] == ["heart_ED", "heart_ED mask"]
    press(phases, "N")
    assert phases.session.the_case().id == "other"
    assert guests(phases) == []
    assert not panel.both.isEnabled()
    assert not panel.both.isChecked()


def test_what_lies_beside_becomes_no_case_and_may_be_taken_out(phases: ScribbleMixWidget) -> None:
    phases.review_panel.both.click()
    (image,) = guests(phases)
    phases.board.choose(image)
    assert not phases.images_panel.layer_button.isEnabled()
    phases.board.viewer.layers.remove(image)
    phases.review_panel.both.click()
    assert guests(phases) == []
    assert len(phases.session.the_project().cases) == 3
