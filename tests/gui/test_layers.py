from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.gui.layers import (
    CHANNELS,
    ENCLOSED,
    IMAGE,
    PREDICTION,
    SCRIBBLES,
    UNCERTAINTY,
    LayerBoard,
)
from napari_scribblemix.gui.look import class_colours, contrast_limits
from napari_scribblemix.gui.open_case import OpenCase
from napari_scribblemix.gui.session import Session


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def board(viewer: ViewerModel) -> LayerBoard:
    return LayerBoard(viewer)


@pytest.fixture
def case(session: Session) -> OpenCase:
    case = session.the_case()
    case.prediction = np.ones_like(case.scribble)
    case.uncertainty = np.full_like(case.scribble, 50)
    return case


def test_the_image_has_the_spacing_as_scale_and_a_window_of_its_greys(
    board: LayerBoard, case: OpenCase
) -> None:
    board.show_image(case, CARDIAC)
    layer = board.layer(IMAGE)
    assert tuple(layer.scale) == (8.0, 1.5, 1.5)
    low, high = layer.contrast_limits
    assert case.image.array.min() < low < high < case.image.array.max()


def test_bright_fat_at_the_edge_does_not_darken_the_heart() -> None:
    image = np.random.default_rng(0).uniform(50, 100, (3, 40, 40))
    plain = contrast_limits(image)
    image[:, :, :4] = 2000
    assert contrast_limits(image) == plain
    assert plain[1] < 100


def test_a_constant_image_still_has_a_window() -> None:
    assert contrast_limits(np.full((2, 2), 5.0)) == (5.0, 6.0)


def test_layers_lie_in_one_order_however_they_come(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_image(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    board.show_mask(case, CARDIAC)
    board.show_uncertainty(case, CARDIAC, shown=True)
    board.show_enclosed(np.ones((1, 48, 48), bool), 1, case, CARDIAC)
    order = [IMAGE, UNCERTAINTY, ENCLOSED, PREDICTION, SCRIBBLES]
    assert list(viewer.layers) == [board.layer(role) for role in order]


def test_a_new_mask_does_not_take_the_brush_away(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_image(case, CARDIAC)
    layer = board.show_scribbles(case, CARDIAC, editable=True)
    board.show_mask(case, CARDIAC)
    assert viewer.layers.selection.active is layer
    assert layer.mode == "paint"


def test_scribbles_are_transparent_where_nothing_is_drawn(
    board: LayerBoard, case: OpenCase
) -> None:
    board.show_image(case, CARDIAC)
    layer = board.show_scribbles(case, CARDIAC, editable=True)
    assert np.array_equal(layer.data, CARDIAC.to_viewer(case.scribble))
    assert layer.get_color(0) is None or layer.get_color(0)[3] == 0
    assert layer.get_color(4)[:2] == pytest.approx([0xF0 / 255, 0xE4 / 255], abs=0.01)


def test_prediction_and_scribbles_have_the_same_colours() -> None:
    colours = class_colours(CARDIAC)
    for index, colour in enumerate(CARDIAC.colours[1:], start=1):
        red = int(colour[1:3], 16) / 255
        assert colours.map(index)[0] == pytest.approx(red, abs=0.01)


def test_a_later_mask_changes_the_same_layer(board: LayerBoard, case: OpenCase) -> None:
    board.show_image(case, CARDIAC)
    board.show_mask(case, CARDIAC)
    layer = board.layer(PREDICTION)
    assert case.prediction is not None
    case.prediction = case.prediction + 1
    board.show_mask(case, CARDIAC)
    assert board.layer(PREDICTION) is layer
    assert (layer.data == 2).all()


def test_slices_are_those_of_the_case_also_beside_a_layer_of_another_spacing(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    viewer.add_image(np.zeros((40, 8, 8)), scale=(1, 1, 1))
    board.show_image(case, CARDIAC)
    for number in range(case.slices):
        board.go_to_slice(number)
        assert board.shown_slice() == number


def test_layers_of_others_stay(board: LayerBoard, viewer: ViewerModel, case: OpenCase) -> None:
    mine = viewer.add_image(np.zeros((4, 8, 8)), name="mine")
    board.show_image(case, CARDIAC)
    board.clear()
    assert list(viewer.layers) == [mine]


def test_the_chosen_layer_of_somebody_else_can_be_added_but_not_ours(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    mine = viewer.add_image(np.zeros((4, 8, 8)), name="mine", scale=(5, 1, 1))
    found = board.active_image()
    assert found is not None
    assert (found.name, found.layer, found.path) == ("mine", mine, None)
    board.show_image(case, CARDIAC)
    viewer.layers.selection.active = board.layer(IMAGE)
    assert board.active_image() is None


def test_a_layer_the_user_removed_is_told_once_and_forgotten(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    removed: list[str] = []
    board.removed.connect(removed.append)
    board.show_image(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    viewer.layers.remove(board.layer(SCRIBBLES))
    board.show_image(case, CARDIAC)
    assert removed == [SCRIBBLES]
    assert isinstance(board.layer(IMAGE), Image)


def test_further_channels_lie_hidden_between_image_and_labels(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_image(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    channels = ("C0", "LGE", "T2")
    further = (case.image.array + 1, case.image.array * 2)
    case.image = replace(case.image, further=further, channels=channels)
    board.show_image(case, CARDIAC)
    board.show_mask(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    names = [f"{case.id} {name}" for name in channels]
    assert [layer.name for layer in viewer.layers] == [*names, "prediction", "scribbles"]
    assert [layer.visible for layer in viewer.layers] == [True, False, False, True, True]
    assert np.array_equal(board.layer(CHANNELS[1]).data, further[1])
    viewer.layers.selection.active = viewer.layers[1]
    assert board.active_image() is None, "a channel of the case is nobody else's layer"
    board.clear()
    assert len(viewer.layers) == 0
