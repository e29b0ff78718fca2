"""What 0 means in a scribble file, told by the file as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC, CARDIAC_RAW, MYOPS, UNLABELLED
from napari_scribblemix.data.untouched import ZERO_READ, decode_scribble, zero_is_unlabelled
from napari_scribblemix.errors import LabelError, ScribbleError
from phantoms import draw

STROKES, MASK = draw(0)[2], draw(0)[1]
HOUSE = CARDIAC.encode(STROKES)


def as_drawn_elsewhere(array: np.ndarray) -> np.ndarray:
    """0 and 4 in each other's place."""
    return np.choose(array, [4, 1, 2, 3, 0]).astype(array.dtype)


@pytest.mark.parametrize("unlabelled", ["auto", "4"])
def test_files_as_acdc_has_them_are_read_as_ever(unlabelled) -> None:
    decoded, notes = decode_scribble(HOUSE, CARDIAC, unlabelled, "a.nii.gz")
    np.testing.assert_array_equal(decoded, STROKES)
    assert notes == []


@pytest.mark.parametrize("unlabelled", ["auto", "0"])
def test_files_with_0_untouched_give_the_same_strokes_and_a_note(unlabelled) -> None:
    stored = as_drawn_elsewhere(HOUSE)
    decoded, notes = decode_scribble(stored, CARDIAC, unlabelled, "a.nii.gz")
    np.testing.assert_array_equal(decoded, STROKES)
    (note,) = notes
    assert note.startswith(ZERO_READ)


def test_strokes_without_a_background_pen_lie_in_what_is_untouched() -> None:
    stored = as_drawn_elsewhere(HOUSE)
    stored[stored == 4] = 0
    decoded, _ = decode_scribble(stored, CARDIAC, "auto", "a.nii.gz")
    np.testing.assert_array_equal(decoded, np.where(STROKES == 0, UNLABELLED, STROKES))


def test_raw_values_are_turned_too() -> None:
    stored = CARDIAC_RAW.encode(STROKES)
    swapped = np.where(stored == 0, 4, np.where(stored == 4, 0, stored))
    decoded, _ = decode_scribble(swapped, CARDIAC_RAW, "auto", "a.nii.gz")
    np.testing.assert_array_equal(decoded, STROKES)


def test_a_full_mask_as_scribbles_keeps_its_background() -> None:
    assert zero_is_unlabelled(MASK, CARDIAC) is False
    assert zero_is_unlabelled(MASK[:1], CARDIAC) is False


def test_some_slices_in_full_and_some_in_strokes_keep_their_background() -> None:
    stored = HOUSE.copy()
    stored[1:] = MASK[1:]
    assert zero_is_unlabelled(stored, CARDIAC) is False


def test_a_ring_filled_from_outside_keeps_its_background() -> None:
    y, x = np.mgrid[:48, :48]
    stored = np.where(np.hypot(y - 24, x - 24) < 20, HOUSE, 0).astype(np.uint8)
    assert zero_is_unlabelled(stored, CARDIAC) is False


@pytest.mark.parametrize(("value", "expected"), [(0, True), (4, False)])
def test_without_a_structure_most_of_the_file_is_untouched(value: int, expected: bool) -> None:
    stored = np.full((3, 40, 40), value, np.uint8)
    assert zero_is_unlabelled(stored, CARDIAC) is expected
    stored[:, 5] = 4 - value
    assert zero_is_unlabelled(stored, CARDIAC) is expected


def test_a_full_mask_with_a_rim_left_out_is_for_a_person_to_say() -> None:
    stored = MASK.copy()
    stored[:, 24, :6] = 4
    assert zero_is_unlabelled(stored, CARDIAC) is None
    with pytest.raises(ScribbleError, match=r"a\.nii\.gz: .*whether 0 or 4.*--unlabelled 0 .*4"):
        decode_scribble(stored, CARDIAC, "auto", "a.nii.gz")
    decoded, _ = decode_scribble(stored, CARDIAC, "4", "a.nii.gz")
    assert (decoded == UNLABELLED).sum() == 6 * len(MASK)


def test_myops_says_itself_what_0_means() -> None:
    stored = MYOPS.encode(STROKES)
    for unlabelled in ("auto", "0", "4"):
        decoded, notes = decode_scribble(stored, MYOPS, unlabelled, "a.nii.gz")
        np.testing.assert_array_equal(decoded, STROKES)
        assert notes == []


def test_an_unknown_value_is_an_error_either_way() -> None:
    stored = HOUSE.copy()
    stored[0, 0, 0] = 9
    with pytest.raises(LabelError, match="value 9"):
        decode_scribble(stored, CARDIAC, "auto", "a.nii.gz")
