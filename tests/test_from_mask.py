from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_scribblemix.data.from_mask import MARGIN_MM, scribbles_from_mask
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.scribbles import apply_enclosure_rule, enclosed_background

SPACING = (1.5, 1.5)


def heart(shape: tuple[int, int] = (216, 240), at: tuple[float, float] = (108, 120)) -> np.ndarray:
    """A left ventricle of 20 mm with a wall of 9 mm, and a right ventricle beside it."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    radius = 1.5 * np.hypot(y - at[0], x - at[1])
    right = 1.5 * np.hypot(y - at[0], x - at[1] + 22)
    mask = np.zeros(shape, np.uint8)
    mask[right < 24] = 1
    mask[radius < 29] = 2
    mask[radius < 20] = 3
    return mask


def test_only_structures_and_a_ring_are_taken_not_the_background() -> None:
    mask = heart()
    scribble = scribbles_from_mask(mask, SPACING)
    assert set(np.unique(scribble)) == {0, 1, 2, 3, UNLABELLED}
    assert (scribble == 0).sum() < 0.02 * mask.size
    taken = scribble != UNLABELLED
    assert (scribble[taken] == mask[taken]).all()


def test_the_ring_is_closed_for_the_enclosure_rule_whatever_gap_it_allows() -> None:
    scribble = scribbles_from_mask(heart(), SPACING)[None]
    for gap in (0, 3, 7):
        outside = enclosed_background(scribble, gap)
        assert outside[0, 0, 0]
        assert not (outside[0] & (heart() > 0)).any()


def test_the_ring_runs_at_its_margin_from_the_heart() -> None:
    mask = heart()
    away = ndimage.distance_transform_edt(mask == 0, sampling=SPACING)
    ring = away[scribbles_from_mask(mask, SPACING) == 0]
    assert ring.min() == pytest.approx(MARGIN_MM, abs=2.2)
    assert ring.max() < MARGIN_MM + 5


def test_borders_between_structures_are_left_open() -> None:
    mask = heart()
    scribble = scribbles_from_mask(mask, SPACING)
    cross = ndimage.generate_binary_structure(2, 1)
    largest, least = (
        f(mask, footprint=cross) for f in (ndimage.maximum_filter, ndimage.minimum_filter)
    )
    borders = (largest != least) & (mask > 0)
    assert (scribble[borders] == UNLABELLED).all()
    for structure in (1, 2, 3):
        share = (scribble == structure).sum() / (mask == structure).sum()
        assert 0.1 < share < 0.8


def test_a_heart_at_the_edge_of_the_image_is_ringed_along_the_edge() -> None:
    mask = heart(at=(22, 120))
    scribble = scribbles_from_mask(mask, SPACING)
    assert mask[3].any()
    assert enclosed_background(scribble[None], 7).any()
    assert (scribble[0, 116:124] == 0).all()


def test_a_slice_without_a_heart_gives_no_stroke() -> None:
    assert (scribbles_from_mask(np.zeros((20, 20), np.uint8), SPACING) == UNLABELLED).all()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 24), columns=st.integers(1, 24), seed=st.integers(0, 10**6),
    row_mm=st.floats(0.5, 4.0), column_mm=st.floats(0.5, 4.0), share=st.floats(0, 1),
)  # fmt: skip
def test_any_mask_gives_strokes_that_agree_with_it(
    rows: int, columns: int, seed: int, row_mm: float, column_mm: float, share: float
) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 4, (rows, columns)).astype(np.uint8)
    mask[rng.random(mask.shape) < share] = 0
    scribble = scribbles_from_mask(mask, (row_mm, column_mm))
    taken = scribble != UNLABELLED
    assert (scribble[taken] == mask[taken]).all()
    filled = apply_enclosure_rule(scribble[None], 7)[0]
    assert (filled[mask > 0] != 0).all(), "the rule never turns a structure into background"
    for structure in set(np.unique(mask).tolist()) - {0}:
        parts, count = ndimage.label(mask == structure, structure=np.ones((3, 3)))
        kept = np.unique(parts[scribble == structure])
        assert len(kept) == count, "of each part something is taken"
