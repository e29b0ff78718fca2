import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from napari_scribblemix.data.labels import CARDIAC, UNLABELLED
from napari_scribblemix.data.scribbles import apply_enclosure_rule, check_scribbles
from napari_scribblemix.synthesis.anatomy import label_maps
from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.samples import draw_cases
from napari_scribblemix.synthesis.scribbler import scribble_volume
from napari_scribblemix.synthesis.tissues import structure_labels

SPACING = 1.8  # so that also the largest heart fits the image
VOLUMES = 6


@pytest.fixture(scope="module")
def volumes() -> list[NDArray]:
    hearts = draw_hearts(VOLUMES, torch.Generator().manual_seed(1), max_shift=(5.0, 5.0))
    levels = torch.linspace(-0.1, 1.1, 10).expand(VOLUMES, -1)
    labels = structure_labels(label_maps(hearts, levels, (150, 150), SPACING)).numpy()
    return list(labels)


def scribbled(volumes: list[NDArray], haste: bool = False, left_out: float = 0.15) -> list[NDArray]:
    rng = np.random.default_rng(0)
    return [scribble_volume(v, SPACING, rng, haste=haste, left_out=left_out) for v in volumes]


def test_careful_strokes_lie_inside_their_structures(volumes: list[NDArray]) -> None:
    for labels, scribble in zip(volumes, scribbled(volumes), strict=True):
        drawn = scribble != UNLABELLED
        assert np.array_equal(scribble[drawn], labels[drawn])


def test_every_structure_of_a_drawn_slice_has_a_stroke(volumes: list[NDArray]) -> None:
    for labels, scribble in zip(volumes, scribbled(volumes, left_out=0.0), strict=True):
        for plane, strokes in zip(labels, scribble, strict=True):
            assert set(np.unique(plane)) <= set(np.unique(strokes))


def test_strokes_are_few_pixels(volumes: list[NDArray]) -> None:
    share = np.mean([(scribble != UNLABELLED).mean() for scribble in scribbled(volumes)])
    assert 0.003 < share < 0.04


def test_some_slices_are_left_out_but_never_the_middle_one(volumes: list[NDArray]) -> None:
    for scribble in scribbled(volumes, left_out=0.3):
        empty = (scribble == UNLABELLED).all(axis=(1, 2))
        assert empty.sum() == 3
        assert not empty[len(empty) // 2]


def test_rings_close_and_the_enclosure_rule_labels_no_foreground(volumes: list[NDArray]) -> None:
    for labels, scribble in zip(volumes, scribbled(volumes, left_out=0.0), strict=True):
        ruled = apply_enclosure_rule(scribble)
        assert not ((ruled == 0) & (labels > 0)).any()
        for plane, strokes in zip(ruled, scribble, strict=True):
            if np.isin(strokes, (1, 2, 3)).any():
                assert (plane == 0).mean() > 0.5


def test_haste_is_shorter_crosses_borders_and_leaves_rings_open(volumes: list[NDArray]) -> None:
    hasty, careful = scribbled(volumes, haste=True), scribbled(volumes)
    drawn, unhurried = (sum((s != UNLABELLED).sum() for s in each) for each in (hasty, careful))
    assert drawn < unhurried
    wrong = sum(((s != UNLABELLED) & (s != v)).sum() for s, v in zip(hasty, volumes, strict=True))
    assert 0 < wrong < 0.1 * drawn
    covered = [(apply_enclosure_rule(s) == 0).mean(axis=(1, 2)) for s in hasty]
    assert any((c < 0.3).any() for c in covered)


def test_the_program_has_nothing_to_complain_about(volumes: list[NDArray]) -> None:
    for scribble in scribbled(volumes, left_out=0.0):
        findings = check_scribbles(scribble, CARDIAC, scribble.shape)
        assert [finding for finding in findings if finding.level == "block"] == []


def test_the_same_generator_state_gives_the_same_strokes(volumes: list[NDArray]) -> None:
    first, second = scribbled(volumes), scribbled(volumes)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_volume_without_a_heart_gets_background_strokes_only() -> None:
    empty = np.zeros((4, 60, 60), np.uint8)
    scribble = scribble_volume(empty, SPACING, np.random.default_rng(0))
    assert set(np.unique(scribble)) == {0, UNLABELLED}


def test_a_structure_of_one_pixel_is_found() -> None:
    labels = np.zeros((1, 60, 60), np.uint8)
    labels[0, 27:34, 27:34] = 2
    labels[0, 30, 30] = 3
    labels[0, 30, 20] = 1
    scribble = scribble_volume(labels, SPACING, np.random.default_rng(0), left_out=0.0)
    assert set(np.unique(scribble)) == {0, 1, 2, 3, UNLABELLED}


def test_scar_and_oedema_get_strokes_inside_them() -> None:
    for case in draw_cases("myops", 1):
        drawn = case.scribbles != UNLABELLED
        assert np.array_equal(case.scribbles[drawn], case.labels[drawn])
        for plane, strokes in zip(case.labels, case.scribbles, strict=True):
            for structure in (4, 5):
                if (strokes != UNLABELLED).any() and (plane == structure).sum() > 20:
                    assert (strokes == structure).any()
