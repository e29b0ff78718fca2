"""What surrounds a drawn heart: chest wall, lung, diaphragm, liver, spleen, bowel, aorta.

In the body frame (x to the image's right, y down, origin at the left ventricle) of a standard
short-axis view: chest wall to the left and above, lung to the right and above, the diaphragm and
the organs under it below.  Rough on purpose: a background to tell the heart from, not an atlas.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_scribblemix.synthesis.hearts import HeartParameters
from napari_scribblemix.synthesis.noise_fields import NoiseFields
from napari_scribblemix.synthesis.tissues import Tissue, fill


def draw_surroundings(
    hearts: HeartParameters,
    x: Tensor,
    y: Tensor,
    levels: Tensor,
    noise: NoiseFields,
) -> Tensor:
    """A tissue map (B, Z, H, W) uint8 without the heart.

    ``x``, ``y`` (B, 1, H, W) body frame in mm, ``levels`` (B, Z, 1, 1).  Organs keep their
    distance by the heart's own size.
    """
    down = levels.clamp(-0.3, 1.2)
    heart_size = hearts["endo_radius"] + hearts["wall"]
    tissues = torch.full(noise.a.shape, Tissue.LUNG, dtype=torch.uint8, device=x.device)
    sparse = 2.9 - 0.9 * hearts["lung_vessels"]
    fill(tissues, noise.fine > sparse, Tissue.VESSEL)
    _draw_mediastinum(tissues, hearts, x, y, down, heart_size, noise)
    _draw_abdomen(tissues, hearts, x, y, down, heart_size, noise)
    _draw_vessels(tissues, hearts, x, y, levels, heart_size)
    _draw_chest_wall(tissues, hearts, x, y, down, heart_size, noise)
    return tissues


def _draw_mediastinum(
    tissues: Tensor,
    hearts: HeartParameters,
    x: Tensor,
    y: Tensor,
    down: Tensor,
    heart_size: Tensor,
    noise: NoiseFields,
) -> None:
    """Fat and soft tissue round the heart's base, on the side of the right ventricle."""
    wide = heart_size * (1.2 + 0.8 * hearts["mediastinum"]) * (1.0 - 0.5 * down)
    offset_x, offset_y = x + 0.7 * heart_size, y - 0.1 * heart_size
    inside = wide + 3.0 * noise.b - torch.sqrt(offset_x**2 * 0.8 + offset_y**2 * 1.3)
    fill(tissues, inside > 0, Tissue.PERICARDIAL_FAT)
    fill(tissues, (inside > 3.0) & (noise.c > 0.5), Tissue.MUSCLE)


def _draw_abdomen(
    tissues: Tensor,
    hearts: HeartParameters,
    x: Tensor,
    y: Tensor,
    down: Tensor,
    heart_size: Tensor,
    noise: NoiseFields,
) -> None:
    """The diaphragm, rising towards the apex, with liver, fat, spleen and bowel under it."""
    along = x * 0.01
    surface = (
        heart_size
        + hearts["diaphragm"]
        - hearts["diaphragm_rise"] * down
        + hearts["diaphragm_slope"] * x
        + 100.0 * hearts["diaphragm_bend"] * along * along
        + 1.5 * noise.c
    )
    below = y - surface
    fill(tissues, below > -2.0, Tissue.MUSCLE)
    inside = below > 0
    fill(tissues, inside, Tissue.LIVER)
    beside = x - hearts["liver_edge"] + 6.0 * noise.b + 0.3 * below
    fill(tissues, inside & (beside > 0), Tissue.FAT)
    fill(tissues, inside & (beside > 4.0) & (noise.a > 0.1), Tissue.BOWEL)
    fill(tissues, inside & (beside > 4.0) & (noise.c > 0.9), Tissue.SPLEEN)
    fill(tissues, inside & (noise.fine > 2.4) & (beside < 0), Tissue.VESSEL)
    middle_y = heart_size + hearts["organ_y"] - 0.5 * hearts["diaphragm_rise"] * down
    size = hearts["organ_size"] * (0.6 + 0.6 * down).clamp_min(0.2)
    organ = size - torch.sqrt((x - hearts["organ_x"]) ** 2 + 1.7 * (y - middle_y) ** 2)
    organ = organ + 2.5 * noise.b
    fill(tissues, organ > -2.5, Tissue.FAT)
    fill(tissues, organ > 0, Tissue.SPLEEN)
    hollow = (organ > 5.0) & (hearts["clutter"] > 0.5)
    fill(tissues, hollow, Tissue.BOWEL)


def _draw_vessels(
    tissues: Tensor,
    hearts: HeartParameters,
    x: Tensor,
    y: Tensor,
    levels: Tensor,
    heart_size: Tensor,
) -> None:
    """Descending aorta and spine, behind the heart."""
    center_x = hearts["aorta_x"]
    center_y = heart_size + hearts["aorta_y"] + 8.0 * levels
    spine = torch.sqrt((x - center_x - 6.0) ** 2 + (y - center_y - 38.0) ** 2)
    fill(tissues, spine < 24.0, Tissue.MUSCLE)
    fill(tissues, spine < 19.0, Tissue.BONE)
    aorta = torch.sqrt((x - center_x) ** 2 + (y - center_y) ** 2)
    here = levels < hearts["aorta_level"]
    fill(tissues, here & (aorta < hearts["aorta_size"] + 1.5), Tissue.MUSCLE)
    fill(tissues, here & (aorta < hearts["aorta_size"]), Tissue.GREAT_VESSEL)


def _draw_chest_wall(
    tissues: Tensor,
    hearts: HeartParameters,
    x: Tensor,
    y: Tensor,
    down: Tensor,
    heart_size: Tensor,
    noise: NoiseFields,
) -> None:
    """Muscle with ribs, fat, and the air outside, along a large circle on the chest's side."""
    cos, sin = torch.cos(hearts["chest_angle"]), torch.sin(hearts["chest_angle"])
    # The heart reaches furthest on the right ventricle's side: the wall keeps clear of it.
    towards_rv = torch.cos(hearts["chest_angle"] - hearts["rv_angle"]).clamp_min(0.0)
    reach = heart_size * (1.1 + hearts["rv_reach"] * towards_rv)
    inner = reach + hearts["chest_gap"] - hearts["chest_nearer"] * down.clamp_min(0.0)
    radius = hearts["chest_radius"]
    center_x, center_y = cos * (inner - radius), sin * (inner - radius)
    outside = torch.sqrt((x - center_x) ** 2 + (y - center_y) ** 2) - radius + 1.5 * noise.a
    fill(tissues, outside > 0, Tissue.MUSCLE)
    deep = outside > 2.0
    ribs = 1.5 - 0.9 * hearts["ribs"]
    fill(tissues, deep & (noise.b > ribs), Tissue.BONE)
    fill(tissues, deep & (noise.middle > 1.1), Tissue.FAT)
    fill(tissues, outside > hearts["chest_muscle"], Tissue.FAT)
    thick = hearts["chest_muscle"] + hearts["chest_fat"] + 2.0 * noise.b
    fill(tissues, outside > thick, Tissue.MUSCLE)  # the skin
    fill(tissues, outside > thick + 2.0, Tissue.AIR)
