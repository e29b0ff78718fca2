"""Edge consistency: against the definition, pair by pair, and what it prefers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from napari_scribblemix.methods.edges import edge_consistency

STEPS = [(0, 1), (1, 0), (1, 1), (1, -1)]


def by_definition(probability: Tensor, image: Tensor, reach: float, contrast: float) -> float:
    _, height, width = image.shape
    energy = total = 0.0
    for distance in (1, 2, 4):
        for direction in STEPS:
            down, right = direction[0] * distance, direction[1] * distance
            nearness = math.exp(-0.5 * (down**2 + right**2) / reach**2)
            values = []
            for y in range(height - down):
                for x in range(width):
                    if not 0 <= x + right < width:
                        continue
                    difference = image[:, y, x] - image[:, y + down, x + right]
                    alike = math.exp(-0.5 * float(difference.square().sum()) / contrast**2)
                    same = float(probability[:, y, x] @ probability[:, y + down, x + right])
                    values.append(alike * (1 - same))
            energy += nearness * sum(values) / len(values)
            total += nearness
    return energy / total


def test_it_is_the_sum_over_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    probability = torch.randn(1, 3, 7, 9, generator=generator).softmax(1)
    image = torch.randn(1, 2, 7, 9, generator=generator)
    expected = by_definition(probability[0], image[0], reach=3.0, contrast=0.7)
    found = edge_consistency(probability, image, reach=3.0, contrast=0.7)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def halves(at: int) -> Tensor:
    plane = torch.zeros(1, 2, 12, 12)
    plane[:, 0, :, :at], plane[:, 1, :, at:] = 1, 1
    return plane


def test_a_border_on_an_edge_costs_nothing_and_one_beside_it_does() -> None:
    image = 3 * halves(6)[:, 1:]
    assert edge_consistency(halves(6), image) == pytest.approx(0.0, abs=1e-6)
    assert edge_consistency(halves(8), image) > 0.01


def test_an_unsure_prediction_costs_more_than_a_sure_one() -> None:
    image = torch.zeros(1, 1, 12, 12)
    sure = torch.zeros(1, 2, 12, 12)
    sure[:, 0] = 1
    assert edge_consistency(sure, image) == pytest.approx(0.0, abs=1e-6)
    assert edge_consistency(torch.full_like(sure, 0.5), image) == pytest.approx(0.5, abs=1e-4)


def test_gradients_are_finite_and_reach_the_prediction_alone() -> None:
    image = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    image.requires_grad_()
    logits = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(2))
    logits.requires_grad_()
    edge_consistency(logits.softmax(1), image).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad.abs().max() > 0
    assert image.grad is None
