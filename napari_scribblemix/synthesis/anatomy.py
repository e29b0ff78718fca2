"""Label maps: hearts cut across, from above the base to below the apex, at any phase.

Puts the tissues of the heart over those of the chest: fat, right ventricle, myocardium with scar,
cavity with papillary muscles, and over the base the atrium and the aorta's root.  Surfaces come
from ``ventricles``, the chest from ``thorax``; how tissues look is in ``appearance``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_scribblemix.synthesis.hearts import HeartParameters
from napari_scribblemix.synthesis.noise_fields import NoiseFields, enlarge, noise_fields
from napari_scribblemix.synthesis.thorax import draw_surroundings
from napari_scribblemix.synthesis.tissues import LV_RIM, RIM_DEPTHS, RV_RIM, Tissue, fill
from napari_scribblemix.synthesis.ventricles import (
    Frame,
    LeftVentricle,
    body_coordinates,
    distance_to,
    heart_frame,
    left_ventricle,
    right_ventricle,
)

_TOP = -0.45
"""The level up to which vessels over the valves are drawn."""

_PACKED = (0.45, 0.5, 0.3, 0.0)
"""How much deeper each layer of a rim ends at end-systole, in widths of the rim."""


def label_maps(
    hearts: HeartParameters,
    z_levels: Tensor,
    size: tuple[int, int],
    spacing_mm: float,
    phase: float | Tensor = 0.0,
    *,
    supersampling: int = 1,
) -> Tensor:
    """Tissue of each point: (B, Z, s H, s W) uint8 of ``Tissue``, s = ``supersampling``.

    ``z_levels`` (B, Z): 0 at the end-diastolic base, 1 at the apex; beyond both is drawn too.
    ``size`` (H, W) and ``spacing_mm`` are those of the image.  ``phase`` 0 end-diastole to 1
    end-systole, one number or (B,): the cavity shrinks, the wall thickens by keeping its volume,
    the base moves towards the apex.
    """
    levels = z_levels[:, :, None, None]
    if isinstance(phase, Tensor):
        phase = phase[:, None, None, None]
    noise = noise_fields(hearts, levels, size, spacing_mm)
    # The surroundings are drawn at the image's own resolution: a third of the time saved, and only
    # the heart needs true partial volume.
    body_x, body_y = body_coordinates(hearts, size, spacing_mm)
    tissues = draw_surroundings(hearts, body_x, body_y, levels, noise)
    if supersampling > 1:
        fine = (size[0] * supersampling, size[1] * supersampling)
        tissues, noise = enlarge(tissues, supersampling), noise.enlarged(supersampling)
        body_x, body_y = body_coordinates(hearts, fine, spacing_mm / supersampling)
    shortening = hearts["shortening"] * phase
    level = (levels - shortening) / (1.0 - shortening)
    frame = heart_frame(hearts, body_x, body_y, level)
    left = left_ventricle(hearts, frame, level, shortening, phase)
    right = right_ventricle(hearts, frame, left, level, phase)
    _draw_right(tissues, hearts, frame, left, right, level, phase, noise)
    _draw_left(tissues, hearts, frame, left, level, phase, noise)
    return tissues


def _draw_rim(
    tissues: Tensor,
    cavity: Tensor,
    depth: Tensor,
    width: Tensor,
    layers: tuple[Tissue, ...],
    noise: NoiseFields,
    phase: float | Tensor,
) -> None:
    """Trabeculae and partial volume at the edge of a cavity, ``depth`` mm from its wall.

    Experts count them into the cavity, so the eye's border lies inside of the label's.  At
    end-systole trabeculae lie side by side: the layers next to the wall, nearly muscle, get wider.
    """
    rough = (1.0 + 0.3 * noise.middle + 0.2 * noise.fine).clamp_min(0.15)
    share = depth / (width * rough)
    for tissue, end, packed in zip(
        reversed(layers), reversed(RIM_DEPTHS), reversed(_PACKED), strict=True
    ):
        fill(tissues, cavity & (share < end + packed * phase), tissue)


def _draw_right(
    tissues: Tensor,
    hearts: HeartParameters,
    frame: Frame,
    left: LeftVentricle,
    right: Tensor,
    level: Tensor,
    phase: float | Tensor,
    noise: NoiseFields,
) -> None:
    """Fat and pericardium round both ventricles, then the right ventricle and its wall."""
    envelope = torch.maximum(left.epi - frame.rho, right + hearts["rv_wall"])
    envelope = torch.where((level < 1.08) & (level > -0.35), envelope, -1e3)
    edge = (hearts["edge"] + hearts["edge_rough"] * noise.b).clamp_min(0.0)
    fat = (
        hearts["fat_side"]
        + (hearts["fat_front"] - hearts["fat_side"]) * frame.cos.clamp_min(0.0)
        + hearts["fat_rough"] * noise.a
    )
    around = (envelope <= 0) & (envelope > -edge - fat.clamp_min(0.0) - 1.2)
    fill(tissues, around, Tissue.PERICARDIUM)
    fill(tissues, around & (envelope > -edge - fat), Tissue.PERICARDIAL_FAT)
    fill(tissues, around & (envelope > -edge), Tissue.EDGE_OUTER)
    fill(tissues, around & (envelope > -0.5 * edge), Tissue.EDGE_INNER)
    # The tricuspid valve goes further towards the apex than the mitral one.
    base = hearts["rv_base"] + (0.05 + 0.6 * hearts["rv_contraction"]) * phase
    above = level < base
    fill(tissues, right > -hearts["rv_wall"], Tissue.RV_WALL)
    blood = right > 0
    fill(tissues, blood & ~above, Tissue.RV_BLOOD)
    fill(tissues, blood & above, Tissue.PERICARDIAL_FAT)
    _draw_above_right_base(tissues, hearts, frame, left, above & (level > _TOP))
    wall = torch.minimum(right, frame.rho - left.epi)
    width = hearts["rv_rim"] * (1.0 + 0.3 * phase)
    _draw_rim(tissues, blood & ~above, wall, width, RV_RIM, noise, phase)
    near_wall = 1.6 - 1.1 * hearts["rv_trabeculae"] - 0.5 * level + 0.06 * right
    bands = torch.sin(right * (1.0 + 0.25 * hearts["rv_trabeculae"]) + 4.0 * noise.middle)
    many = 1.5 - 0.7 * hearts["rv_trabeculae"] - 0.5 * level.clamp(0.0, 1.0)
    streaks = (bands > many) & (noise.a > -0.3)
    fill(tissues, blood & ~above & ((noise.fine > near_wall) | streaks), Tissue.RV_TRABECULA)


def _draw_left(
    tissues: Tensor,
    hearts: HeartParameters,
    frame: Frame,
    left: LeftVentricle,
    level: Tensor,
    phase: float | Tensor,
    noise: NoiseFields,
) -> None:
    """Myocardium with scar, cavity with papillary muscles; above the base, atrium and aorta."""
    below = level >= 0.0
    muscle = (frame.rho < left.epi) & below
    cavity = (frame.rho < left.endo) & below
    fill(tissues, muscle, Tissue.MYOCARDIUM)
    depth = (frame.rho - left.endo) / (left.epi - left.endo).clamp_min(1.0)
    reach = _scar(hearts, frame, level)
    scar = (torch.add(reach, noise.middle, alpha=0.3) > depth) & muscle
    fill(tissues, scar, Tissue.SCAR)
    core = scar & (reach * hearts["obstruction"] - 0.2 > (depth - 0.4).abs())
    fill(tissues, core, Tissue.OBSTRUCTION)
    fill(tissues, cavity, Tissue.LV_BLOOD)
    # Trabeculae come together as the cavity gets smaller, and there are more towards the apex.
    width = hearts["lv_rim"] * (1.0 + 1.2 * phase) * (0.8 + 0.6 * level.clamp(0.0, 1.0))
    width = torch.minimum(width, 0.28 * left.mean_endo + 0.05)
    _draw_rim(tissues, cavity, left.endo - frame.rho, width, LV_RIM, noise, phase)
    fill(tissues, _papillary(hearts, frame, left, level, phase, noise) & cavity, Tissue.PAPILLARY)
    _draw_above_base(tissues, frame, left, level)


def _scar(hearts: HeartParameters, frame: Frame, level: Tensor) -> Tensor:
    """How deep the scar reaches from the cavity, in wall thicknesses; below 0 there is none."""

    def patch(angle: Tensor, width: Tensor, depth: Tensor) -> Tensor:
        steep = depth / (1.0 - torch.cos(width))  # depth falls with 1 - cos of the angle away
        towards = frame.cos * (steep * torch.cos(angle)) + frame.sin * (steep * torch.sin(angle))
        return towards + (depth - steep)

    lift = ((level - hearts["scar_level"]) / hearts["scar_height"]) ** 2
    first = patch(hearts["scar_angle"], hearts["scar_width"], hearts["scar_depth"])
    size = hearts["scar2_size"]
    second = patch(hearts["scar2_angle"], 0.15 + size.clamp_min(0.0), size.clamp_min(0.0))
    return torch.maximum(first - (lift + 0.25), second - 0.25)


def _papillary(
    hearts: HeartParameters,
    frame: Frame,
    left: LeftVentricle,
    level: Tensor,
    phase: float | Tensor,
    noise: NoiseFields,
) -> Tensor:
    """Two papillary muscles in the middle third and trabeculae near the wall towards the apex."""
    reach = (1.0 - ((level - 0.5) / 0.34) ** 2).clamp_min(0.0).sqrt()
    # Muscles keep their own size while the cavity round them shrinks.
    radius = 0.3 * left.mean_endo + 0.7 * hearts["endo_radius"]
    size = hearts["papillary_size"] * radius * (1.0 + 0.15 * phase) * reach
    size = torch.minimum(size, 0.42 * left.mean_endo)
    where = hearts["papillary_depth"] * left.mean_endo
    stretch = hearts["papillary_shape"].sqrt()
    border = (left.endo - frame.rho) / (
        0.1 * left.mean_endo + 1.0 + 3.0 * hearts["trabeculae"] * level.clamp(0.0, 1.0)
    )
    found = noise.fine > 1.3 * border + (0.85 - 0.8 * hearts["trabeculae"])
    for name, share in (("papillary_front", 1.0), ("papillary_back", 0.8)):
        cos, sin = torch.cos(hearts[name]), torch.sin(hearts[name])
        radial = frame.to_rv * (cos * stretch) + frame.to_front * (sin * stretch) - where * stretch
        across = frame.to_front * (cos / stretch) - frame.to_rv * (sin / stretch)
        found |= radial.square_().addcmul_(across, across) < (share * size) ** 2
    return found


def _draw_above_right_base(
    tissues: Tensor,
    hearts: HeartParameters,
    frame: Frame,
    left: LeftVentricle,
    above: Tensor,
) -> None:
    """Over the tricuspid valve: right atrium behind, outflow in front, the groove's fat between.

    Blood as bright as the ventricle's, and none of it belongs to the ventricle.
    """
    radius = left.mean_epi

    def disc(angle: Tensor, size: Tensor) -> Tensor:
        away = radius + size + 1.5
        return size - distance_to(frame, away * torch.cos(angle), away * torch.sin(angle))

    behind = 0.45 * hearts["rv_margin"] - 0.45
    atrium = disc(behind, radius * (0.38 + 0.22 * hearts["rv_reach"]).clamp_max(0.95))
    outflow = disc(hearts["rv_front"] - 0.1, radius * (0.34 + 0.14 * hearts["rv_outflow"]))
    blood = torch.maximum(atrium, outflow)
    here = above & (frame.rho > left.epi)
    fill(tissues, here & (blood > -hearts["rv_wall"]), Tissue.RV_WALL)
    fill(tissues, here & (blood > 0), Tissue.GREAT_VESSEL)


def _draw_above_base(tissues: Tensor, frame: Frame, left: LeftVentricle, level: Tensor) -> None:
    """Over the valve plane: the left atrium and, nearer the septum, the root of the aorta."""
    above = (level < 0.0) & (level > _TOP)
    radius = left.mean_epi
    atrium = 0.82 * radius - distance_to(frame, -0.23 * radius, -0.2 * radius)
    aorta = 0.45 * radius - distance_to(frame, 0.45 * radius, 0.25 * radius)
    fill(tissues, above & (atrium > -2.5), Tissue.RV_WALL)
    fill(tissues, above & (atrium > 0), Tissue.GREAT_VESSEL)
    fill(tissues, above & (aorta > -2.0), Tissue.RV_WALL)
    fill(tissues, above & (aorta > 0), Tissue.GREAT_VESSEL)
