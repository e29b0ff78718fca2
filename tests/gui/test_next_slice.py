from __future__ import annotations

import numpy as np

from napari_scribblemix.gui.state.next_slice import most_doubtful, slice_doubts, spread


def in_order(slices: int) -> list[int]:
    done: list[int] = []
    while (number := spread(slices, done)) is not None:
        done.append(number)
    return done


def test_the_first_slice_is_the_middle_and_the_next_ones_halve_what_is_left() -> None:
    order = in_order(9)
    assert order[0] == 4
    assert set(order[1:3]) == {1, 7} or set(order[1:3]) == {2, 6}
    assert sorted(order) == list(range(9))


def test_a_single_slice_is_the_middle_and_nothing_follows() -> None:
    assert in_order(1) == [0]


def test_doubt_counts_within_a_structure_only() -> None:
    prediction = np.zeros((2, 4, 4), np.uint8)
    prediction[:, 1, 1] = 1
    uncertainty = np.zeros((2, 4, 4), np.uint8)
    uncertainty[0] = 90  # everywhere but in the structure
    uncertainty[0, 1, 1] = 0
    uncertainty[1, 1, 1] = 40
    doubts = slice_doubts(prediction, uncertainty, [10, 5])
    assert doubts[0] == 0
    assert doubts[1] > 0


def test_a_structure_that_was_scribbled_less_counts_more() -> None:
    prediction = np.zeros((2, 4, 4), np.uint8)
    prediction[0, 0, 0], prediction[1, 0, 0] = 1, 2
    uncertainty = np.full((2, 4, 4), 50, np.uint8)
    doubts = slice_doubts(prediction, uncertainty, [0, 1000, 10])
    assert doubts[1] > doubts[0]


def test_the_most_doubtful_slice_is_not_one_that_is_left_out() -> None:
    doubts = np.array([0.0, 3.0, 2.0])
    assert most_doubtful(doubts, ()) == 1
    assert most_doubtful(doubts, {1}) == 2
    assert most_doubtful(doubts, {1, 2}) is None
