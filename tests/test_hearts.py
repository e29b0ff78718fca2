import pytest
import torch

from napari_scribblemix.synthesis.hearts import DISEASES, RANGES, draw_hearts


def test_every_parameter_lies_in_its_range_or_that_of_a_disease() -> None:
    hearts = draw_hearts(200, torch.Generator().manual_seed(0))
    for name, limits in RANGES.items():
        values = hearts[name]
        ends = [*limits, *(end for _, ill in DISEASES.values() for end in ill.get(name, ()))]
        assert values.shape == (200, 1, 1, 1)
        assert min(ends) <= float(values.min()) < float(values.max()) <= max(ends), name


def test_each_disease_has_its_share_of_the_hearts_and_changes_what_it_says() -> None:
    hearts = draw_hearts(4000, torch.Generator().manual_seed(0))
    wall, radius = hearts["wall"].flatten(), hearts["endo_radius"].flatten()
    thick = wall > RANGES["wall"][1]
    share, _ = DISEASES["thick walls, slit cavity"]
    assert 0.5 * share < float(thick.float().mean()) < share
    assert float(radius[thick].max()) < 20.0, "thick walls leave a slit"
    dilated = radius > RANGES["endo_radius"][1]
    assert float(hearts["contraction"].flatten()[dilated].max()) < 0.2
    reach = hearts["rv_reach"].flatten()
    low, high = RANGES["rv_reach"]
    assert bool((reach < low).any())
    assert bool((reach > high).any())


def test_the_same_seed_draws_the_same_hearts_bit_for_bit() -> None:
    first, second = (draw_hearts(5, torch.Generator().manual_seed(3), depth=4) for _ in range(2))
    other = draw_hearts(5, torch.Generator().manual_seed(4), depth=4)
    assert torch.equal(first.table, second.table)
    assert all(torch.equal(a, b) for a, b in zip(first.noise, second.noise, strict=True))
    assert not torch.equal(first.table, other.table)


def test_a_radiological_view_is_neither_mirrored_nor_turned_far() -> None:
    standard = draw_hearts(100, torch.Generator().manual_seed(0), view="radiological")
    anyhow = draw_hearts(100, torch.Generator().manual_seed(0), view="any")
    assert bool((standard.flip == 1).all())
    assert float(standard.turn.abs().max()) < 0.2
    assert set(anyhow.flip.tolist()) == {-1.0, 1.0}
    assert float(anyhow.turn.abs().max()) > 1.5


def test_values_can_be_set_without_touching_the_original() -> None:
    hearts = draw_hearts(3, torch.Generator().manual_seed(0))
    changed = hearts.with_values(wall=7.0, length=torch.tensor([70.0, 80.0, 90.0]))
    assert changed["wall"].flatten().tolist() == [7.0] * 3
    assert changed["length"].flatten().tolist() == [70.0, 80.0, 90.0]
    assert hearts["wall"].flatten().tolist() != [7.0] * 3


def test_an_unknown_parameter_is_refused() -> None:
    hearts = draw_hearts(1, torch.Generator().manual_seed(0))
    with pytest.raises(KeyError, match="wal"):
        hearts["wal"]
