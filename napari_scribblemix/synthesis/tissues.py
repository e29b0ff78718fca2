"""The tissues of a drawn short-axis slice and the structure each one belongs to.

A tissue map is finer than the labels: papillary muscles look like myocardium but belong to the
cavity, scar looks bright but belongs to the myocardium, as in the ACDC and MSCMRseg masks.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import torch
from torch import Tensor


class Tissue(IntEnum):
    """What a point of the drawn body is made of; the values of a tissue map."""

    AIR = 0
    LUNG = 1
    VESSEL = 2  # small vessels of lung and liver
    FAT = 3  # under the skin and under the diaphragm
    MUSCLE = 4
    BONE = 5
    LIVER = 6
    SPLEEN = 7
    BOWEL = 8  # stomach and bowel: whatever was eaten
    PERICARDIAL_FAT = 9
    PERICARDIUM = 10  # thin dark line, also the chemical-shift edge
    GREAT_VESSEL = 11  # aorta, atria, pulmonary trunk: blood that is background
    RV_WALL = 12
    RV_BLOOD = 13
    RV_TRABECULA = 14
    MYOCARDIUM = 15
    SCAR = 16
    OBSTRUCTION = 17  # dark core of a fresh scar
    LV_BLOOD = 18
    PAPILLARY = 19  # papillary muscles and trabeculae
    # The rim of a cavity, where blood runs between trabeculae: from the wall inwards, less muscle.
    LV_RIM_1 = 20
    LV_RIM_2 = 21
    LV_RIM_3 = 22
    LV_RIM_4 = 23
    RV_RIM_1 = 24
    RV_RIM_2 = 25
    RV_RIM_3 = 26
    RV_RIM_4 = 27
    # What lies on the heart before fat or lung begins: in bSSFP the black line between water and
    # fat, elsewhere a mixture.
    EDGE_INNER = 28
    EDGE_OUTER = 29


LV_RIM = (Tissue.LV_RIM_1, Tissue.LV_RIM_2, Tissue.LV_RIM_3, Tissue.LV_RIM_4)
RV_RIM = (Tissue.RV_RIM_1, Tissue.RV_RIM_2, Tissue.RV_RIM_3, Tissue.RV_RIM_4)
RIM_DEPTHS = (0.35, 0.8, 1.5, 2.6)
"""Where each layer of a rim ends, in widths of the rim from the wall."""

OEDEMA = len(Tissue)
"""Swollen muscle round a fresh scar, in hearts of ``infarction`` alone.

No member of ``Tissue``: one number is drawn for each of those, and all other hearts with them.
"""

BACKGROUND, RIGHT_VENTRICLE, MYOCARDIUM_LABEL, LEFT_VENTRICLE = 0, 1, 2, 3
OEDEMA_LABEL, SCAR_LABEL = 4, 5

_STRUCTURE: dict[int, int] = {
    Tissue.RV_BLOOD: RIGHT_VENTRICLE,
    Tissue.RV_TRABECULA: RIGHT_VENTRICLE,
    Tissue.MYOCARDIUM: MYOCARDIUM_LABEL,
    Tissue.SCAR: MYOCARDIUM_LABEL,
    Tissue.OBSTRUCTION: MYOCARDIUM_LABEL,
    Tissue.LV_BLOOD: LEFT_VENTRICLE,
    Tissue.PAPILLARY: LEFT_VENTRICLE,
    **dict.fromkeys(LV_RIM, LEFT_VENTRICLE),
    **dict.fromkeys(RV_RIM, RIGHT_VENTRICLE),
}


_INJURY: dict[int, int] = {
    OEDEMA: OEDEMA_LABEL,
    Tissue.SCAR: SCAR_LABEL,
    Tissue.OBSTRUCTION: SCAR_LABEL,
}


def structure_labels(tissues: Tensor, supersampling: int = 1) -> Tensor:
    """Class of each pixel: 0 background, 1 RV, 2 myocardium, 3 LV.

    ``tissues`` is (B, Z, H, W) uint8.  With ``supersampling=2`` each label is the majority of a
    2 x 2 block and the result is (B, Z, H/2, W/2).  Returns uint8.
    """
    return _labels(tissues, supersampling, _STRUCTURE)


def injury_labels(tissues: Tensor, supersampling: int = 1) -> Tensor:
    """As ``structure_labels``, but 4 oedema and 5 scar stand apart from the myocardium (MyoPS)."""
    return _labels(tissues, supersampling, {**_STRUCTURE, **_INJURY})


def _labels(tissues: Tensor, supersampling: int, structures: Mapping[int, int]) -> Tensor:
    table = torch.zeros(OEDEMA + 1, dtype=torch.uint8, device=tissues.device)
    for tissue, structure in structures.items():
        table[int(tissue)] = structure
    labels = table[tissues.long()]
    if supersampling == 1:
        return labels
    if supersampling != 2:
        raise ValueError(f"got supersampling {supersampling}; expected 1 or 2")
    # The majority of four.  In a tie the first quarter's side wins, whatever the classes: giving
    # ties to a fixed class would shrink every structure.
    a, b = labels[..., ::2, ::2], labels[..., ::2, 1::2]
    c, d = labels[..., 1::2, ::2], labels[..., 1::2, 1::2]
    rest = torch.where((b == c) | (b == d), b, torch.where(c == d, c, a))
    return torch.where((a == b) | (a == c) | (a == d), a, rest)


def fill(tissues: Tensor, where: Tensor, tissue: int) -> None:
    """Set ``tissues`` (uint8) in place to ``tissue`` where the bool mask of its shape says so.

    Byte arithmetic: about ten times as fast on a CPU as ``masked_fill_``.
    """
    tissues ^= (tissues ^ int(tissue)) & where.view(torch.uint8).neg()
