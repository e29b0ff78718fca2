"""To the working grid and back, against SciPy and SimpleITK."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.data.resampling import WorkingGrid, _separable
from napari_scribblemix.errors import GeometryError

GRIDS = st.builds(
    WorkingGrid,
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.floats(0.6, 3.0), st.floats(0.6, 3.0)),
    st.floats(0.6, 4.0),
)


@given(GRIDS)
def test_the_grid_covers_the_image_and_no_pixel_more(grid: WorkingGrid) -> None:
    for size, native, step in zip(grid.shape, grid.native_shape, grid.native_spacing, strict=True):
        assert size * grid.spacing >= native * step - 1e-3
        assert (size - 1) * grid.spacing < native * step


@given(GRIDS)
def test_shapes_come_back_exactly_and_constants_stay(grid: WorkingGrid) -> None:
    native = np.full((2, 3, *grid.native_shape), 7.5, np.float32)
    working = grid.image_to_working(native)
    assert working.shape == (2, 3, *grid.shape)
    assert working.dtype == np.float32
    np.testing.assert_allclose(working, 7.5, rtol=1e-5)
    np.testing.assert_allclose(grid.to_native(working), native, rtol=1e-5)


@given(GRIDS, st.integers(0, 99))
def test_labels_are_never_mixed(grid: WorkingGrid, seed: int) -> None:
    values = np.array([0, 3, 255], np.uint8)
    labels = np.random.default_rng(seed).choice(values, (2, *grid.native_shape))
    working = grid.labels_to_working(labels)
    assert working.shape == (2, *grid.shape)
    assert working.dtype == np.uint8
    assert set(np.unique(working)) <= set(np.unique(labels))


def test_equal_spacing_changes_nothing() -> None:
    grid = WorkingGrid((30, 21), (1.5, 1.5), 1.5)
    image = np.random.default_rng(0).normal(size=(2, 30, 21)).astype(np.float32)
    assert grid.shape == (30, 21)
    np.testing.assert_allclose(grid.image_to_working(image), image, atol=1e-6)
    np.testing.assert_allclose(grid.to_native(image), image, atol=1e-6)
    np.testing.assert_array_equal(grid.labels_to_working(image), image)


@pytest.mark.parametrize(
    ("spacing", "native"), [(2.0, (1.37, 1.37)), (1.0, (1.5, 1.8)), (1.37, (1.5625, 1.5625))]
)
def test_a_slope_keeps_its_place_in_mm(spacing: float, native: tuple[float, float]) -> None:
    grid = WorkingGrid((64, 50), native, spacing)
    y = (np.arange(64) - 31.5)[:, None] * native[0]
    x = (np.arange(50) - 24.5)[None] * native[1]
    wy = (np.arange(grid.shape[0]) - (grid.shape[0] - 1) / 2)[:, None] * spacing
    wx = (np.arange(grid.shape[1]) - (grid.shape[1] - 1) / 2)[None] * spacing
    inner = (slice(4, -4), slice(4, -4))
    working = grid.image_to_working(2 * y - 3 * x)
    np.testing.assert_allclose(working[inner], (2 * wy - 3 * wx)[inner], atol=1e-2)
    np.testing.assert_allclose(grid.to_native(working)[inner], (2 * y - 3 * x)[inner], atol=0.1)


def test_enlarging_agrees_with_simpleitk() -> None:
    grid = WorkingGrid((20, 24), (2.0, 1.8), 1.0)
    image = np.random.default_rng(1).normal(size=(20, 24)).astype(np.float32)
    source = sitk.GetImageFromArray(image)
    source.SetSpacing((1.8, 2.0))
    source.SetOrigin((-11.5 * 1.8, -9.5 * 2.0))
    h, w = grid.shape
    target = sitk.Resample(
        source, (w, h), sitk.Transform(), sitk.sitkLinear,
        (-(w - 1) / 2, -(h - 1) / 2), (1.0, 1.0), (1.0, 0.0, 0.0, 1.0),
    )  # fmt: skip
    inner = (slice(2, -2), slice(2, -2))
    expected = sitk.GetArrayFromImage(target)[inner]
    np.testing.assert_allclose(grid.image_to_working(image)[inner], expected, atol=1e-4)


def test_shrinking_smooths_fine_stripes_away() -> None:
    grid = WorkingGrid((64, 64), (0.7, 0.7), 2.8)
    stripes = np.tile(np.array([-1.0, 1.0]), 32)[None].repeat(64, 0)
    assert np.abs(grid.image_to_working(stripes)[:, 1:-1]).max() < 0.05


def test_probabilities_stay_probabilities() -> None:
    grid = WorkingGrid((37, 41), (1.3, 1.7), 2.0)
    noise = np.random.default_rng(0).random((4, 3, *grid.shape))
    native = grid.to_native(noise / noise.sum(axis=0))
    assert native.min() >= 0
    np.testing.assert_allclose(native.sum(axis=0), 1.0, atol=1e-5)


def test_a_disc_comes_back_from_the_working_grid() -> None:
    grid = WorkingGrid((100, 100), (1.0, 1.0), 2.0)
    y, x = np.mgrid[:100, :100] - 49.5
    disc = np.hypot(y, x) < 25
    back = grid.to_native(grid.image_to_working(disc.astype(np.float32))) > 0.5
    assert 2 * (back & disc).sum() / (back.sum() + disc.sum()) > 0.985


def test_slices_of_another_shape_are_refused() -> None:
    grid = WorkingGrid((30, 21), (1.5, 1.5), 2.0)
    with pytest.raises(GeometryError, match="21 x 30; expected 30 x 21"):
        grid.image_to_working(np.zeros((2, 21, 30)))
    with pytest.raises(GeometryError, match="expected 23 x 16"):
        grid.to_native(np.zeros((30, 21)))


@pytest.mark.parametrize("spacing", [0.0, -1.0, float("nan")])
def test_a_grid_without_a_spacing_is_refused(spacing: float) -> None:
    with pytest.raises(GeometryError, match="expected positive numbers"):
        WorkingGrid((30, 21), (1.5, 1.5), spacing)


@given(GRIDS, st.data())
def test_a_part_of_the_native_grid_is_what_the_whole_holds_there(
    grid: WorkingGrid, data: st.DataObject
) -> None:
    working = np.random.default_rng(0).normal(size=(2, *grid.shape)).astype(np.float32)
    chosen = []
    for size in grid.shape:
        first = data.draw(st.integers(0, size - 1))
        chosen.append(slice(first, data.draw(st.integers(first + 1, size))))
    part, (rows, columns) = grid.to_native_part(working, *chosen)
    whole = grid.to_native(working)
    np.testing.assert_allclose(part, whole[:, rows, columns], atol=1e-5)
    # and nothing outside of it depends on the pixels that were asked for
    other = working.copy()
    other[:, chosen[0], chosen[1]] += 100
    changed = np.abs(grid.to_native(other) - whole).max(axis=0) > 1
    changed[rows, columns] = False
    assert not changed.any()


@given(GRIDS, st.integers(0, 99))
def test_a_stroke_however_thin_is_on_the_working_grid_and_nothing_else_is(
    grid: WorkingGrid, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    strokes = np.full((2, *grid.native_shape), 255, np.uint8)
    drawn = rng.random(strokes.shape) < 0.03
    strokes[drawn] = rng.integers(0, 4, strokes.shape)[drawn]
    working = grid.strokes_to_working(strokes, 255)
    assert working.shape == (2, *grid.shape)
    nearest = grid.labels_to_working(strokes)
    np.testing.assert_array_equal(working[nearest != 255], nearest[nearest != 255])
    # Each native pixel lies in one working pixel, found here by the distance of the centres.
    places = [
        np.abs(
            (np.arange(size) - (size - 1) / 2)[:, None] * native
            - (np.arange(n) - (n - 1) / 2)[None] * grid.spacing
        ).argmin(axis=1)
        for n, size, native in zip(grid.shape, grid.native_shape, grid.native_spacing, strict=True)
    ]
    said: dict[tuple[int, ...], set[int]] = {}
    for z, y, x in np.argwhere(drawn):
        said.setdefault((z, places[0][y], places[1][x]), set()).add(int(strokes[z, y, x]))
    for place in np.argwhere((working != 255) & (nearest == 255)):
        near = [p for p in said if p[0] == place[0] and np.abs(np.array(p) - place).max() <= 1]
        assert any(int(working[tuple(place)]) in said[p] for p in near)
    if not said:
        assert (working == 255).all()
    # Centres exactly between two pixels may go to either; all others are where they must be.
    missed = [p for p in said if working[p] == 255]
    for z, y, x in missed:
        around = working[z, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        assert (around != 255).any()


@pytest.mark.parametrize("shape", [(6, 7), (3, 6, 7), (2, 3, 6, 7), (0, 6, 7)])
def test_weights_of_rows_and_columns_reach_every_slice_of_every_class(
    shape: tuple[int, ...],
) -> None:
    chance = np.random.default_rng(0)
    array = chance.random((*shape[:-1], 9), dtype=np.float32)[..., 1:8]  # not in one piece
    rows = chance.random((5, 6), dtype=np.float32)
    columns = chance.random((4, 7), dtype=np.float32)
    expected = np.einsum("yh,...hw,xw->...yx", rows, array, columns)
    found = _separable(array, rows, columns)
    assert (found.shape, found.dtype) == ((*shape[:-2], 5, 4), np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
