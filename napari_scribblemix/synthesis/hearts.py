"""Parameters of drawn hearts: what varies from person to person, and by how much.

Ranges follow measurements on cine and LGE short-axis masks (radii, wall, RV area and contact with
the septum per level) and are wider than those, so that a network sees more than it will meet.
Lengths in mm, angles in radians, the rest without unit.  Drawing only; shapes are in ``anatomy``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

View = Literal["radiological", "any"]

# name: (low, high), uniform.  "bell" names below are the mean of two uniforms: rarer at the ends.
RANGES: dict[str, tuple[float, float]] = {
    # Left ventricle at end-diastole
    "endo_radius": (16.5, 34.5),
    "length": (70.0, 100.0),
    "profile_power": (2.3, 3.3),
    "profile_root": (0.42, 0.56),
    "wall": (3.8, 13.5),
    "wall_taper": (0.15, 0.4),
    "wall_cos1": (-0.15, 0.25),
    "wall_sin1": (-0.15, 0.15),
    "wall_cos2": (-0.12, 0.12),
    "wall_sin2": (-0.12, 0.12),
    "oval_cos2": (-0.07, 0.05),
    "oval_sin2": (-0.06, 0.06),
    "oval_cos3": (-0.035, 0.035),
    "oval_sin3": (-0.035, 0.035),
    # Contraction (how much of each is gone at end-systole)
    "contraction": (0.06, 0.4),
    "shortening": (0.05, 0.19),
    "thickening": (0.95, 1.15),
    "rv_contraction": (0.05, 0.3),
    # Papillary muscles and trabeculae
    "papillary_size": (0.1, 0.31),
    "papillary_depth": (0.62, 0.92),
    "papillary_front": (1.9, 2.5),
    "papillary_back": (-2.6, -1.9),
    "papillary_shape": (0.6, 1.1),
    "trabeculae": (0.0, 1.0),
    "lv_rim": (0.6, 3.2),  # width scale of the trabeculated rim at end-diastole, mm
    "rv_rim": (0.9, 4.5),
    # Right ventricle
    "rv_reach": (0.6, 2.2),  # free wall beyond the epicardium, in epicardial radii, at the base
    "rv_end": (0.66, 1.35),  # level where it ends; in LGE masks it may reach the apex
    "rv_power": (1.8, 3.6),
    "rv_front": (0.92, 1.22),  # insertion angles, from the middle of the septum
    "rv_back": (0.9, 1.2),
    "rv_margin": (-0.5, 0.1),  # direction of the acute margin
    "rv_bulge_front": (0.13, 0.3),  # sagitta over chord of the two walls
    "rv_bulge_back": (0.06, 0.2),
    "rv_round": (3.0, 14.0),
    "rv_outflow": (0.0, 1.0),
    "rv_base": (-0.07, 0.05),  # where the atrium begins, of the LV's level at end-diastole
    "rv_wall": (1.2, 3.4),
    "rv_trabeculae": (0.0, 1.0),
    # Scar: two patches; a size below 0 is none
    "scar_angle": (-3.1416, 3.1416),
    "scar_width": (0.25, 1.7),
    "scar_level": (0.1, 0.9),
    "scar_height": (0.2, 0.6),
    "scar_depth": (0.3, 2.0),
    "scar2_angle": (-3.1416, 3.1416),
    "scar2_size": (-0.6, 0.9),
    "obstruction": (-1.0, 0.6),
    # Round the heart: the line before fat or lung begins, and the fat
    "edge": (0.0, 2.6),
    "edge_rough": (0.0, 0.8),
    "fat_front": (-5.0, 8.0),
    "fat_side": (-4.0, 4.0),
    "fat_rough": (0.5, 3.0),
    # Pose.  The body frame has x to the image's right, y down, origin at the heart
    "rv_angle": (2.35, 3.25),
    "tilt_x": (-10.0, 14.0),
    "tilt_y": (-6.0, 14.0),
    # Surroundings
    "chest_angle": (2.9, 4.4),
    "chest_gap": (-12.0, 10.0),
    "chest_nearer": (5.0, 32.0),
    "chest_radius": (95.0, 170.0),
    "chest_muscle": (5.0, 22.0),
    "chest_fat": (4.0, 34.0),
    "ribs": (0.0, 1.0),
    "diaphragm": (-8.0, 16.0),
    "diaphragm_rise": (0.0, 26.0),
    "diaphragm_slope": (-0.45, 0.3),
    "diaphragm_bend": (-0.1, 0.45),
    "liver_edge": (-30.0, 45.0),
    "organ_x": (15.0, 65.0),
    "organ_y": (18.0, 60.0),
    "organ_size": (12.0, 34.0),
    "aorta_x": (0.0, 45.0),
    "aorta_y": (8.0, 34.0),
    "aorta_size": (8.0, 14.0),
    "aorta_level": (0.1, 1.2),
    "lung_vessels": (0.0, 0.8),
    "mediastinum": (0.0, 1.0),
    "clutter": (0.0, 1.0),
}
# Share of the hearts, and what is other in them, from hardly to most ill; beyond ``RANGES``.
DISEASES: dict[str, tuple[float, dict[str, tuple[float, float]]]] = {
    "thick walls, slit cavity": (
        0.08, {"wall": (9.0, 25.0), "endo_radius": (23.0, 10.0), "contraction": (0.25, 0.6)}
    ),
    "dilated left ventricle": (
        0.10, {"endo_radius": (28.0, 42.0), "contraction": (0.22, 0.02), "shortening": (0.1, 0.02)}
    ),
    "dilated right ventricle": (0.14, {"rv_reach": (1.9, 3.2), "rv_contraction": (0.2, 0.0)}),
    "small right ventricle": (0.06, {"rv_reach": (0.8, 0.3)}),
}  # fmt: skip
_BELL = frozenset({"endo_radius", "rv_reach", "rv_front", "rv_back", "rv_angle", "chest_gap"})
_COLUMN = {name: index for index, name in enumerate(RANGES)}

NOISE_DOMAIN = 384.0  # mm covered by the noise grids
NOISE_CELLS = (16.0, 8.0, 4.0)  # mm a cell of the coarse, middle and fine grid
NOISE_CHANNELS = (3, 1, 1)


@dataclass(frozen=True)
class HeartParameters:
    """B hearts: one column of ``table`` per name of ``RANGES``, plus smooth noise in space.

    ``table`` (B, N); ``turn`` (B,) rotation of the whole body in the image; ``flip`` (B,) +1, or -1
    for images seen from the other side; ``shift`` (B, 2) mm (y, x) of the LV from the image centre;
    ``noise``: grids (B, C, D, n, n) of 16, 8 and 4 mm cells, D levels from above base to apex.
    """

    table: Tensor
    turn: Tensor
    flip: Tensor
    shift: Tensor
    noise: tuple[Tensor, ...]

    def __len__(self) -> int:
        return int(self.table.shape[0])

    def __getitem__(self, name: str) -> Tensor:
        """The named parameter as (B, 1, 1, 1), ready to meet (B, Z, H, W)."""
        return self.table[:, _COLUMN[name], None, None, None]

    def with_values(self, **values: float | Tensor) -> HeartParameters:
        """A copy with some parameters set; a value is one number or (B,)."""
        table = self.table.clone()
        for name, value in values.items():
            table[:, _COLUMN[name]] = value
        return replace(self, table=table)


def _with_disease(table: Tensor, generator: torch.Generator) -> Tensor:
    """``table`` (B, N) where a share of the hearts has one of ``DISEASES``."""
    which, how_far = torch.rand((2, len(table)), generator=generator, device=table.device)
    table, start = table.clone(), 0.0
    for share, changes in DISEASES.values():
        ill = (which >= start) & (which < start + share)
        for name, (low, high) in changes.items():
            column = table[:, _COLUMN[name]]
            table[:, _COLUMN[name]] = torch.where(ill, low + how_far * (high - low), column)
        start += share
    return table


def draw_hearts(
    count: int,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    *,
    view: View = "any",
    depth: int = 1,
    max_shift: tuple[float, float] = (20.0, 25.0),
) -> HeartParameters:
    """Draw ``count`` hearts.

    ``view="radiological"`` keeps the right ventricle to the image's left as on most scanners;
    ``"any"`` also turns and mirrors.  ``depth`` levels of noise along the long axis: 1 where each
    heart gives one slice (cheap), more for volumes.  ``max_shift`` (y, x) in mm.
    """
    names = list(RANGES)
    low = torch.tensor([RANGES[name][0] for name in names], device=device)
    high = torch.tensor([RANGES[name][1] for name in names], device=device)
    bell = torch.tensor([name in _BELL for name in names], device=device)
    draws = torch.rand((2, count, len(names)), generator=generator, device=device)
    unit = torch.where(bell, draws.mean(dim=0), draws[0])
    table = _with_disease(low + unit * (high - low), generator)
    pose = torch.rand((4, count), generator=generator, device=device) * 2.0 - 1.0
    if view == "radiological":
        turn, flip = 0.15 * pose[0], torch.ones_like(pose[1])
    else:
        turn = 3.14159 * pose[0] * pose[0].abs()  # upright more often than not
        flip = torch.where(pose[1] >= 0, 1.0, -1.0)
    shift = torch.stack([max_shift[0] * pose[2], max_shift[1] * pose[3]], dim=1)
    noise = tuple(
        torch.randn(
            (count, channels, depth, round(NOISE_DOMAIN / cell), round(NOISE_DOMAIN / cell)),
            generator=generator,
            device=device,
        )
        for cell, channels in zip(NOISE_CELLS, NOISE_CHANNELS, strict=True)
    )
    return HeartParameters(table, turn, flip, shift, noise)
