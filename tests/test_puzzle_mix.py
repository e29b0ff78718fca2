"""The mask solver: against all masks of a tiny grid, and against the graph cut."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from napari_scribblemix.methods import puzzle_mix
from napari_scribblemix.methods.puzzle_mix import Energy


def _energy(count: int, n: int, seed: int, size: int = 96) -> Energy:
    """An energy of the real form: smooth images, saliency concentrated on a few strokes."""
    rng = np.random.default_rng(seed)

    def field(sigma: float) -> np.ndarray:
        smooth = ndimage.gaussian_filter(
            rng.standard_normal((count, size, size)), (0, sigma, sigma)
        )
        return smooth / smooth.std((1, 2), keepdims=True)

    image = torch.from_numpy(field(3.0)).float()[:, None]
    strokes = (np.abs(field(6.0)) < 0.08) * rng.random((count, size, size))
    strokes = ndimage.gaussian_filter(strokes, (0, 1.5, 1.5)) * np.exp(field(5.0))
    cells = puzzle_mix.pool(torch.from_numpy(strokes).float(), n)
    partner = torch.arange(count).roll(count // 2)
    generator = torch.Generator().manual_seed(seed)
    share = puzzle_mix.draw_share(count, generator, torch.device("cpu"))
    return puzzle_mix.build_energy(cells, image, partner, share, n)


def _energy_in_words(energy: Energy, sample: int, z: np.ndarray) -> float:
    """The energy of one mask, written as a plain loop over cells."""
    n, total = z.shape[0], 0.0
    for r, c in itertools.product(range(n), range(n)):
        total += float(energy.unary[round(2 * z[r, c]), sample, r, c])
        if r + 1 < n:
            total += float(energy.down[sample, r, c]) * (z[r, c] - z[r + 1, c]) ** 2
        if c + 1 < n:
            total += float(energy.right[sample, r, c]) * (z[r, c] - z[r, c + 1]) ** 2
    return total


def _graph_cut(energy: Energy) -> Tensor:
    gco = pytest.importorskip("gco")
    scale = 1e6
    distance = np.array([[0, 1, 4], [1, 0, 1], [4, 1, 0]], np.int32)
    masks = []
    for i in range(energy.unary.shape[1]):
        unary = energy.unary[:, i].permute(1, 2, 0).numpy()
        unary = np.ascontiguousarray(4 * scale * (unary - unary.min(-1, keepdims=True)))
        down, right = (energy.down[i].numpy() * scale), (energy.right[i].numpy() * scale)
        labels = gco.cut_grid_graph(
            unary.astype(np.int32),
            distance,
            down.astype(np.int32),
            right.astype(np.int32),
            algorithm="swap",
        )
        masks.append(labels.reshape(unary.shape[:2]) / 2)
    return torch.from_numpy(np.stack(masks)).float()


def _value(energy: Energy, z: Tensor) -> Tensor:
    return energy.of(z[None])[0]


def test_energy_is_the_sum_over_cells_and_neighbours() -> None:
    energy = _energy(4, 4, 0)
    z = torch.randint(0, 3, (4, 4, 4), generator=torch.Generator().manual_seed(0)) / 2
    expected = [_energy_in_words(energy, i, z[i].numpy()) for i in range(4)]
    assert _value(energy, z).tolist() == pytest.approx(expected, rel=1e-5)


def test_solver_reaches_the_lowest_of_all_masks_on_tiny_grids() -> None:
    every = torch.tensor(list(itertools.product((0, 0.5, 1), repeat=9))).view(-1, 1, 3, 3)
    gaps = []
    for seed in range(6):
        energy = _energy(8, 3, seed)
        lowest = energy.of(every.expand(-1, 8, -1, -1)).amin(0)
        gaps.append(_value(energy, puzzle_mix.solve(energy)) / lowest - 1)
    gap = torch.cat(gaps)
    assert (gap > -1e-5).all()
    assert gap.mean() < 1e-3
    assert (gap < 1e-5).float().mean() > 0.9


@pytest.mark.parametrize("n", [2, 4, 8, 16])
@pytest.mark.parametrize("size", [96, 212])
def test_energy_is_within_one_percent_of_the_graph_cuts(n: int, size: int) -> None:
    gaps, alone = [], []
    for seed in range(4):
        energy = _energy(12, n, seed, size)
        cut = _value(energy, _graph_cut(energy))
        gaps.append(_value(energy, puzzle_mix.solve(energy)) / cut - 1)
        alone.append(_value(energy, energy.unary.argmin(0) / 2) / cut - 1)
    assert torch.cat(gaps).mean() < 0.01
    # The comparison means something: cells decided one by one do worse.
    assert torch.cat(alone).mean() > max(0.0, torch.cat(gaps).mean().item())


def test_the_terms_of_the_energy_follow_the_paper() -> None:
    count, n, lam = 2, 4, 0.3
    saliency = torch.rand(count, n, n, generator=torch.Generator().manual_seed(0))
    saliency = saliency / saliency.sum((1, 2), keepdim=True)
    flat = torch.zeros(count, 1, 32, 32)
    partner = torch.tensor([1, 0])
    energy = puzzle_mix.build_energy(saliency, flat, partner, torch.full((count,), lam), n)
    prior = [(1 - lam) ** 2, 2 * lam * (1 - lam), lam**2]
    for label, z in enumerate((0, 0.5, 1)):
        lost = z * saliency + (1 - z) * saliency[partner]
        expected = lost - 0.2 / n**2 * np.log(prior[label])
        torch.testing.assert_close(energy.unary[label], expected)
    assert torch.allclose(energy.down, torch.tensor(1.2 / 16 / n))
    assert torch.allclose(energy.right, torch.tensor(1.2 / 16 / n))


def test_seams_cost_what_each_side_shows_for_whole_masks() -> None:
    generator = torch.Generator().manual_seed(3)
    n, image = 2, torch.randn(2, 1, 16, 16, generator=generator)
    partner, share = torch.tensor([1, 0]), torch.full((2,), 0.5)
    saliency = torch.full((2, n, n), 1 / n**2)
    energy = puzzle_mix.build_energy(saliency, image, partner, share, n)
    # The upper row of cells shows image 0, the lower row image 1.
    z = torch.tensor([[0.0, 0.0], [1.0, 1.0]]).expand(2, 2, 2)
    upper, lower = image[0, 0] * 0.25, image[1, 0] * 0.25

    def across(above: Tensor, below: Tensor) -> float:
        return float((above[4:8].mean(0) - below[8:12].mean(0)).abs().view(2, 8).mean(1).sum())

    def beside(left: Tensor) -> Tensor:
        return (left[:, 4:8].mean(1) - left[:, 8:12].mean(1)).abs()

    beta, gamma, prior = 1.2 / 16 / n, 0.5, -0.2 / n**2 * 4 * np.log(0.25)
    seams = across(upper, lower) + beside(upper)[:8].mean() + beside(lower)[8:].mean()
    same = across(upper, upper) + beside(upper).view(2, 8).mean(1).sum()
    flat = 1.0 + prior
    changed = float(_value(energy, z)[0] - _value(energy, torch.zeros(2, 2, 2))[0])
    assert float(_value(energy, torch.zeros(2, 2, 2))[0]) == pytest.approx(flat, rel=1e-5)
    assert changed == pytest.approx(float(2 * beta + beta * gamma * (seams - same)), abs=1e-5)


def test_pair_weights_are_never_negative_and_cells_are_convex() -> None:
    energy = _energy(12, 16, 5)
    assert (energy.down >= 0).all()
    assert (energy.right >= 0).all()
    low, middle, high = energy.unary
    assert (low + high - 2 * middle > -1e-6).all()


def test_masks_take_three_values_and_follow_the_share() -> None:
    flat, partner = torch.zeros(2, 1, 64, 64), torch.tensor([1, 0])
    saliency = torch.full((2, 8, 8), 1 / 64)
    means = []
    for lam in (0.001, 0.5, 0.999):
        share = torch.full((2,), lam)
        z = puzzle_mix.solve(puzzle_mix.build_energy(saliency, flat, partner, share, 8))
        assert set(z.unique().tolist()) <= {0, 0.5, 1}
        means.append(z.mean().item())
    assert means == pytest.approx([0, 0.5, 1])


def test_samples_of_a_batch_are_solved_independently() -> None:
    energy = _energy(6, 8, 7)
    one = Energy(energy.unary[:, 2:3], energy.down[2:3], energy.right[2:3])
    assert torch.equal(puzzle_mix.solve(energy)[2:3], puzzle_mix.solve(one))


@pytest.mark.parametrize("shape", [(96, 96), (212, 212), (53, 40)])
@pytest.mark.parametrize("n", puzzle_mix.GRIDS)
def test_pool_and_spread_agree_on_any_size(shape: tuple[int, int], n: int) -> None:
    mask = torch.rand(2, n, n, generator=torch.Generator().manual_seed(0)) + 0.1
    pixels = puzzle_mix.spread(mask, *shape)
    assert pixels.shape == (2, *shape)
    expected = mask / mask.sum((1, 2), keepdim=True)
    torch.testing.assert_close(puzzle_mix.pool(pixels, n), expected)


def test_zero_saliency_becomes_uniform() -> None:
    cells = puzzle_mix.pool(torch.zeros(2, 32, 32), 4)
    assert torch.equal(cells, torch.full((2, 4, 4), 1 / 16))


def test_shares_follow_beta_of_one_half() -> None:
    generator = torch.Generator().manual_seed(0)
    share = puzzle_mix.draw_share(200_000, generator, torch.device("cpu"))
    assert share.mean().item() == pytest.approx(0.5, abs=0.01)
    assert share.var().item() == pytest.approx(1 / 8, abs=0.002)
    assert (share < 0.1).float().mean().item() == pytest.approx(0.2048, abs=0.005)


def test_every_grid_is_drawn_and_the_seed_decides() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = [puzzle_mix.draw_grid(generator) for _ in range(50)]
    assert set(drawn) == {2, 4, 8, 16}
    assert drawn == [puzzle_mix.draw_grid(generator.manual_seed(0)), *drawn[1:]]
