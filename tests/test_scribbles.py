from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_scribblemix.data.labels import CARDIAC, UNLABELLED
from napari_scribblemix.data.scribbles import (
    apply_enclosure_rule,
    check_image,
    check_scribbles,
    coverage,
    enclosed_background,
)
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import find_cases
from phantoms import draw


def blank(*shape: int) -> np.ndarray:
    return np.full(shape, UNLABELLED, np.uint8)


def ring(size: int = 24, low: int = 5, high: int = 18, gap: int = 0) -> np.ndarray:
    """One slice: a square ring of background, open over ``gap`` pixels, round a dot of class 3."""
    plane = blank(1, size, size)
    plane[0, [low, high], low : high + 1] = 0
    plane[0, low : high + 1, [low, high]] = 0
    plane[0, low, 9 : 9 + gap] = UNLABELLED
    plane[0, 11:13, 11:13] = 3
    return plane


def messages(findings, level: str) -> str:
    return " ".join(finding.message for finding in findings if finding.level == level)


def test_a_good_image_has_no_findings() -> None:
    assert check_image(np.arange(24.0).reshape(2, 3, 4)) == []


def test_nan_voxels_are_counted_and_placed() -> None:
    image = np.ones((3, 4, 5), np.float32)
    image[1, 2, 3] = image[2, 0, 0] = np.nan
    text = messages(check_image(image), "block")
    assert "2 of 60 voxels are NaN" in text
    assert "slice 1, row 2, column 3 (slices 1, 2;" in text


def test_infinite_voxels_are_counted_and_placed() -> None:
    image = np.ones((3, 4, 5), np.float32)
    image[0, 0, 4] = -np.inf
    assert "1 of 60 voxels are infinite, first at slice 0, row 0, column 4" in messages(
        check_image(image), "block"
    )


def test_a_constant_image_blocks() -> None:
    assert "same intensity" in messages(check_image(np.full((2, 3, 3), 7)), "block")


def test_good_scribbles_have_no_findings() -> None:
    _, _, strokes = draw(0)
    assert check_scribbles(strokes, CARDIAC, strokes.shape) == []


def test_another_shape_blocks_and_names_both() -> None:
    findings = check_scribbles(blank(12, 8, 8), CARDIAC, (10, 8, 8))
    assert "Scribbles are 12 x 8 x 8 but the image is 10 x 8 x 8" in messages(findings, "block")


def test_an_unknown_class_blocks() -> None:
    scribble = blank(2, 4, 4)
    scribble[0, 0, :2] = 7
    assert "class 7 in 2 pixels" in messages(check_scribbles(scribble, CARDIAC, (2, 4, 4)), "block")


def test_no_scribble_at_all_blocks() -> None:
    findings = check_scribbles(blank(2, 4, 4), CARDIAC, (2, 4, 4))
    assert "No pixel is scribbled" in messages(findings, "block")


def test_weak_scribbles_warn_with_an_advice_and_do_not_block() -> None:
    _, _, strokes = draw(0)
    strokes[strokes == 1] = UNLABELLED
    strokes[strokes == 0] = UNLABELLED
    strokes[[0, 3]] = UNLABELLED
    findings = check_scribbles(strokes, CARDIAC, strokes.shape)
    assert messages(findings, "block") == ""
    text = messages(findings, "warn")
    assert "No scribble for right ventricle; draw one" in text
    assert "No scribble for background; draw a ring" in text
    assert "2 of 4 slices have no scribble (0, 3;" in text


def test_background_alone_warns() -> None:
    scribble = blank(1, 4, 4)
    scribble[0, 0] = 0
    assert "Only background" in messages(check_scribbles(scribble, CARDIAC, (1, 4, 4)), "warn")


def test_a_full_mask_in_the_place_of_scribbles_warns() -> None:
    _, mask, _ = draw(0)
    text = messages(check_scribbles(mask, CARDIAC, mask.shape), "warn")
    assert "Every pixel is labelled; if 0 means 'not labelled'" in text


def test_coverage_counts_pixels_and_slices() -> None:
    scribble = blank(4, 5, 5)
    scribble[0, 0, :3] = 0
    scribble[0, 1, :2] = 3
    scribble[2, 0, 0] = 0
    reach = coverage(scribble, CARDIAC)
    assert reach.pixels == (4, 0, 0, 2)
    assert reach.fraction == pytest.approx(0.06)
    assert reach.scribbled == (0, 2)
    assert reach.done == (0,)
    scribble[3] = 0
    assert coverage(scribble, CARDIAC).done == (0, 3), "beyond the heart all is background"


def test_all_outside_a_closed_ring_is_background() -> None:
    scribble = ring()
    made = enclosed_background(scribble)
    expected = np.ones_like(made)
    expected[0, 5:19, 5:19] = False
    np.testing.assert_array_equal(made, expected)


