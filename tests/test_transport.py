"""Plans are permutations that pay off; moves carry pixels and gradients by them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from napari_scribblemix.methods import transport


def _case(count: int, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    saliency = torch.rand(count, n, n, generator=generator) ** 12
    saliency = saliency / saliency.sum((1, 2), keepdim=True)
    return saliency, torch.randint(0, 3, (count, n, n), generator=generator) / 2


def _costs(saliency: Tensor, keep: Tensor) -> Tensor:
    """(B, slots, cells): the cost of each cell in each slot."""
    n = saliency.shape[-1]
    place = torch.stack((torch.arange(n * n) // n, torch.arange(n * n) % n), 1).double()
    squared = (place[:, None] - place).square().sum(-1) / (n - 1) ** 2
    return 0.8 * squared - keep.flatten(1)[:, :, None] * saliency.flatten(1)[:, None]


def _cost(plan: Tensor, costs: Tensor) -> Tensor:
    return costs.gather(2, plan[..., None]).sum((1, 2))


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_plans_are_one_to_one_and_never_cost_more_than_staying(n: int) -> None:
    for seed in range(5):
        saliency, keep = _case(10, n, seed)
        plan = transport.plan_transport(saliency, keep, transport.pairings(n))
        slots = torch.arange(n * n).expand(10, -1)
        assert torch.equal(plan.sort(1).values, slots)
        costs = _costs(saliency, keep)
        assert (_cost(plan, costs) <= _cost(slots, costs) + 1e-7).all()


@pytest.mark.parametrize("n", [8, 16])
def test_plans_gain_most_of_what_the_best_assignment_gains(n: int) -> None:
    gained, possible = 0.0, 0.0
    for seed in range(3):
        saliency, keep = _case(8, n, seed)
        costs = _costs(saliency, keep)
        best = [linear_sum_assignment(c)[1] for c in costs.numpy()]
        stay = _cost(torch.arange(n * n).expand(8, -1), costs)
        plan = transport.plan_transport(saliency, keep, transport.pairings(n))
        gained += float((stay - _cost(plan, costs)).sum())
        possible += float((stay - _cost(torch.from_numpy(np.stack(best)), costs)).sum())
    assert possible > 0.1
    assert gained > 0.85 * possible


def test_a_salient_cell_moves_into_the_kept_region_next_to_it() -> None:
    saliency = torch.full((1, 4, 4), 0.01)
    saliency[0, 1, 1] = 0.85
    keep = torch.zeros(1, 4, 4)
    keep[0, :, 2:] = 1
    plan = transport.plan_transport(saliency, keep, transport.pairings(4)).view(4, 4)
    assert plan[1, 2] == 5
    assert plan[1, 1] == 6
    assert (plan.flatten() != torch.arange(16)).sum() == 2


@pytest.mark.parametrize("keep", [0.0, 1.0])
def test_nothing_moves_where_all_or_nothing_is_kept(keep: float) -> None:
    saliency, mask = _case(3, 8)
    plan = transport.plan_transport(saliency, torch.full_like(mask, keep), transport.pairings(8))
    assert torch.equal(plan, torch.arange(64).expand(3, -1))


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_pairings_are_their_own_inverse(n: int) -> None:
    for way in transport.pairings(n):
        assert torch.equal(way[way], torch.arange(n * n))


def _move(height: int, width: int, n: int, seed: int = 0) -> transport.Move:
    generator = torch.Generator().manual_seed(seed)
    plan = torch.stack([torch.randperm(n * n, generator=generator) for _ in range(3)])
    return transport.build_move(plan, torch.tensor([2, 0, 1]), n, height, width)


@pytest.mark.parametrize("shape", [(16, 16), (19, 26)])
def test_a_move_puts_whole_cells_of_the_named_sample_into_their_slots(
    shape: tuple[int, int],
) -> None:
    n, plan = 4, torch.arange(16).roll(3).repeat(3, 1)
    sample = torch.tensor([2, 0, 1])
    x = torch.randn(3, 2, *shape, generator=torch.Generator().manual_seed(0))
    got = transport.build_move(plan, sample, n, *shape)(x)
    tall, wide = shape[0] // n, shape[1] // n
    top, left = (shape[0] - tall * n) // 2, (shape[1] - wide * n) // 2
    expected = x[sample].clone()
    for slot in range(16):
        cell = int(plan[0, slot])
        r, c = top + slot // n * tall, left + slot % n * wide
        a, b = top + cell // n * tall, left + cell % n * wide
        expected[..., r : r + tall, c : c + wide] = x[sample][..., a : a + tall, b : b + wide]
    assert torch.equal(got, expected)


@pytest.mark.parametrize("shape", [(16, 16), (19, 26)])
def test_a_move_loses_no_pixel(shape: tuple[int, int]) -> None:
    x = torch.arange(3 * shape[0] * shape[1]).view(3, 1, *shape)
    assert torch.equal(_move(*shape, 4)(x).flatten().sort().values, x.flatten())


def test_gradients_go_back_by_the_inverse() -> None:
    generator = torch.Generator().manual_seed(0)
    move = _move(19, 26, 4)
    x = torch.randn(3, 2, 19, 26, generator=generator, requires_grad=True)
    upstream = torch.randn(x.shape, generator=generator)
    (got,) = torch.autograd.grad(move(x), x, upstream)
    taken = x[move.sample].flatten(2)
    plain = taken.gather(2, move.pixel[:, None].expand_as(taken)).view_as(x)
    (expected,) = torch.autograd.grad(plain, x, upstream)
    assert torch.equal(got, expected)
