from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, UNLABELLED
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.case_layers import METADATA
from napari_scribblemix.gui.viewer.layers import (
    CHANNELS,
    ENCLOSED,
    IMAGE,
    PREDICTION,
    SCRIBBLES,
    UNCERTAINTY,
    LayerBoard,
)
from napari_scribblemix.gui.viewer.look import class_colours, contrast_limits


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
    board.show_case(case, CARDIAC)
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
    board.show_case(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    board.show_mask(case, CARDIAC)
    board.show_uncertainty(case, CARDIAC, shown=True)
    board.show_enclosed(np.ones((1, 48, 48), bool), 1, case, CARDIAC)
    order = [IMAGE, UNCERTAINTY, ENCLOSED, PREDICTION, SCRIBBLES]
    assert list(viewer.layers) == [board.layer(role) for role in order]


def test_a_new_mask_does_not_take_the_brush_away(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_case(case, CARDIAC)
    layer = board.show_scribbles(case, CARDIAC, editable=True)
    board.show_mask(case, CARDIAC)
    assert viewer.layers.selection.active is layer
    assert layer.mode == "paint"


def test_scribbles_are_transparent_where_nothing_is_drawn(
    board: LayerBoard, case: OpenCase
) -> None:
    board.show_case(case, CARDIAC)
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
    board.show_case(case, CARDIAC)
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
    board.show_case(case, CARDIAC)
    for number in range(case.slices):
        board.go_to_slice(number)
        assert board.slice_on_screen() == number


def test_layers_of_others_stay(board: LayerBoard, viewer: ViewerModel, case: OpenCase) -> None:
    mine = viewer.add_image(np.zeros((4, 8, 8)), name="mine")
    board.show_case(case, CARDIAC)
    board.clear()
    assert list(viewer.layers) == [mine]


def test_the_chosen_layer_of_somebody_else_can_be_added_but_not_ours(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    mine = viewer.add_image(np.zeros((4, 8, 8)), name="mine", scale=(5, 1, 1))
    found = board.active_image()
    assert found is not None
    assert (found.name, found.layer, found.path) == ("mine", mine, None)
    board.show_case(case, CARDIAC)
    viewer.layers.selection.active = board.layer(IMAGE)
    assert board.active_image() is None


def test_a_layer_the_user_removed_is_told_once_and_forgotten(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    removed: list[str] = []
    board.removed.connect(removed.append)
    board.show_case(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    viewer.layers.remove(board.layer(SCRIBBLES))
    board.show_case(case, CARDIAC)
    assert removed == [SCRIBBLES]
    assert isinstance(board.layer(IMAGE), Image)


def test_further_channels_lie_hidden_between_image_and_labels(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_case(case, CARDIAC)
    board.show_scribbles(case, CARDIAC, editable=True)
    channels = ("C0", "LGE", "T2")
    further = (case.image.array + 1, case.image.array * 2)
    case.image = replace(case.image, further=further, channels=channels)
    board.show_case(case, CARDIAC)
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


def other_case(case: OpenCase) -> OpenCase:
    """Another size, spacing and grey window; strokes of its own, no mask."""
    image = np.random.default_rng(1).uniform(0, 5000, (6, 40, 44)).astype(np.float32)
    geometry = Geometry.from_affine(np.diag([2.0, 2.0, 10.0, 1.0]), (44, 40, 6))
    scribble = np.full(image.shape, UNLABELLED, np.uint8)
    scribble[5, 1, 2] = 2
    return OpenCase("other", Volume(image, geometry), 1, None, scribble, 0)


def test_another_case_takes_the_layers_over_and_the_viewer_is_never_empty(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_case(case, CARDIAC)
    scribbles = board.show_scribbles(case, CARDIAC, editable=True)
    board.show_mask(case, CARDIAC)
    board.show_enclosed(np.ones((1, 48, 48), bool), 1, case, CARDIAC)
    image = board.layer(IMAGE)
    image.colormap = "viridis"
    image.affine = np.diag([1.0, 2.0, 1.0, 1.0])
    scribbles.data_setitem((np.array([1]), np.array([2]), np.array([3])), 3)
    fewest = []
    viewer.layers.events.removed.connect(lambda _event: fewest.append(len(viewer.layers)))
    other = other_case(case)
    board.show_case(other, CARDIAC)
    assert min(fewest, default=1) >= 1
    assert board.layer(IMAGE) is image
    assert board.layer(SCRIBBLES) is scribbles
    assert board.layer(PREDICTION) is None
    assert [layer.name for layer in viewer.layers] == ["other", "enclosed background", "scribbles"]
    assert image.data is other.image.array
    assert image.colormap.name == "viridis", "what the user chose stays"
    assert np.array_equal(np.asarray(image.affine), np.eye(4)), "where it was moved to does not"
    assert tuple(image.contrast_limits) == contrast_limits(other.image.array)
    for layer in viewer.layers:
        assert tuple(layer.scale) == (10.0, 2.0, 2.0)
        assert layer.data.shape == (6, 40, 44)
        assert layer.metadata[METADATA]["geometry"] is other.image.geometry
        assert layer.metadata["case"] == "other"
    assert not board.layer(ENCLOSED).data.any()
    assert not board.layer(ENCLOSED).editable
    assert np.array_equal(scribbles.data, CARDIAC.to_viewer(other.scribble))
    scribbles.undo()
    assert np.array_equal(scribbles.data, CARDIAC.to_viewer(other.scribble)), "no undo of others"
    board.show_case(case, CARDIAC)
    assert np.array_equal(scribbles.data, CARDIAC.to_viewer(case.scribble))


def test_a_case_of_another_type_of_numbers_gets_a_new_layer_before_the_old_one_goes(
    board: LayerBoard, viewer: ViewerModel, case: OpenCase
) -> None:
    board.show_case(case, CARDIAC)
    old, fewest = board.layer(IMAGE), []
    viewer.layers.events.removed.connect(lambda _event: fewest.append(len(viewer.layers)))
    case.image = replace(case.image, array=case.image.array.astype(np.int16))
    board.show_case(case, CARDIAC)
    assert board.layer(IMAGE) is not old
    assert list(viewer.layers) == [board.layer(IMAGE)]
    assert fewest == [1]
    assert board.complete


def test_another_scheme_brings_its_colours(board: LayerBoard, case: OpenCase) -> None:
    board.show_case(case, CARDIAC)
    layer = board.show_scribbles(case, CARDIAC, editable=True)
    board.show_case(
        case, CARDIAC.model_copy(update={"colours": (*CARDIAC.colours[:-1], "#0000ff")})
    )
    assert layer.get_color(3)[:3] == pytest.approx([0, 0, 1])