def test_the_rule_never_overwrites_a_stroke() -> None:
    scribble = ring()
    ruled = apply_enclosure_rule(scribble)
    drawn = scribble != UNLABELLED
    np.testing.assert_array_equal(ruled[drawn], scribble[drawn])
    assert (ruled[~drawn & enclosed_background(scribble)] == 0).all()
    assert (ruled[0, 6:11, 6:18] == UNLABELLED).all()


@pytest.mark.parametrize(("gap", "closed"), [(0, True), (1, True), (3, True), (6, False)])
def test_gaps_of_a_few_pixels_are_closed(gap: int, closed: bool) -> None:
    assert enclosed_background(ring(gap=gap), gap=3).any() == closed


def test_without_closing_one_pixel_opens_the_ring() -> None:
    assert enclosed_background(ring(gap=0), gap=0).any()
    assert not enclosed_background(ring(gap=1), gap=0).any()


def test_a_structure_outside_the_ring_turns_the_rule_off_in_its_slice_alone() -> None:
    scribble = np.concatenate([ring(), ring()])
    scribble[0, 1, 1] = 1
    made = enclosed_background(scribble)
    assert not made[0].any()
    assert made[1].any()


def test_slices_are_judged_one_by_one() -> None:
    # Stacked, the open slice must not borrow the ring of its neighbours.
    made = enclosed_background(np.concatenate([ring(), ring(gap=8), ring()]))
    assert made.any(axis=(1, 2)).tolist() == [True, False, True]


def test_background_strokes_without_a_structure_enclose_nothing() -> None:
    scribble = ring()
    scribble[scribble == 3] = UNLABELLED
    assert not enclosed_background(scribble).any()


def test_a_structure_between_background_strokes_is_not_enclosed_by_them() -> None:
    scribble = blank(1, 20, 20)
    scribble[0, 8:12, [8, 10]] = 0
    scribble[0, 8:12, 9] = 2
    assert not enclosed_background(scribble).any()


def test_a_ring_at_the_image_edge_does_not_fail() -> None:
    assert not enclosed_background(ring(24, 0, 23)).any()


def rolled_over(strokes: np.ndarray, radius: int) -> tuple[np.ndarray, bool]:
    """What a disc coming from outside covers in one slice, and whether it leaves a place out."""
    frame = 9
    walls = np.pad(strokes, frame)
    disc = [
        (y, x)
        for y in range(-radius, radius + 1)
        for x in range(-radius, radius + 1)
        if y * y + x * x <= radius * radius + radius
    ]
    free = {
        (y, x)
        for y, x in np.ndindex(walls.shape)
        if not any(
            0 <= y + dy < len(walls) and 0 <= x + dx < walls.shape[1] and walls[y + dy, x + dx]
            for dy, dx in disc
        )
    }
    seen, queue = {(0, 0)}, [(0, 0)]
    while queue:
        y, x = queue.pop()
        for place in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
            if place in free and place not in seen:
                seen.add(place)
                queue.append(place)
    covered = {(y + dy - frame, x + dx - frame) for y, x in seen for dy, dx in disc}
    outside = np.array([index in covered for index in np.ndindex(strokes.shape)])
    return outside.reshape(strokes.shape), bool(free - seen)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 4))
def test_the_rule_agrees_with_rolling_a_disc_in_each_slice(seed: int, gap: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.choice(np.array([0, 255], np.uint8), (2, 18, 18), p=[0.05, 0.95])
    scribble = np.minimum(np.concatenate([ring(18, 2, 14), ring(18, 2, 14, gap=gap)]), noise)
    made = enclosed_background(scribble, gap)
    for plane, result in zip(scribble, made, strict=True):
        outside, inside = rolled_over(plane == 0, (gap + 1) // 2)
        structure = (plane > 0) & (plane != UNLABELLED)
        if inside and structure.any() and not (structure & outside).any():
            np.testing.assert_array_equal(result, outside & (plane == UNLABELLED))
        else:
            assert not result.any()


def test_a_whole_volume_takes_well_under_a_second() -> None:
    scribble = np.concatenate([ring(256, 5, 200)] * 10)
    start = time.perf_counter()
    assert enclosed_background(scribble).any(axis=(1, 2)).all()
    assert time.perf_counter() - start < 0.5


def test_on_real_scribbles_no_structure_becomes_background(real_data: Path) -> None:
    slices = closed = 0
    for files in find_cases(real_data / "acdc" / "val")[::3]:
        case = load_case(files)
        assert case.scribble is not None
        assert case.mask is not None
        made = enclosed_background(case.scribble)
        assert not (made & (case.mask > 0)).any(), files.id
        slices += len(made)
        closed += int(made.any(axis=(1, 2)).sum())
    assert closed > 0.85 * slices
