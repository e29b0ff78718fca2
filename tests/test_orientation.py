"""Which way up a volume lies: found by a model that knows hearts the right way up only."""

from collections.abc import Callable, Sequence

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


def found_turn(slices: Tensor, likely: Sequence[Turn] = ()) -> Turn:
    return find_turn(corner_lover, slices, lambda: slices[:1], likely)[0]


def test_an_upright_volume_stays_as_it_is() -> None:
    assert found_turn(block(slice(4, 13), slice(4, 13))) == AS_STORED


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_a_turned_volume_is_turned_back_to_where_the_model_is_sure(turn: Turn) -> None:
    stored = turn.apply(block(slice(4, 13), slice(4, 16)))
    found = found_turn(stored)
    assert confidence(corner_lover(found.apply(stored))) > 0.95


def test_in_doubt_the_stored_way_up_is_kept() -> None:
    levels = iter([0.8] + [0.8 + 0.5 * CLEARLY] * 9)

    def hardly_surer(slices: Tensor) -> Tensor:
        level = next(levels)
        probability = torch.full((1, 2, 8, 8), level)
        probability[:, 0] = 1 - level
        return probability

    stack = torch.zeros(1, 1, 8, 8)
    turn, probability = find_turn(hardly_surer, stack, lambda: stack)
    assert turn == AS_STORED
    assert probability.max() == pytest.approx(0.8)


def test_a_structure_that_is_found_nowhere_costs_confidence() -> None:
    probability = torch.zeros(1, 3, 8, 8)
    probability[:, 1] = 1.0
    assert confidence(probability) == 0.5


def by_level(levels: dict[Turn, float], looks: list[tuple[Turn, int]]) -> Callable[..., Tensor]:
    """As sure of each way up of an image with a mark in a corner as ``levels`` say, else 0.5."""
    marked = torch.arange(6.0).view(2, 3)

    def predict(slices: Tensor) -> Tensor:
        turn = next(t for t in TURNS if torch.equal(t.apply(marked), slices[0, 0]))
        looks.append((turn, len(slices)))
        level = levels.get(turn, 0.5)
        probability = torch.full((len(slices), 2, *slices.shape[-2:]), level)
        probability[:, 0] = 1 - level
        return probability

    return predict


def search(
    levels: dict[Turn, float], likely: Sequence[Turn] = ()
) -> tuple[Turn, list[tuple[Turn, int]]]:
    looks: list[tuple[Turn, int]] = []
    stack = torch.arange(6.0).view(1, 1, 2, 3).expand(9, 1, 2, 3)
    turn, _ = find_turn(by_level(levels, looks), stack, lambda: stack[:3], likely)
    return turn, looks


FLIPPED, LYING = Turn(2, mirrored=True), Turn(1)


def test_where_the_stored_way_is_sure_nothing_else_is_looked_at() -> None:
    assert search({AS_STORED: 0.96, FLIPPED: 0.99}) == (AS_STORED, [(AS_STORED, 9)])


def test_in_doubt_all_are_glanced_at_and_two_looked_at_in_full() -> None:
    turn, looks = search({AS_STORED: 0.9, FLIPPED: 0.99, LYING: 0.97})
    assert turn == FLIPPED
    assert [n for _, n in looks] == [9] + [3] * 7 + [9] * 2
    assert {t for t, n in looks if n == 9} == {AS_STORED, FLIPPED, LYING}


def test_the_headers_way_is_taken_where_it_is_sure_though_the_stored_one_were_too() -> None:
    assert search({AS_STORED: 0.99, FLIPPED: 0.96}, [FLIPPED]) == (FLIPPED, [(FLIPPED, 9)])


def test_the_header_is_given_up_only_for_a_much_surer_way() -> None:
    assert search({AS_STORED: 0.94, FLIPPED: 0.9}, [FLIPPED])[0] == FLIPPED
    assert search({AS_STORED: 0.97, FLIPPED: 0.9}, [FLIPPED])[0] == AS_STORED


def test_of_two_ways_by_the_header_the_first_is_taken_unless_the_second_is_clearly_surer() -> None:
    assert search({AS_STORED: 0.93, LYING: 0.94}, [AS_STORED, LYING])[0] == AS_STORED
    turn, looks = search({AS_STORED: 0.91, LYING: 0.96}, [AS_STORED, LYING])
    assert (turn, len(looks)) == (LYING, 2)
