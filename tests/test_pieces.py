"""The heart hangs together: what is kept of a prediction in pieces."""

import numpy as np

from napari_scribblemix.data.labels import CARDIAC, MYOPS, UNLABELLED
from napari_scribblemix.inference.pieces import Known, keep_largest_components


def test_only_the_largest_piece_in_three_dimensions_stays() -> None:
    labels = np.zeros((3, 10, 10), np.uint8)
    labels[0, 0:2, 0:2] = 1
    labels[1, 1:4, 1:4] = 1  # touches the first in 3-D: one piece of 13
    labels[1, 4:9, 1:4] = 2
    labels[1, 9, 1:4] = 1  # touches the heart, but a piece of its own
    labels[2, 7:10, 7:10] = 1  # elsewhere
    kept = keep_largest_components(labels, CARDIAC.connected)
    assert (kept == 1).sum() == 13
    assert (kept == 2).sum() == 15
    assert kept[2, 8, 8] == kept[1, 9, 2] == 0
    assert not keep_largest_components(np.zeros_like(labels), CARDIAC.connected).any()


def test_a_larger_piece_away_from_the_heart_is_not_mistaken_for_the_structure() -> None:
    labels = np.zeros((2, 30, 30), np.uint8)
    labels[:, 2:10, 2:10] = 3
    labels[:, 2:10, 11:13] = 1  # the right ventricle, a voxel beside
    labels[:, 20:26, 20:26] = 1  # larger, far away
    kept = keep_largest_components(labels, CARDIAC.connected)
    assert (kept == 1).sum() == 2 * 8 * 2
    assert (kept == 3).sum() == 2 * 64


def test_a_ventricle_goes_through_the_stack_and_a_stomach_does_not() -> None:
    labels = np.zeros((6, 40, 60), np.uint8)
    labels[:, 10:26, 10:26] = 2
    labels[:, 14:22, 14:22] = 3  # 6 x 64 voxels
    labels[3:5, 8:30, 27:49] = 2  # beside it, grown together with its wall
    labels[3:5, 10:28, 29:47] = 3  # 2 x 324
    kept = keep_largest_components(labels, CARDIAC.connected)
    assert (kept[:, 14:22, 14:22] == 3).all()
    assert not (kept[..., 27:] == 3).any()


def test_specks_join_nothing_to_the_heart() -> None:
    labels = np.zeros((1, 40, 60), np.uint8)
    labels[0, 10:30, 10:30] = 3
    labels[0, 10:30, 31:40] = 1  # the right ventricle
    labels[0, 5:30, 50:60] = 1  # larger, in the chest wall
    labels[0, 15, 41:49:2] = 2  # a trail of single voxels between the two
    labels[0, 32:36, 10:30] = 2
    kept = keep_largest_components(labels, CARDIAC.connected)
    assert (kept == 1).sum() == 20 * 9
    assert (kept == 2).sum() == 4 * 20
    assert (kept == 3).sum() == 20 * 20


def test_the_heart_is_what_has_most_voxels_not_what_spreads_widest() -> None:
    labels = np.zeros((1, 40, 40), np.uint8)
    labels[0, :10, :10] = 3  # 100 voxels in one piece
    labels[0, 14::2, 14::2] = 1  # 169 voxels, of which the dilation makes one wide piece
    labels[0, 14:, 30:] = 0
    assert (labels == 1).sum() > (labels == 3).sum()
    labels[0, 30:, :] = 0
    assert (labels == 1).sum() < (labels == 3).sum()
    kept = keep_largest_components(labels, CARDIAC.connected)
    assert (kept == 3).sum() == 100
    assert not (kept == 1).any()


def test_scar_and_oedema_may_be_patches_and_part_the_muscle() -> None:
    labels = np.zeros((1, 20, 40), np.uint8)
    labels[0, 5:9, 2:38] = 2
    labels[0, 5:9, 10:14] = 5  # right through the wall: muscle and scar in two pieces each
    labels[0, 5:9, 25:27] = 5
    labels[0, 5:9, 8:10] = 4
    labels[0, 15:18, 20:24] = 5  # a scar outside the wall
    kept = keep_largest_components(labels, MYOPS.connected)
    assert (kept[0, 5:9] == labels[0, 5:9]).all()
    assert not kept[0, 12:].any()


def test_what_is_known_of_the_case_says_which_piece_is_the_structure() -> None:
    """A false ventricle that grew larger and through the whole stack replaces no true one."""
    before = np.zeros((4, 30, 40), np.uint8)
    before[:, 4:12, 4:12] = 1
    before[1:3, 4:12, 14:20] = 3
    now = before.copy()
    now[:, 16:30, 4:40] = 1
    strokes = np.full(before.shape, UNLABELLED, np.uint8)
    assert keep_largest_components(now, CARDIAC.connected)[0, 20, 20] == 1
    kept = keep_largest_components(now, CARDIAC.connected, Known(strokes, before))
    np.testing.assert_array_equal(kept, before)
    # Where a person drew the structure it is, in a piece of its own too.
    strokes[3, 20, 20] = 1
    kept = keep_largest_components(now, CARDIAC.connected, Known(strokes, before))
    np.testing.assert_array_equal(kept, now)
    # A stroke of another class is no reason to keep a piece.
    strokes[3, 20, 20] = 2
    kept = keep_largest_components(now, CARDIAC.connected, Known(strokes, before))
    np.testing.assert_array_equal(kept, before)


def test_of_a_structure_of_which_nothing_is_known_the_furthest_reaching_piece_stays() -> None:
    now = np.zeros((4, 30, 30), np.uint8)
    now[:, 4:10, 4:10] = 2
    now[1, 14:30, 14:30] = 2
    nothing = Known(np.full(now.shape, UNLABELLED, np.uint8), np.zeros_like(now))
    kept = keep_largest_components(now, CARDIAC.connected, nothing)
    assert kept[0, 5, 5] == 2
    assert kept[1, 20, 20] == 0


def test_a_piece_with_a_stroke_stays_also_where_no_earlier_mask_is_known() -> None:
    now = np.zeros((4, 30, 40), np.uint8)
    now[1:3, 4:12, 14:20] = 3
    now[1:3, 4:12, 4:12] = 1
    now[:, 16:30, 4:40] = 1
    strokes = np.full(now.shape, UNLABELLED, np.uint8)
    alone = keep_largest_components(now, CARDIAC.connected)
    assert alone[1, 8, 8] == 0
    np.testing.assert_array_equal(
        keep_largest_components(now, CARDIAC.connected, Known(strokes)), alone
    )
    strokes[1, 8, 8] = 1
    kept = keep_largest_components(now, CARDIAC.connected, Known(strokes))
    assert (kept[1:3, 4:12, 4:12] == 1).all()
    assert kept[0, 20, 20] == alone[0, 20, 20]
