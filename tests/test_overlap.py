"""Dice and surface distances against hand-computed phantoms, brute force and SimpleITK."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from napari_scribblemix.errors import GeometryError
from napari_scribblemix.evaluation.overlap import dice, surface, surface_distances

SPACING = (8.0, 1.5, 1.25)


def box(shape: tuple[int, ...], *ranges: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*r) for r in ranges)] = True
    return mask


def random_mask(seed: int, shape: tuple[int, int, int] = (4, 9, 8)) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) < 0.3


def surface_by_loops(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    result = np.zeros_like(mask)
    for index in np.argwhere(mask):
        for axis in range(mask.ndim):
            for step in (-1, 1):
                other = index.copy()
                other[axis] += step
                outside = not 0 <= other[axis] < mask.shape[axis]
                if outside or not mask[tuple(other)]:
                    result[tuple(index)] = True
    return result


def test_dice_of_half_overlapping_boxes() -> None:
    a, b = box((1, 4, 8), (0, 1), (0, 4), (0, 4)), box((1, 4, 8), (0, 1), (0, 4), (2, 6))
    assert dice(a, b) == 0.5


def test_dice_is_one_for_equal_and_zero_for_disjoint_masks() -> None:
    a, b = box((2, 4, 8), (0, 2), (0, 4), (0, 4)), box((2, 4, 8), (0, 2), (0, 4), (4, 8))
    assert dice(a, a) == 1.0
    assert dice(a, b) == 0.0


def test_two_empty_masks_have_no_figures() -> None:
    empty = np.zeros((2, 3, 3), bool)
    far = surface_distances(empty, empty, SPACING)
    assert all(map(math.isnan, (dice(empty, empty), far.hd, far.hd95, far.assd)))


@pytest.mark.parametrize("swapped", [False, True])
def test_one_empty_mask_has_dice_zero_and_no_distances(swapped: bool) -> None:
    pair = [box((2, 3, 3), (0, 1), (0, 2), (0, 2)), np.zeros((2, 3, 3), bool)]
    a, b = reversed(pair) if swapped else pair
    far = surface_distances(a, b, SPACING)
    assert dice(a, b) == 0.0
    assert all(map(math.isnan, (far.hd, far.hd95, far.assd)))


def test_distances_of_two_voxels_follow_the_spacing_of_each_axis() -> None:
    a = box((3, 5, 5), (0, 1), (1, 2), (1, 2))
    for shift, expected in (((1, 0, 0), 8.0), ((0, 1, 0), 1.5), ((0, 0, 1), 1.25)):
        b = np.roll(a, shift, axis=(0, 1, 2))
        far = surface_distances(a, b, SPACING)
        assert (far.hd, far.hd95, far.assd) == pytest.approx((expected,) * 3)


def test_a_box_grown_by_one_voxel_on_one_side() -> None:
    # 1 x 2 x 2 voxels against 1 x 2 x 3: of the ten surface voxels only the two new ones are off.
    a, b = box((1, 4, 6), (0, 1), (1, 3), (1, 3)), box((1, 4, 6), (0, 1), (1, 3), (1, 4))
    far = surface_distances(a, b, SPACING)
    assert far.hd == pytest.approx(1.25)
    assert far.assd == pytest.approx(2 * 1.25 / 10)


def test_hd95_forgives_a_single_far_voxel_and_hd_does_not() -> None:
    a = box((1, 40, 40), (0, 1), (5, 25), (5, 25))
    b = a.copy()
    b[0, 38, 38] = True
    far = surface_distances(b, a, (1.0, 1.0, 1.0))
    assert far.hd == pytest.approx(math.hypot(14, 14))
    assert far.hd95 == 0.0


def test_hd95_takes_the_worse_direction() -> None:
    # Every voxel of the small mask lies in the large one, not the other way round.
    large, small = (
        box((1, 30, 30), (0, 1), (2, 28), (2, 28)),
        box((1, 30, 30), (0, 1), (2, 4), (2, 4)),
    )
    far = surface_distances(small, large, (1.0, 1.0, 1.0))
    assert far.hd95 > 20
    assert surface_distances(large, small, (1.0, 1.0, 1.0)) == far


@pytest.mark.parametrize("seed", range(5))
def test_surface_agrees_with_loops_over_neighbours(seed: int) -> None:
    mask = random_mask(seed)
    assert np.array_equal(surface(mask), surface_by_loops(mask))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_distances_agree_with_brute_force_over_all_pairs(seed: int) -> None:
    a, b = random_mask(seed), random_mask(seed + 1)
    pairs = cdist(
        np.argwhere(surface_by_loops(a)) * SPACING, np.argwhere(surface_by_loops(b)) * SPACING
    )
    forth, back = pairs.min(axis=1), pairs.min(axis=0)
    far = surface_distances(a, b, SPACING)
    assert far.hd == pytest.approx(max(forth.max(), back.max()))
    assert far.hd95 == pytest.approx(max(np.percentile(forth, 95), np.percentile(back, 95)))
    assert far.assd == pytest.approx((forth.sum() + back.sum()) / (len(forth) + len(back)))


@pytest.mark.parametrize("seed", range(3))
def test_hausdorff_distance_and_dice_agree_with_simpleitk(seed: int) -> None:
    masks = [random_mask(seed), random_mask(seed + 50)]
    images = []
    for mask in (*masks, *map(surface, masks)):
        image = sitk.GetImageFromArray(mask.astype(np.uint8))
        image.SetSpacing(SPACING[::-1])
        images.append(image)
    overlap, distance = sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter()
    overlap.Execute(images[0], images[1])
    distance.Execute(images[2], images[3])
    assert dice(*masks) == pytest.approx(overlap.GetDiceCoefficient())
    # SimpleITK keeps distance maps in single precision.
    expected = pytest.approx(distance.GetHausdorffDistance(), rel=1e-5)
    assert surface_distances(masks[0], masks[1], SPACING).hd == expected


def test_different_shapes_are_refused() -> None:
    with pytest.raises(
        GeometryError, match=r"prediction is 1 x 2 x 3 but the reference is 1 x 2 x 4"
    ):
        dice(np.zeros((1, 2, 3), bool), np.zeros((1, 2, 4), bool))


def test_a_spacing_of_another_dimension_is_refused() -> None:
    mask = np.ones((2, 2, 2), bool)
    with pytest.raises(GeometryError, match="spacing of 2 numbers for a mask of 3 axes"):
        surface_distances(mask, mask, (1.0, 1.0))
