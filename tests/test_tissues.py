import pytest
import torch

from napari_scribblemix.synthesis.tissues import (
    OEDEMA,
    Tissue,
    fill,
    injury_labels,
    structure_labels,
)

MUSCLE, BLOOD, AIR, RIGHT = Tissue.MYOCARDIUM, Tissue.LV_BLOOD, Tissue.AIR, Tissue.RV_BLOOD


def test_papillary_muscles_belong_to_the_cavity_and_scar_to_the_myocardium() -> None:
    order = [Tissue.PAPILLARY, Tissue.SCAR, Tissue.RV_TRABECULA, Tissue.RV_WALL, Tissue.FAT]
    tissues = torch.tensor(order, dtype=torch.uint8)[None, None, None]
    assert structure_labels(tissues).flatten().tolist() == [3, 2, 1, 0, 0]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ((MUSCLE, MUSCLE, MUSCLE, AIR), 2),
        ((AIR, MUSCLE, MUSCLE, MUSCLE), 2),
        ((AIR, MUSCLE, BLOOD, BLOOD), 3),
        ((AIR, BLOOD, MUSCLE, BLOOD), 3),
        ((AIR, BLOOD, MUSCLE, RIGHT), 0),
        ((MUSCLE, MUSCLE, BLOOD, BLOOD), 2),
        ((BLOOD, BLOOD, MUSCLE, MUSCLE), 3),
        ((BLOOD, Tissue.PAPILLARY, MUSCLE, AIR), 3),
    ],
)
def test_a_pixel_takes_the_majority_of_its_quarters(block: tuple[int, ...], expected: int) -> None:
    tissues = torch.tensor(block, dtype=torch.uint8).view(1, 1, 2, 2)
    assert structure_labels(tissues, 2).item() == expected


def test_other_supersampling_is_refused() -> None:
    with pytest.raises(ValueError, match="got supersampling 3"):
        structure_labels(torch.zeros(1, 1, 6, 6, dtype=torch.uint8), 3)


def test_fill_is_masked_fill() -> None:
    generator = torch.Generator().manual_seed(0)
    tissues = torch.randint(0, 20, (2, 3, 9, 7), generator=generator, dtype=torch.uint8)
    where = torch.rand(tissues.shape, generator=generator) > 0.5
    expected = tissues.masked_fill(where, int(Tissue.SCAR))
    fill(tissues, where, Tissue.SCAR)
    assert torch.equal(tissues, expected)


def test_with_an_injury_scar_and_oedema_stand_apart_from_the_muscle() -> None:
    order = [Tissue.MYOCARDIUM, OEDEMA, Tissue.SCAR, Tissue.OBSTRUCTION, Tissue.LV_BLOOD]
    tissues = torch.tensor(order, dtype=torch.uint8)[None, None, None]
    assert injury_labels(tissues).flatten().tolist() == [2, 4, 5, 5, 3]
    assert OEDEMA not in set(Tissue)
