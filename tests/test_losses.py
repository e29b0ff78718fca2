"""Partial cross-entropy, partial Dice, negative cosine."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_scribblemix.methods.batch import UNLABELLED, one_hot
from napari_scribblemix.methods.losses import (
    negative_cosine,
    partial_cross_entropy,
    partial_dice,
)


def _scribbled(generator: torch.Generator, share: float) -> tuple[Tensor, Tensor]:
    logits = torch.randn(3, 4, 9, 7, generator=generator)
    scribble = torch.randint(0, 4, (3, 9, 7), generator=generator)
    hidden = torch.rand(3, 9, 7, generator=generator) >= share
    return logits, scribble.masked_fill(hidden, UNLABELLED)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_cross_entropy_is_the_mean_over_labelled_pixels(generator: torch.Generator) -> None:
    logits, scribble = _scribbled(generator, 0.3)
    expected = F.cross_entropy(logits, scribble, ignore_index=UNLABELLED)
    assert torch.allclose(partial_cross_entropy(logits, one_hot(scribble, 4)), expected)


def test_cross_entropy_weighs_a_soft_target_by_its_mass() -> None:
    logits = torch.tensor([[1.0, -1.0], [0.0, 2.0]])[None, :, :, None]
    target = torch.tensor([[1.0, 0.5], [0.0, 0.0]])[None, :, :, None]
    log_probability = F.log_softmax(logits, 1)
    expected = -(log_probability[0, 0, 0, 0] + 0.5 * log_probability[0, 0, 1, 0]) / 1.5
    assert torch.allclose(partial_cross_entropy(logits, target), expected)


@pytest.mark.parametrize("loss", [partial_cross_entropy, partial_dice])
def test_nothing_labelled_gives_exactly_zero_and_zero_gradients(loss, generator) -> None:  # type: ignore[no-untyped-def]
    logits = torch.randn(2, 3, 5, 5, generator=generator, requires_grad=True)
    value = loss(logits, torch.zeros(2, 3, 5, 5))
    value.backward()
    assert value.item() == 0.0
    assert logits.grad is not None
    assert torch.equal(logits.grad, torch.zeros_like(logits))


@pytest.mark.parametrize("loss", [partial_cross_entropy, partial_dice])
def test_unlabelled_pixels_have_no_influence(loss, generator) -> None:  # type: ignore[no-untyped-def]
    logits, scribble = _scribbled(generator, 0.3)
    target = one_hot(scribble, 4)
    changed = logits + 5 * torch.randn(logits.shape, generator=generator) * (
        scribble == UNLABELLED
    ).unsqueeze(1)
    assert torch.allclose(loss(changed, target), loss(logits, target))


def test_dice_is_near_zero_when_right_and_near_one_when_wrong() -> None:
    scribble = torch.randint(0, 3, (2, 40, 40), generator=torch.Generator().manual_seed(1))
    target = one_hot(scribble, 3)
    assert partial_dice(50 * target, target).item() < 1e-3
    assert partial_dice(50 * target.roll(1, 1), target).item() > 0.99


def test_dice_leaves_out_classes_without_a_labelled_pixel(generator: torch.Generator) -> None:
    scribble = torch.randint(0, 2, (1, 8, 8), generator=generator)
    logits = 30 * one_hot(scribble, 4)
    value = partial_dice(logits, one_hot(scribble, 4))
    assert value.item() == pytest.approx(0, abs=1e-5)


def test_cosine_is_minus_one_for_parallel_and_zero_for_orthogonal(
    generator: torch.Generator,
) -> None:
    p = torch.rand(2, 3, 4, 4, generator=generator)
    assert negative_cosine(p, 7 * p).item() == pytest.approx(-1)
    q = torch.zeros(1, 2, 2, 2)
    r = q.clone()
    q[0, 0], r[0, 1] = 1, 1
    assert negative_cosine(q, r).item() == 0


def test_cosine_takes_one_vector_per_image(generator: torch.Generator) -> None:
    p, q = torch.rand(2, 5, 3, 4, 4, generator=generator)
    each = torch.stack([F.cosine_similarity(a.flatten(), b.flatten(), 0) for a, b in zip(p, q)])  # noqa: B905
    assert torch.allclose(negative_cosine(p, q), -each.mean())


def test_cosine_of_an_empty_image_is_zero_with_finite_gradients() -> None:
    p = torch.zeros(1, 2, 3, 3, requires_grad=True)
    q = torch.ones(1, 2, 3, 3, requires_grad=True)
    value = negative_cosine(p, q)
    value.backward()
    assert value.item() == 0
    assert p.grad is not None
    assert p.grad.isfinite().all()


@pytest.mark.parametrize("mass", [0.1, 0.5, 1.0])
def test_a_perfect_prediction_has_no_dice_loss_at_any_labelled_mass(mass: float) -> None:
    target = one_hot(
        torch.randint(0, 3, (1, 30, 30), generator=torch.Generator().manual_seed(0)), 3
    )
    loss = partial_dice(50 * target, mass * target)
    assert loss == pytest.approx(0.0, abs=1e-4)
