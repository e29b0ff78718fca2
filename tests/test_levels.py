"""Basal, mid and apical slices of a stack, whichever end comes first in the file."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.evaluation.levels import LEVELS, heart_levels


def stack(areas: list[int]) -> NDArray[np.uint8]:
    """A slice for each area: that many pixels of heart in it."""
    labels = np.zeros((len(areas), 10, 10), np.uint8)
    for plane, area in zip(labels, areas, strict=True):
        plane.flat[:area] = 2
    return labels


def members(areas: list[int]) -> dict[str, list[int]]:
    return {
        level: list(range(*slices.indices(len(areas))))
        for level, slices in heart_levels(stack(areas)).items()
    }


def test_the_end_with_less_heart_is_the_apex() -> None:
    base_first = [0, 60, 70, 60, 50, 30, 10, 0, 0]
    assert members(base_first) == {"basal": [1, 2], "mid": [3, 4], "apical": [5, 6]}
    assert members(base_first[::-1]) == {"basal": [6, 7], "mid": [4, 5], "apical": [2, 3]}


@pytest.mark.parametrize("count", range(3, 17))
def test_every_slice_of_heart_has_one_level_whose_sizes_differ_by_one(count: int) -> None:
    areas = list(range(count + 5, 5, -1))
    for stored in (areas, areas[::-1]):
        found = members([0, *stored, 0])
        assert tuple(found) == LEVELS
        assert sorted(chain(*found.values())) == list(range(1, count + 1))
        sizes = [len(slices) for slices in found.values()]
        assert sizes == sorted(sizes, reverse=True)
        assert max(sizes) - min(sizes) <= 1


def test_a_slice_without_heart_inside_the_heart_counts() -> None:
    assert members([60, 0, 40, 30, 0, 5]) == {"basal": [0, 1], "mid": [2, 3], "apical": [4, 5]}


def test_where_nothing_tells_the_ends_apart_there_is_no_level() -> None:
    assert heart_levels(stack([20, 30, 20])) == {}
    assert heart_levels(stack([20, 10])) == {}
    assert heart_levels(stack([0, 0, 0, 0])) == {}
