"""Slices without islands and holes, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.data.labels import CARDIAC, MYOPS, LabelScheme
from napari_scribblemix.inference.topology import tidy


def heart() -> NDArray[np.uint8]:
    """Two slices of a left ventricle (3) in its wall (2) beside a right ventricle (1)."""
    y, x = np.mgrid[:40, :60]
    far = np.hypot(y - 20, x - 40)
    plane = np.zeros((40, 60), np.uint8)
    plane[np.hypot(y - 20, x - 16) < 9] = 1
    plane[far < 14] = 2
    plane[far < 9] = 3
    return np.stack([plane, plane])


def test_a_whole_heart_stays_as_it_is() -> None:
    assert (tidy(heart(), CARDIAC) == heart()).all()
    assert not tidy(np.zeros_like(heart()), CARDIAC).any()


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("papillary muscle in the cavity", slice(18, 21), slice(38, 41)),
        ("in the right ventricle", slice(18, 20), slice(15, 18)),
        ("in the wall", slice(19, 21), slice(51, 52)),
        ("between cavity and wall", slice(18, 22), slice(47, 49)),
    ],
)
def test_holes_are_filled_by_what_encloses_them(name: str, rows: slice, columns: slice) -> None:
    labels = heart()
    labels[0, rows, columns] = 0
    tidied = tidy(labels, CARDIAC)
    assert (tidied[0, rows, columns] > 0).all(), name
    allowed = {3} if name.startswith("between") else set(heart()[0, rows, columns].ravel())
    assert set(tidied[0, rows, columns].ravel().tolist()) == allowed
    labels[0, rows, columns] = tidied[0, rows, columns]
    assert (tidied == labels).all()


def test_what_opens_to_the_outside_is_no_hole() -> None:
    labels = heart()
    labels[0, 19:21, 47:] = 0  # the wall is open, as at the outflow tract
    assert (tidy(labels, CARDIAC) == labels).all()


def test_islands_go_and_large_parts_stay() -> None:
    labels = heart()
    labels[1, 2:5, 2:6] = 1  # joined to nothing in its slice
    labels[0, 1:4, 38:44] = 2
    tidied = tidy(labels, CARDIAC)
    assert (tidied == heart()).all()
    labels = heart()
    labels[1, 30:40, 5:25] = 1  # nearly as large as the rest: inflow and outflow, perhaps
    assert (tidy(labels, CARDIAC) == labels).all()


def test_scar_in_the_wall_is_neither_island_nor_hole() -> None:
    labels = heart()
    labels[0, 19:21, 50:53] = 5
    labels[0, 30:32, 40:41] = 4
    labels[1, 15:26, 49:54] = np.where(labels[1, 15:26, 49:54] == 2, 5, labels[1, 15:26, 49:54])
    assert (tidy(labels, MYOPS) == labels).all()
    labels[0, 20, 51] = 0
    assert tidy(labels, MYOPS)[0, 20, 51] == 2


def test_structures_of_which_nothing_is_known_are_left_alone() -> None:
    names = ("background", "aorta", "tumour", "cyst")
    scheme = LabelScheme.model_validate(
        CARDIAC.model_dump() | {"names": names, "abbreviations": ("BG", "AO", "TU", "CY")}
    )
    labels = heart()
    labels[0, 18:21, 38:41] = 0
    labels[0, 2:4, 2:4] = 1
    assert (tidy(labels, scheme) == labels).all()


def test_a_papillary_muscle_called_wall_is_taken_into_the_cavity() -> None:
    labels, whole = heart(), heart()
    labels[0, 17:24, 45:49][labels[0, 17:24, 45:49] == 3] = 2
    assert (labels != whole).sum() > 20
    tidied = tidy(labels, CARDIAC)
    # The muscle at the wall is cut off by a straight line between its ends.
    assert (tidied != whole).sum() < 0.5 * (labels != whole).sum()
    assert (tidied[1] == whole[1]).all()


@pytest.mark.parametrize(
    "pixels", [[(20, 40)], [(20, 40), (21, 41), (22, 42)], [(20, 40), (20, 45)]]
)
def test_a_cavity_of_a_point_or_a_line_has_no_dents(pixels: list[tuple[int, int]]) -> None:
    labels = heart()
    labels[labels == 3] = 2
    for y, x in pixels:
        labels[:, y, x] = 3
    assert (tidy(labels, CARDIAC) == labels).all() or len(pixels) == 2


def test_a_cavity_round_a_wall_is_somebodys_meaning_and_stays() -> None:
    labels = heart()
    wall, cavity = labels == 2, labels == 3
    labels[wall], labels[cavity] = 3, 2
    assert (tidy(labels, CARDIAC) == labels).all()


def test_a_piece_with_a_stroke_of_its_structure_is_no_island() -> None:
    labels = np.zeros((1, 40, 40), np.uint8)
    labels[0, 4:24, 4:24] = 1
    labels[0, 30:38, 30:38] = 1
    strokes = np.full(labels.shape, 255, np.uint8)
    assert not tidy(labels, CARDIAC, strokes)[0, 30:38, 30:38].any()
    strokes[0, 33, 33] = 2
    assert not tidy(labels, CARDIAC, strokes)[0, 30:38, 30:38].any()
    strokes[0, 33, 33] = 1
    np.testing.assert_array_equal(tidy(labels, CARDIAC, strokes), labels)
