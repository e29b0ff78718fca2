"""Scar and oedema: where they lie in the wall, and which sequence shows them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from napari_scribblemix.synthesis.hearts import draw_hearts
from napari_scribblemix.synthesis.infarction import CHANNELS, draw_injury, scan_channels
from napari_scribblemix.synthesis.stacks import draw_stack

RV, MUSCLE, LV, OEDEMA, SCAR = range(1, 6)


def scan(seed: int) -> tuple[dict[str, NDArray], NDArray]:
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    hearts = draw_hearts(1, generator, view="radiological", depth=9, max_shift=(5.0, 5.0))
    stack = draw_stack(80.0, rng, slices=(5, 6), half_size=(50, 51), spacing=(2.0, 2.01))
    images, labels = scan_channels(draw_injury(hearts, rng), (stack,) * 3, generator)
    return dict(zip(CHANNELS, images, strict=True)), labels


@pytest.fixture(scope="module")
def scans() -> list[tuple[dict[str, NDArray], NDArray]]:
    return [scan(seed) for seed in range(6)]


def test_oedema_surrounds_the_scar_and_both_lie_in_the_wall(
    scans: list[tuple[dict[str, NDArray], NDArray]],
) -> None:
    for _, labels in scans:
        scar, oedema = labels == SCAR, labels == OEDEMA
        assert scar.sum() > 30
        assert oedema.sum() > 30
        assert (scar | oedema).sum() > 1.5 * scar.sum()
        plane = np.ones((1, 3, 3), bool)
        # What touches a scar within its slice: never the right ventricle, mostly oedema or cavity.
        rim = ndimage.binary_dilation(scar, structure=plane) & ~scar
        assert (labels[rim] == OEDEMA).mean() > 0.2
        assert np.isin(labels[rim], (OEDEMA, MUSCLE, LV)).mean() > 0.75


def test_an_injury_is_a_segment_of_the_wall_and_not_a_ring(
    scans: list[tuple[dict[str, NDArray], NDArray]],
) -> None:
    for _, labels in scans:
        wall = np.isin(labels, (MUSCLE, OEDEMA, SCAR))
        share = np.isin(labels, (OEDEMA, SCAR)).sum() / wall.sum()
        assert 0.05 < share < 0.6


def contrast(image: NDArray, a: NDArray, b: NDArray) -> float:
    return float(np.median(image[a]) / np.median(image[b]))


def test_each_sequence_shows_what_it_is_taken_for(
    scans: list[tuple[dict[str, NDArray], NDArray]],
) -> None:
    for images, labels in scans:
        inside = {k: labels == k for k in (MUSCLE, LV, OEDEMA, SCAR)}
        # Late enhancement: scar bright, oedema nearly like muscle.
        assert contrast(images["LGE"], inside[SCAR], inside[MUSCLE]) > 1.5
        assert contrast(images["LGE"], inside[SCAR], inside[OEDEMA]) > 1.3
        # T2: the injury bright, blood dark.
        assert contrast(images["T2"], inside[OEDEMA], inside[MUSCLE]) > 1.3
        assert contrast(images["T2"], inside[LV], inside[MUSCLE]) < 0.9
        # Cine: blood bright, the injury like any muscle.
        assert contrast(images["C0"], inside[LV], inside[MUSCLE]) > 1.3
        assert contrast(images["C0"], inside[OEDEMA], inside[MUSCLE]) < 1.3


def test_the_same_seed_gives_the_same_bits() -> None:
    (first, labels), (second, again) = scan(3), scan(3)
    assert all(np.array_equal(first[name], second[name]) for name in CHANNELS)
    assert np.array_equal(labels, again)
