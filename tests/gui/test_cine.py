"""A cine in the window: looks at other frames, the beating heart, cases of all frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import RUN

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import ImageError, ProjectError
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import IMAGE, PREDICTION, SCRIBBLES
from napari_scribblemix.gui.widgets.controls import reason_of
from phantoms import draw, write_cine

Make = Callable[..., ScribbleMixWidget]
FRAMES = 6


def frames() -> list[np.ndarray]:
    return [draw(0)[0] + 10 * number for number in range(FRAMES)]


def opened(make_widget: Make, folder: Path) -> ScribbleMixWidget:
    path = write_cine(folder / "heart.nii.gz", frames())
    made = make_widget()
    made.open_path(path)
    made.cases.finish_adding()
    assert made.session.the_case().id == "heart_frame00"
    made.draw.draw()
    return made


@pytest.fixture
def widget(make_widget: Make, tmp_path: Path) -> ScribbleMixWidget:
    """A cine of six frames, each ten brighter than the one before; the first is on screen."""
    return opened(make_widget, tmp_path)


def state(widget: ScribbleMixWidget) -> tuple[Any, ...]:
    """What must be as before once a look is over."""
    viewer = widget.board.viewer
    layers = tuple((layer.name, layer.visible, layer.mode) for layer in viewer.layers)
    camera = viewer.scene.camera
    return (
        layers,
        viewer.layers.selection.active,
        tuple(viewer.dims.current_step),
        viewer.dims.ndim,
        (camera.zoom, tuple(camera.center)),
        widget.board.layer(SCRIBBLES).data.tobytes(),
        widget.board.layer(IMAGE).data.tobytes(),
        widget.session.the_case().id,
    )


def drag(widget: ScribbleMixWidget, number: int) -> None:
    """The slider is held and moved: a look."""
    widget.images_panel.slider.setSliderDown(True)
    widget.images_panel.slider.setValue(number)


def test_the_slider_that_is_dragged_shows_frames_and_opens_where_it_is_let_go(
    widget: ScribbleMixWidget,
) -> None:
    before, panel = state(widget), widget.images_panel
    drag(widget, 3)
    shown = widget.cases.cine.layers
    assert shown.shown
    top = widget.board.viewer.layers[-2]
    assert np.allclose(top.data, frames()[3], atol=1e-3)
    assert widget.session.the_case().id == "heart_frame00"
    assert panel.frame.value() == 3
    drag(widget, 0)
    assert not shown.shown
    assert state(widget) == before
    drag(widget, 4)
    panel.slider.setSliderDown(False)
    assert widget.session.the_case().id == "heart_frame04"
    assert not shown.shown


def test_keys_wheel_and_number_open_the_frame_at_the_same_place(widget: ScribbleMixWidget) -> None:
    panel, viewer = widget.images_panel, widget.board.viewer
    widget.board.stand_at(1)
    viewer.scene.camera.zoom = 7.0
    panel.slider.setValue(2)
    assert widget.session.the_case().id == "heart_frame02"
    assert np.allclose(widget.board.layer(IMAGE).data, frames()[2], atol=1e-3)
    assert (widget.session.slice, viewer.scene.camera.zoom) == (1, 7.0)
    panel.frame.setValue(5)
    assert widget.session.the_case().id == "heart_frame05"
    assert (panel.slider.value(), panel.tree.case_ids) == (5, ALL)


def draw_on(widget: ScribbleMixWidget) -> None:
    layer = widget.board.layer(SCRIBBLES)
    assert layer.mode == "paint"
    assert widget.board.chosen is layer
    layer.paint((1, 20, 20), 3)
    widget.draw.watch.look()


def strokes_of(widget: ScribbleMixWidget, number: int) -> int:
    project = widget.session.the_project()
    geometry = project.read_image("heart_frame00").geometry
    return int((project.read_scribble(f"heart_frame{number:02d}", geometry) != UNLABELLED).sum())


def test_strokes_go_to_the_frame_that_the_slider_came_to(widget: ScribbleMixWidget) -> None:
    drawn = []
    for number in (3, 1):
        widget.images_panel.slider.setValue(number)
        widget.draw.pens.take(3)
        draw_on(widget)
        drawn.append(number)
        counts = [strokes_of(widget, frame) for frame in range(FRAMES)]
        assert [frame for frame in range(FRAMES) if counts[frame]] == sorted(drawn)


@pytest.fixture
def first_only(
    make_widget: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ScribbleMixWidget:
    """A cine of too many frames: only the first is a case."""
    monkeypatch.setattr("napari_scribblemix.gui.state.opening._MOST_CASES", FRAMES - 1)
    widget = opened(make_widget, tmp_path)
    assert [record.id for record in widget.session.the_project().cases] == ALL[:1]
    return widget


def test_a_pen_for_a_frame_that_is_looked_at_opens_it_and_draws_there(
    first_only: ScribbleMixWidget,
) -> None:
    widget, project = first_only, first_only.session.the_project()
    widget.images_panel.slider.setValue(2)
    assert widget.cases.cine.layers.shown
    widget.draw.pens.take(3)
    assert widget.session.the_case().id == "heart_frame02"
    assert not widget.cases.cine.layers.shown
    draw_on(widget)
    assert strokes_of(widget, 2) > 0
    assert strokes_of(widget, 0) == 0
    assert [record.id for record in project.cases] == [ALL[0], ALL[2]]


def test_nothing_is_done_to_slices_under_a_look(widget: ScribbleMixWidget) -> None:
    project = widget.session.the_project()
    geometry = project.read_image("heart_frame00").geometry
    project.write_prediction("heart_frame00", draw(0)[1], geometry, RUN)
    widget.session.reread_masks("heart_frame00")
    drag(widget, 2)
    panel = widget.review_panel
    assert "another frame of the cine lies over the case" in reason_of(panel.accept_button)
    assert "another frame of the cine lies over the case" in reason_of(panel.accept_all_button)
    with pytest.raises(ProjectError, match="heart_frame00 is not on screen"):
        widget.review.toggle_volume()
    assert widget.session.the_case().accepted == frozenset()
    drag(widget, 0)
    panel.accept_button.click()
    assert len(widget.session.the_case().accepted) == 1


def test_nothing_is_undone_under_a_look(widget: ScribbleMixWidget) -> None:
    widget.draw.pens.take(3)
    draw_on(widget)
    before = strokes_of(widget, 0)
    drag(widget, 2)
    widget.scribble_panel.undo_button.click()
    assert strokes_of(widget, 0) == before > 0
    assert "The strokes are not on screen" in widget.message.text()
    drag(widget, 0)
    widget.scribble_panel.undo_button.click()
    assert strokes_of(widget, 0) == 0


def test_a_frame_that_cannot_be_opened_leaves_the_one_before(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_frame: int) -> None:
        raise ImageError("It is gone.")

    monkeypatch.setattr(widget.cases.cine, "_open_frame", refuse)
    widget.images_panel.slider.setValue(3)
    assert widget.message.text() == "It is gone."
    assert widget.session.the_case().id == "heart_frame00"
    assert widget.images_panel.slider.value() == widget.images_panel.frame.value() == 0


def test_another_layer_that_is_chosen_ends_the_look(widget: ScribbleMixWidget) -> None:
    drag(widget, 2)
    widget.board.choose(widget.board.layer(IMAGE))
    assert not widget.cases.cine.layers.shown
    assert widget.session.the_case().id == "heart_frame00"
    assert widget.images_panel.slider.value() == 0


def test_a_layer_of_a_look_that_is_taken_out_takes_the_other_along(
    widget: ScribbleMixWidget,
) -> None:
    count = len(widget.board.viewer.layers)
    drag(widget, 2)
    widget.board.viewer.layers.pop()
    assert len(widget.board.viewer.layers) == count
    assert widget.board.complete


def test_the_layer_of_a_look_is_no_image_to_add(widget: ScribbleMixWidget) -> None:
    drag(widget, 2)
    assert not widget.images_panel.layer_button.isEnabled()


def test_play_beats_through_all_frames_and_stop_goes_back(
    widget: ScribbleMixWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, panel = state(widget), widget.images_panel
    seen: list[int] = []
    cine = widget.cases.cine
    monkeypatch.setattr(cine, "look", _spy(cine.look, seen))
    panel.play_button.click()
    assert panel.play_button.text() == "■"
    qtbot.waitUntil(lambda: len(seen) > FRAMES + 1, timeout=10_000)
    panel.play_button.click()
    assert panel.play_button.text() == "▶"
    assert seen[: FRAMES + 1] == [*range(1, FRAMES), 0, 1]
    assert state(widget) == before
    assert panel.slider.value() == 0


def _spy(look: Callable[[int], None], seen: list[int]) -> Callable[[int], None]:
    def spied(number: int) -> None:
        seen.append(number)
        look(number)

    return spied


def test_another_case_ends_the_play(widget: ScribbleMixWidget, qtbot: Any) -> None:
    widget.images_panel.play_button.click()
    qtbot.waitUntil(lambda: widget.cases.cine.layers.shown, timeout=10_000)
    widget.cases.show_frame(4)
    cine = widget.cases.cine
    assert not cine.playing
    assert not cine.layers.shown
    assert widget.session.the_case().id == "heart_frame04"
    assert widget.images_panel.slider.value() == 4


def test_a_frame_under_the_slider_is_opened_as_a_case(widget: ScribbleMixWidget) -> None:
    drag(widget, 3)
    widget.images_panel.frame_button.click()
    assert widget.session.the_case().id == "heart_frame03"
    assert not widget.cases.cine.layers.shown


ALL = [f"heart_frame{number:02d}" for number in range(FRAMES)]


def test_a_cine_opens_as_one_patient_with_all_frames(widget: ScribbleMixWidget) -> None:
    project = widget.session.the_project()
    assert [record.id for record in project.cases] == ALL
    assert [record.frame for record in project.cases] == list(range(FRAMES))
    assert widget.images_panel.tree.case_ids == ALL
    assert "is a cine of" not in widget.message.text()


def test_of_very_many_frames_the_first_is_opened_and_the_others_when_asked_for(
    first_only: ScribbleMixWidget,
) -> None:
    widget, project = first_only, first_only.session.the_project()
    assert "All frames adds the rest" in widget.message.text()
    for _ in range(2):  # once more adds nothing
        widget.images_panel.all_frames_button.click()
        widget.cases.finish_adding()
        assert [record.id for record in project.cases] == ALL
    assert widget.session.the_case().id == "heart_frame00"


def test_the_masks_of_other_frames_are_shown_as_outlines(widget: ScribbleMixWidget) -> None:
    project = widget.session.the_project()
    geometry = project.read_image("heart_frame02").geometry
    mask = draw(0)[1]
    project.write_prediction("heart_frame02", mask, geometry, RUN)
    drag(widget, 2)
    outline = widget.board.viewer.layers[-1]
    assert (outline.data == mask).all()
    assert outline.contour > 0
    assert not outline.editable
    assert widget.board.layer(PREDICTION) is None
    drag(widget, 1)
    assert not outline.data.any()


def test_a_cine_too_large_for_the_memory_is_not_played(
    widget: ScribbleMixWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_scribblemix.gui.images.cine._LARGEST_BYTES", 1000)
    widget.images_panel.play_button.click()
    assert "look at single frames by the slider" in widget.message.text()
    assert not widget.cases.cine.playing
