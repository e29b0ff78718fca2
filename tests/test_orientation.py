"""Which way up a volume lies: found by a model that knows hearts the right way up only."""

import pytest
import torch
from torch import Tensor

from napari_scribblemix.inference.orientation import (
    AS_STORED,
    CLEARLY,
    TURNS,
    Turn,
    confidence,
    find_turn,
)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_undo_takes_a_turn_back(turn: Turn) -> None:
    x = torch.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5)
    assert torch.equal(turn.undo(turn.apply(x)), x)
    assert turn.apply(x).shape[-2:] == ((5, 4) if turn.quarters % 2 else (4, 5))


def test_the_eight_ways_up_are_different() -> None:
    x = torch.arange(12).view(3, 4)
    assert len({str(turn.apply(x).tolist()) for turn in TURNS}) == 8
    assert [bool(turn) for turn in TURNS] == [False] + [True] * 7
    assert str(Turn(1, mirrored=True)) == "mirrored and turned by 90 degrees"


def corner_lover(slices: Tensor) -> Tensor:
    """Sure of three structures where the bright block lies in the upper left, else in doubt."""
    bright = slices[:, 0] > 0.5
    height, width = bright.shape[-2:]
    there = bright[:, : height // 2, : width // 2].sum() > 0.6 * bright.sum()
    rows = torch.arange(height)[:, None].expand(height, width) % 3 + 1
    labels = torch.where(bright, rows, 0)
    certain = 0.98 if there else 0.6
    others = (1 - certain) / 3
    return torch.where(
        labels[:, None] == torch.arange(4)[:, None, None], torch.tensor(certain), others
    )


def block(rows: slice, columns: slice) -> Tensor:
    slices = torch.zeros(3, 1, 32, 40)
    slices[:, :, rows, columns] = 1.0
    return slices


def test_an_upright_volume_stays_as_it_is() -> None:
    assert find_turn(corner_lover, block(slice(4, 13), slice(4, 13))) == AS_STORED


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_a_turned_volume_is_turned_back_to_where_the_model_is_sure(turn: Turn) -> None:
    stored = turn.apply(block(slice(4, 13), slice(4, 16)))
    found = find_turn(corner_lover, stored)
    assert confidence(corner_lover(found.apply(stored))) > 0.95


def test_in_doubt_the_stored_way_up_is_kept() -> None:
    levels = iter([0.8] + [0.8 + 0.5 * CLEARLY] * 7)

    def hardly_surer(slices: Tensor) -> Tensor:
        level = next(levels)
        probability = torch.full((1, 2, 8, 8), level)
        probability[:, 0] = 1 - level
        return probability

    assert find_turn(hardly_surer, torch.zeros(1, 1, 8, 8)) == AS_STORED


def test_a_structure_that_is_found_nowhere_costs_confidence() -> None:
    probability = torch.zeros(1, 3, 8, 8)
    probability[:, 1] = 1.0
    assert confidence(probability) == 0.5
