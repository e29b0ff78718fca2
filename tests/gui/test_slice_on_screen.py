"""Buttons that act on a slice act on the one on screen, or are grey and say why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from by_hand import predict, project_of
from napari.components import ViewerModel

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import IMAGE, PREDICTION, SCRIBBLES, LayerBoard
from napari_scribblemix.gui.viewer.slice_on_screen import IN_3D, MOVED, OUTSIDE, SIDEWAYS, TAKEN_OUT


@pytest.fixture
def board(session: Session) -> LayerBoard:
    """The first case, whose slices are told apart by their image."""
    case = session.the_case()
    case.image.array[:] = np.arange(case.slices)[:, None, None]
    board = LayerBoard(ViewerModel())
    board.show_case(case, CARDIAC)
    return board


def drawn(board: LayerBoard, role: str = IMAGE) -> Any:
    """What napari has cut out of the layer for the screen."""
    return np.asarray(board.layer(role)._slice.image.raw)


def move(board: LayerBoard, number: int, of: int) -> None:
    dims = board.viewer.dims
    low, high, _ = dims.range[dims.ndim - 3]
    dims.set_point(dims.ndim - 3, low + (high - low) * number / (of - 1))


OTHERS = {
    "in µm": {"scale": (1000.0, 1500.0, 1500.0), "units": ("um", "um", "um")},
    "with an origin elsewhere": {"scale": (8.0, 1.5, 1.5), "translate": (-16.0, 3.0, 3.0)},
    "finer": {"scale": (1.0, 1.0, 1.0)},
    "in pixels": {"scale": (2.0, 1.0, 1.0), "units": ("pixel",) * 3},
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("shape", [(33, 8, 8), (3, 33, 8, 8)])
def test_the_slice_is_the_one_napari_cut_beside_any_layer(
    board: LayerBoard, other: str, shape: tuple[int, ...]
) -> None:
    settings = dict(OTHERS[other])
    if len(shape) == 4:
        settings["scale"] = (1.0, *settings["scale"])
        if "units" in settings:
            settings["units"] = ("s" if settings["units"][0] != "pixel" else "pixel",
                                 *settings["units"])  # fmt: skip
        if "translate" in settings:
            settings["translate"] = (0.0, *settings["translate"])
    board.viewer.add_image(np.zeros(shape), **settings)
    for number in range(9):
        move(board, number, of=9)
        found, cut = board.slice_on_screen(), drawn(board)
        if isinstance(found, int):
            assert (cut == found).all()
        else:
            assert found == OUTSIDE
            assert not np.isin(cut, (1, 2, 3)).any()
    for number in range(4):
        board.go_to_slice(number)
        assert board.slice_on_screen() == number
        assert (drawn(board) == number).all()


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_rolled_and_transposed_views(board: LayerBoard, order: tuple[int, ...]) -> None:
    board.go_to_slice(2)
    board.viewer.dims.order = order
    if order[0] == 0:
        assert board.slice_on_screen() == 2
        board.stand_at(1)
        assert (drawn(board) == 1).all()
    else:
        assert board.slice_on_screen() == SIDEWAYS
        assert len(np.unique(drawn(board))) == 4
        board.go_to_slice(1)
        assert (drawn(board) == 1).all()
    assert board.slice_on_screen() == 1


def test_the_3d_view_shows_no_single_slice_and_a_button_turns_it_back(board: LayerBoard) -> None:
    board.viewer.dims.ndisplay = 3
    assert board.slice_on_screen() == IN_3D
    board.go_to_slice(3)
    assert board.viewer.dims.ndisplay == 2
    assert board.slice_on_screen() == 3


def test_layers_that_were_moved_apart_have_no_common_slice(
    board: LayerBoard, session: Session
) -> None:
    layer = board.show_scribbles(session.the_case(), CARDIAC, editable=True)
    board.go_to_slice(1)
    layer.translate = (8.0, 0.0, 0.0)
    assert board.slice_on_screen() == MOVED
    layer.affine = np.diag([1.0, 1.0, 1.0, 1.0])
    board.show_case(session.the_case(), CARDIAC)
    assert board.slice_on_screen() == 1


def test_without_a_layer_there_is_no_slice(board: LayerBoard) -> None:
    heard: list[object] = []
    board.view_changed.connect(lambda: heard.append(board.slice_on_screen()))
    board.viewer.layers.remove(board.layer(IMAGE))
    assert board.slice_on_screen() == TAKEN_OUT
    assert heard == [TAKEN_OUT]
    assert not board.complete


# -- the buttons --


def accepted(widget: ScribbleMixWidget) -> list[int]:
    case = widget.session.the_case().id
    return list(project_of(widget).read_review(case).get("accepted_slices", ()))


def test_accept_slice_takes_the_slice_on_screen_beside_a_layer_in_micrometres(
    widget: ScribbleMixWidget,
) -> None:
    predict(widget, 1)
    viewer = widget.board.viewer
    viewer.add_image(np.zeros((4, 8, 8)), scale=(8000, 1, 1), units=("um", "um", "um"))
    viewer.dims.set_point(0, 24000.0)
    assert (widget.board.layer(PREDICTION)._slice.image.raw == 1).all()
    widget.review_panel.accept_button.click()
    assert accepted(widget) == [3]


def test_accept_slice_knows_the_slice_after_the_image_layer_was_deleted(
    widget: ScribbleMixWidget,
) -> None:
    predict(widget, 1)
    widget.board.go_to_slice(1)
    widget.board.viewer.layers.remove(widget.board.layer(IMAGE))
    widget.board.viewer.dims.set_point(0, 24.0)
    widget.review_panel.accept_button.click()
    assert accepted(widget) == [3]


def test_buttons_of_a_slice_are_grey_where_there_is_none_and_say_why(
    widget: ScribbleMixWidget,
) -> None:
    predict(widget, 1)
    viewer, panel = widget.board.viewer, widget.review_panel
    for button in (panel.accept_button, panel.take_button):
        assert button.isEnabled()
        viewer.dims.ndisplay = 3
        assert not button.isEnabled()
        assert IN_3D in button.toolTip()
        viewer.dims.ndisplay = 2
        viewer.dims.order = (1, 0, 2)
        assert not button.isEnabled()
        assert SIDEWAYS in button.toolTip()
        viewer.dims.order = (0, 2, 1)
        assert button.isEnabled()
        viewer.dims.order = (0, 1, 2)
    assert panel.accept_all_button.isEnabled()


def test_a_mask_that_was_deleted_cannot_be_accepted_unseen(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    widget.board.viewer.layers.remove(widget.board.layer(PREDICTION))
    assert not widget.review_panel.accept_button.isEnabled()
    assert TAKEN_OUT in widget.review_panel.accept_button.toolTip()


def test_what_a_button_acts_on_is_asked_at_the_click(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    widget.board.layer(PREDICTION).translate = (8.0, 0.0, 0.0)
    widget.review_panel.accept_wanted.emit()
    assert accepted(widget) == []
    assert MOVED in widget.message.text()


def test_choosing_the_case_again_brings_its_layers_back(widget: ScribbleMixWidget) -> None:
    predict(widget, 1)
    viewer, board = widget.board.viewer, widget.board
    strokes = board.layer(SCRIBBLES).data.copy()
    board.layer(SCRIBBLES).data_setitem((np.array([1]), np.array([2]), np.array([3])), 3)
    for role in (IMAGE, PREDICTION, SCRIBBLES):
        viewer.layers.remove(board.layer(role))
    tree = widget.images_panel.tree
    item = tree.selectedItems()[0]
    tree.itemClicked.emit(item, 0)
    strokes[1, 2, 3] = 3
    assert np.array_equal(board.layer(SCRIBBLES).data, strokes)
    assert (board.layer(PREDICTION).data == 1).all()
    assert board.layer(IMAGE) is not None
    before = board.layer(IMAGE)
    tree.itemClicked.emit(item, 0)
    assert board.layer(IMAGE) is before
