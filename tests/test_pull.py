"""What a stroke says of the pixels around it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_segment import model

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.inference.look import LOOK
from napari_scribblemix.inference.pull import EDGE, PULL, REACH_MM, pull_of, pulled
from napari_scribblemix.inference.segment import look_at
from phantoms import make_case


def test_in_a_flat_image_the_pull_falls_with_the_distance_in_mm() -> None:
    stroke = np.zeros((41, 41), bool)
    stroke[20, 20] = True
    found = pull_of(np.zeros((41, 41), np.float32), stroke, 2.0)
    for pixels in (0, 1, 3, 6):
        expected = np.exp(-((2.0 * pixels / REACH_MM) ** 2))
        for place in ((20, 20 + pixels), (20 - pixels, 20)):
            assert found[place] == pytest.approx(expected, rel=1e-5)
    diagonal = np.exp(-((2.0 * 3 * np.sqrt(2) / REACH_MM) ** 2))
    assert found[23, 23] == pytest.approx(diagonal, rel=1e-4)


def test_it_stops_at_an_edge() -> None:
    image = np.zeros((21, 41), np.float32)
    image[:, 24:] = 2.0
    stroke = np.zeros(image.shape, bool)
    stroke[10, 20] = True
    found = pull_of(image, stroke, 1.0)
    # To the left and to the right as far away, and there behind an edge of two SD.
    assert found[10, 14] == pytest.approx(np.exp(-((6 / REACH_MM) ** 2)), rel=1e-5)
    way = 3 + 0.5 * (1 + 1 + 2 * EDGE) + 2 * (1 + 2 * EDGE)
    assert found[10, 26] == pytest.approx(np.exp(-((way / REACH_MM) ** 2)), rel=1e-4)


def test_only_strokes_that_contradict_pull_and_probabilities_stay_probabilities(
    tmp_path: object,
) -> None:
    image = make_case(tmp_path, 0).image  # type: ignore[arg-type]
    with torch.inference_mode():
        sight, found = look_at(model(), image, LOOK)
    predicted = torch.tensor([0.7, 0.1, 0.1, 0.1])[:, None, None].expand(found.shape).contiguous()
    strokes = np.full(image.array.shape, UNLABELLED, np.uint8)
    background = np.argwhere(image.array[1] < 60)[0]
    strokes[(1, *background)] = 0
    agreed = pulled(sight, predicted, strokes, 1.5)
    torch.testing.assert_close(agreed, predicted)
    strokes[(1, *background)] = 2
    moved = pulled(sight, predicted, strokes, 1.5)
    torch.testing.assert_close(moved.sum(dim=1), torch.ones_like(moved[:, 0]))
    torch.testing.assert_close(moved[[0, 2, 3]], predicted[[0, 2, 3]])
    place = sight.strokes(strokes)[1] == 2
    before, after = predicted[1, :, place], moved[1, :, place]
    gained = (after[2] / after[0]).log() - (before[2] / before[0]).log()
    assert gained.max().item() == pytest.approx(PULL, rel=1e-3)
