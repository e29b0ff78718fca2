"""The whole transform of a napari layer, and its units, in the geometry of a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image, Labels

from napari_scribblemix.errors import GeometryError
from napari_scribblemix.gui.viewer.world import FLAT, NO_UNIT, Placement

SHAPE = (4, 6, 5)


def image(**settings: Any) -> Image:
    return Image(np.zeros(SHAPE, np.float32), **settings)


@pytest.mark.parametrize(
    ("settings", "spacing"),
    [
        ({"scale": (8, 1.4, 1.4), "units": ("mm",) * 3}, (8, 1.4, 1.4)),
        ({"affine": np.diag([8, 1.4, 1.4, 1]), "units": ("mm",) * 3}, (8, 1.4, 1.4)),
        ({"scale": (8000, 1400, 1400), "units": ("um",) * 3}, (8, 1.4, 1.4)),
        ({"scale": (0.008, 0.0014, 0.0014), "units": ("m",) * 3}, (8, 1.4, 1.4)),
        ({"scale": (8, 0.14, 1400), "units": ("mm", "cm", "um")}, (8, 1.4, 1.4)),
        ({"scale": (8, 1, 1), "affine": np.diag([1, 1.4, 1.4, 1]), "units": ("mm",) * 3},
         (8, 1.4, 1.4)),
        ({"scale": (8, 1.4, 1.4), "rotate": 30.0, "units": ("mm",) * 3}, (8, 1.4, 1.4)),
    ],
)  # fmt: skip
def test_every_way_to_state_a_spacing_is_read(settings: Any, spacing: Any) -> None:
    geometry, notes = Placement.of(image(**settings)).geometry(SHAPE)
    assert geometry.spacing == pytest.approx(spacing, rel=1e-5)
    assert geometry.voxel_volume_ml == pytest.approx(np.prod(spacing) / 1000, rel=1e-5)
    assert notes == ()


def test_pixels_are_taken_as_mm_and_that_is_said() -> None:
    geometry, notes = Placement.of(image(scale=(8, 1.5, 1.5))).geometry(SHAPE)
    assert geometry.spacing == pytest.approx((8, 1.5, 1.5))
    assert notes == (NO_UNIT,)


def test_slices_are_found_whichever_axis_they_are() -> None:
    geometry, _ = Placement.of(image(scale=(1.4, 1.4, 8), units=("mm",) * 3)).geometry(SHAPE)
    # File order is reversed: the layer's last axis is the file's first.
    assert geometry.slice_axis == 0
    assert geometry.spacing == pytest.approx((8, 1.4, 1.4))


@given(
    scale=st.tuples(*[st.floats(0.5, 9.0)] * 3),
    rotate=st.floats(-180, 180),
    shear=st.tuples(*[st.floats(-0.5, 0.5)] * 3),
    translate=st.tuples(*[st.floats(-50, 50)] * 3),
    more=st.floats(0.5, 2.0),
    voxel=st.tuples(*[st.integers(0, 3)] * 3),
)
def test_each_voxel_lies_where_napari_shows_it(
    scale: Any, rotate: float, shear: Any, translate: Any, more: float, voxel: Any
) -> None:
    layer = image(
        scale=scale, rotate=rotate, shear=shear, translate=translate,
        affine=np.diag([1, more, 1, 1]), units=("mm",) * 3,
    )  # fmt: skip
    geometry, _ = Placement.of(layer).geometry(SHAPE)
    place = geometry.affine @ [*voxel[::-1], 1]
    np.testing.assert_allclose(place[:3][::-1], layer.data_to_world(voxel), atol=1e-3)


def test_a_flat_layer_is_one_slice_of_one_mm() -> None:
    layer = Image(np.zeros((6, 5), np.float32), scale=(1.4, 1.5), units=("mm", "mm"))
    geometry, notes = Placement.of(layer).geometry((6, 5))
    assert (geometry.shape, geometry.file_shape) == ((1, 6, 5), (5, 6))
    assert geometry.spacing == pytest.approx((1, 1.4, 1.5))
    assert notes == (FLAT,)


def test_frames_are_no_space() -> None:
    layer = Image(
        np.zeros((3, *SHAPE), np.float32), scale=(40, 8, 1.4, 1.4), units=("ms", "mm", "mm", "mm")
    )
    geometry, notes = Placement.of(layer).geometry(SHAPE)
    assert geometry.spacing == pytest.approx((8, 1.4, 1.4))
    assert notes == ()
    mixed = np.eye(5)
    mixed[0, 1] = 0.5
    layer.affine = mixed
    with pytest.raises(GeometryError, match="mixes frames and space"):
        Placement.of(layer).geometry(SHAPE)


def test_a_writer_is_told_the_same() -> None:
    layer = Labels(
        np.zeros(SHAPE, np.uint8), scale=(8, 1, 1), rotate=10.0, affine=np.diag([1, 2, 2, 1]),
        units=("mm",) * 3,
    )  # fmt: skip
    _, metadata, _ = layer.as_layer_data_tuple()
    told, seen = Placement.told(metadata, 3), Placement.of(layer)
    np.testing.assert_allclose(told.matrix, seen.matrix)
    assert told.units == seen.units
