from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.cli.segment import quality_lines
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.inference.quality import Quality, evidence, quality
from napari_scribblemix.project.expected import LOW, Expected, expected_of

PIXEL = 2.25


def disc(radius: float, shape: tuple[int, int] = (64, 64)) -> NDArray[np.bool_]:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(y - 32, x - 32) < radius


def stack(slices: int, sure: float) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Probabilities (4, Z, 64, 64) of a ring about a disc and of the mask, ``sure`` of it."""
    plane = np.zeros((64, 64), np.uint8)
    plane[disc(16)], plane[disc(10)] = 2, 3
    labels = np.stack([plane] * slices)
    probability = np.full((4, *labels.shape), (1 - sure) / 3, np.float32)
    for k in range(4):
        probability[k][labels == k] = sure
    return probability, labels


def of(probability: NDArray[np.float32], labels: NDArray[np.uint8]) -> Quality:
    return quality(evidence(probability, labels, PIXEL), labels, PIXEL)


def test_a_sure_mask_is_expected_to_be_good_and_an_unsure_one_poor() -> None:
    good, middling, poor = (of(*stack(5, sure)) for sure in (0.995, 0.9, 0.4))
    assert good.case > 0.85
    assert good.case > middling.case > poor.case
    assert poor.case < LOW
    assert ((good.slices > 0) & (good.slices < 1)).all()


def test_a_slice_that_does_not_go_on_in_the_next_is_expected_to_be_worse() -> None:
    probability, labels = stack(6, 0.97)
    before = of(probability, labels).slices
    labels[3] = np.roll(labels[3], 25, axis=1)
    probability[:, 3] = np.roll(probability[:, 3], 25, axis=2)
    after = of(probability, labels).slices
    assert after[3] < before[3] - 0.1
    # Each of the others still has one neighbour that it goes on in.
    assert np.allclose(np.delete(after, 3), np.delete(before, 3))


def test_an_empty_slice_has_no_figure_and_counts_for_nothing() -> None:
    probability, labels = stack(4, 0.97)
    labels[3], probability[:, 3] = 0, 0
    probability[0, 3] = 1
    found = of(probability, labels)
    assert np.isnan(found.slices[3])
    assert found.case == pytest.approx(of(probability[:, :3], labels[:3]).case)
    assert found.record()["quality"] == [*(round(float(q), 3) for q in found.slices[:3]), None]


def test_an_empty_mask_has_no_figure_at_all() -> None:
    probability, labels = stack(2, 0.97)
    found = of(probability, np.zeros_like(labels))
    assert np.isnan(found.case)
    assert found.record() == {"quality": [None, None], "case_quality": None}


def test_a_volume_of_one_slice_has_a_figure() -> None:
    good, poor = of(*stack(1, 0.999)), of(*stack(1, 0.4))
    assert good.case > 0.8 > LOW > poor.case


def test_what_a_person_drew_is_sure() -> None:
    probability, labels = stack(3, 0.5)
    strokes = np.full(labels.shape, UNLABELLED, np.uint8)
    strokes[1] = labels[1]
    known = evidence(probability, labels, PIXEL, strokes)
    found = quality(known, labels, PIXEL)
    assert found.slices[1] > found.slices[0] + 0.1
    sizes = [(labels[1] == k).sum() * PIXEL for k in (1, 2, 3)]
    assert known.inside[1] == pytest.approx(sizes)
    assert known.anywhere[1] == pytest.approx(sizes)


def test_the_evidence_is_what_the_sums_say() -> None:
    rng = np.random.default_rng(3)
    probability = rng.dirichlet(np.ones(4), (2, 5, 6)).transpose(3, 0, 1, 2).astype(np.float32)
    labels = probability.argmax(axis=0).astype(np.uint8)
    known = evidence(probability, labels, PIXEL)
    for z in range(2):
        for k in (1, 2, 3):
            inside = sum(
                float(probability[k, z, y, x])
                for y in range(5)
                for x in range(6)
                if labels[z, y, x] == k
            )
            assert known.inside[z, k - 1] == pytest.approx(inside * PIXEL, rel=1e-5)
            whole = float(probability[k, z].sum()) * PIXEL
            assert known.anywhere[z, k - 1] == pytest.approx(whole, rel=1e-5)


def test_one_slice_can_be_looked_at_anew() -> None:
    (one, labels), (other, _) = stack(4, 0.9), stack(4, 0.6)
    known = evidence(one, labels, PIXEL)
    known.replace_slice(2, evidence(other[:, 2:3], labels[2:3], PIXEL))
    one[:, 2] = other[:, 2]
    assert known.inside == pytest.approx(evidence(one, labels, PIXEL).inside)
    assert known.anywhere == pytest.approx(evidence(one, labels, PIXEL).anywhere)


def test_what_is_written_beside_a_mask_is_read_again() -> None:
    found = of(*stack(4, 0.9))
    known = expected_of(found.record())
    assert known.case == pytest.approx(found.case, abs=1e-3)
    assert known.of_slice(2) == pytest.approx(found.slices[2], abs=1e-3)
    assert known.of_slice(4) is None
    assert known.of_slice(-1) is None


def test_poor_slices_come_the_worst_first() -> None:
    assert expected_of({"quality": [0.6, 0.95, None, 0.2]}).poor == (3, 0)


@pytest.mark.parametrize(
    "record",
    [{}, {"quality": "good", "case_quality": "high"}, {"quality": 0.4, "case_quality": [0.4]},
     {"quality": None, "case_quality": 1.2}, {"case_quality": True}],
)  # fmt: skip
def test_a_record_that_says_something_else_says_nothing(record: dict[str, object]) -> None:
    assert expected_of(record) == Expected()


def test_of_a_list_with_strange_entries_the_rest_is_read() -> None:
    known = expected_of({"quality": [0.5, "0.5", -1, 2, float("nan"), True, {}, 1]})
    assert known.slices == (0.5, None, None, None, None, None, None, 1.0)


def test_the_masks_to_look_at_first_are_named() -> None:
    known = {
        "good": Expected((0.9, 0.9), 0.9),
        "ends": Expected((0.9, 0.6, None), 0.8),
        "poor": Expected((0.3, 0.5), 0.4),
        "empty": Expected((None,), None),
    }
    assert quality_lines(known) == [
        "Expected Dice: 0.70 (mean of 3 masks).",
        (
            "Look at these first: 2 masks with slices that are probably poor (expected Dice below "
            "0.7; slices count from 0)."
        ),
        "  poor: 0.40, slices 0, 1",
        "  ends: 0.80, slice 1",
    ]
    assert quality_lines({"empty": Expected()}) == []
    many = {f"case{n:02d}": Expected((0.5,), 0.5) for n in range(13)}
    assert quality_lines(many)[-1] == "  and 3 more"
