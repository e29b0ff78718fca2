from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_scribblemix.errors import FileError, GeometryError
from napari_scribblemix.project.strokes import check_strokes, encode_stroke, replay

VOLUMES = hnp.arrays(np.uint8, (2, 4, 5), elements=st.sampled_from([0, 1, 255]))


@given(st.lists(VOLUMES, min_size=2, max_size=5))
def test_replaying_all_changes_gives_the_last_state_from_any_state(states) -> None:
    records = [encode_stroke(before, after) for before, after in pairwise(states)]
    np.testing.assert_array_equal(replay(states[0], records), states[-1])
    # A crash between saving and clearing the journal: the strokes come a second time.
    np.testing.assert_array_equal(replay(states[-1], records), states[-1])


def test_a_stroke_is_a_few_runs() -> None:
    before = np.full((2, 8, 8), 255, np.uint8)
    after = before.copy()
    after[1, 2, 1:5] = 3
    after[1, 3, 2] = 0
    assert encode_stroke(before, after) == {
        "shape": [2, 8, 8],
        "runs": [[64 + 16 + 1, 4, 3], [64 + 24 + 2, 1, 0]],
    }
    assert encode_stroke(after, after)["runs"] == []


def test_strokes_of_another_image_are_left_out() -> None:
    stroke = encode_stroke(np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8))
    other = np.full((1, 4, 4), 255, np.uint8)
    np.testing.assert_array_equal(replay(other, [stroke]), other)


def test_strokes_of_another_image_are_named_before_they_are_left_out() -> None:
    stroke = encode_stroke(np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), np.uint8))
    check_strokes([stroke], (1, 2, 2), "a.journal")
    with pytest.raises(GeometryError, match="of 1 x 2 x 2 but the image is 1 x 4 x 4"):
        check_strokes([stroke], (1, 4, 4), "a.journal")


@pytest.mark.parametrize(
    "record",
    [
        {"shape": [2, 4, 5]},
        {"shape": "2 4 5", "runs": []},
        {"shape": [], "runs": []},
        {"shape": [2, 4, None], "runs": []},
        {"shape": [2, 4, 5], "runs": [[0, 1]]},
        {"shape": [2, 4, 5], "runs": [3]},
        {"shape": [2, 4, 5], "runs": [["0", 1, 2]]},
        {"shape": [2, 4, 5], "runs": [[-3, 2, 1]]},
        {"shape": [2, 4, 5], "runs": [[39, 2, 1]]},
        {"shape": [2, 4, 5], "runs": [[0, 1, 256]]},
        {"shape": [2, 4, 5], "runs": [[0, 1, 1.5]]},
    ],
)
def test_a_record_that_is_no_stroke_is_one_line(record: dict[str, object]) -> None:
    with pytest.raises(FileError, match=r"a\.journal holds a record that is no stroke; restore"):
        check_strokes([record], (2, 4, 5), "a.journal")
