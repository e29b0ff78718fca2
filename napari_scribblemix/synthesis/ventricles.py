"""Where the ventricles' surfaces lie: radii and signed distances in mm on a pixel grid.

The left ventricle is a radius with low harmonics along the long axis; the right one is where two
discs meet that both start at the septum's edges and join at the acute margin, with a bulge for the
outflow tract.  All (B, Z, H, W), no loop over samples, no trigonometry per pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_scribblemix.synthesis.hearts import HeartParameters


@dataclass(frozen=True)
class Frame:
    """Polar coordinates about the LV's axis, 0 towards the septum's middle; all (B, Z, H, W)."""

    rho: Tensor
    cos: Tensor
    sin: Tensor  # positive towards the front (anterior)
    to_rv: Tensor  # rho * cos
    to_front: Tensor  # rho * sin


@dataclass(frozen=True)
class LeftVentricle:
    """Radii along each pixel's ray (B, Z, H, W) and their means (B, Z, 1, 1)."""

    endo: Tensor
    epi: Tensor
    mean_endo: Tensor
    mean_epi: Tensor


def body_coordinates(
    hearts: HeartParameters, size: tuple[int, int], spacing: float
) -> tuple[Tensor, Tensor]:
    """The pixels' x and y in mm in the body frame, each (B, 1, H, W)."""
    device = hearts.table.device
    rows = (torch.arange(size[0], device=device) - (size[0] - 1) / 2) * spacing
    columns = (torch.arange(size[1], device=device) - (size[1] - 1) / 2) * spacing
    y = (rows[None, :, None] - hearts.shift[:, 0, None, None])[:, None]
    x = (columns[None, None, :] - hearts.shift[:, 1, None, None])[:, None]
    y = y * hearts.flip[:, None, None, None]
    cos = torch.cos(hearts.turn)[:, None, None, None]
    sin = torch.sin(hearts.turn)[:, None, None, None]
    return cos * x + sin * y, cos * y - sin * x


def heart_frame(hearts: HeartParameters, x: Tensor, y: Tensor, level: Tensor) -> Frame:
    """Coordinates about the left ventricle's axis, which leans a little from slice to slice."""
    x = x - hearts["tilt_x"] * (level - 0.4)
    y = y - hearts["tilt_y"] * (level - 0.4)
    cos, sin = torch.cos(hearts["rv_angle"]), torch.sin(hearts["rv_angle"])
    to_rv = cos * x + sin * y
    to_front = cos * y - sin * x
    rho = torch.sqrt(to_rv * to_rv + to_front * to_front + 1e-4)
    return Frame(rho, to_rv / rho, to_front / rho, to_rv, to_front)


def left_ventricle(
    hearts: HeartParameters,
    frame: Frame,
    level: Tensor,
    shortening: Tensor,
    phase: float | Tensor,
) -> LeftVentricle:
    """Inner and outer surface of the left ventricle at ``level``, 0 the base at this phase."""
    inside = level.clamp(0.0, 1.0)
    profile = (1.0 - inside ** hearts["profile_power"]).clamp_min(0.0) ** hearts["profile_root"]
    diastole = hearts["endo_radius"] * profile * (1.0 - 0.05 * (1.0 - inside) ** 4)
    wall = hearts["wall"] * (1.0 - hearts["wall_taper"] * inside)
    # The apex empties first: in many hearts nothing is left of its cavity at end-systole.
    emptied = hearts["contraction"] * phase * (1.0 + 0.5 * inside + 0.9 * inside**5)
    endo = diastole * (1.0 - emptied).clamp_min(0.04)
    # Muscle does not vanish: the ring's area grows as the ventricle gets shorter.
    grown = 1.0 + (hearts["thickening"] / (1.0 - shortening) - 1.0) * phase
    area = ((diastole + wall) ** 2 - diastole**2) * grown
    cap = wall / hearts["length"] * (1.2 + 0.8 * phase)
    closing = (1.0 - ((level - 1.0) / cap).clamp(0.0, 1.0) ** 2).sqrt()
    epi = torch.sqrt(endo * endo + area) * closing
    cos2 = 2.0 * frame.cos * frame.cos - 1.0
    sin2 = 2.0 * frame.sin * frame.cos
    shape = (
        1.0
        + hearts["oval_cos2"] * cos2
        + hearts["oval_sin2"] * sin2
        + hearts["oval_cos3"] * (frame.cos * (2.0 * cos2 - 1.0))
        + hearts["oval_sin3"] * (frame.sin * (2.0 * cos2 + 1.0))
    )
    thickness = (
        1.0
        + hearts["wall_cos1"] * frame.cos
        + hearts["wall_sin1"] * frame.sin
        + hearts["wall_cos2"] * cos2
        + hearts["wall_sin2"] * sin2
    )
    endo_here = endo * shape
    return LeftVentricle(endo_here, endo_here + (epi - endo) * thickness, endo, epi)


def right_ventricle(
    hearts: HeartParameters,
    frame: Frame,
    left: LeftVentricle,
    level: Tensor,
    phase: float | Tensor,
) -> Tensor:
    """Signed distance to the right ventricle's free wall, mm, positive inside.

    Part of the inside lies under the left ventricle, whose wall is drawn over it: the septum.
    """
    radius = left.mean_epi
    down = level.clamp_min(0.0)
    fade = 1.0 - (down / hearts["rv_end"]).clamp(0.0, 1.0) ** hearts["rv_power"]
    size = 0.5 * radius + 0.5 * (hearts["endo_radius"] + hearts["wall"])
    reach = hearts["rv_reach"] * size * fade
    reach = reach * (1.0 - hearts["rv_contraction"] * phase * (1.0 + 0.4 * down))
    narrow = 1.0 - 0.2 * down.clamp_max(1.0) ** 2
    front = hearts["rv_front"] * narrow
    back = hearts["rv_back"] * narrow
    margin = hearts["rv_margin"] * (0.4 + 0.6 * fade)
    insert_front = (radius * torch.cos(front), radius * torch.sin(front))
    insert_back = (radius * torch.cos(back), -radius * torch.sin(back))
    tip = ((radius + reach) * torch.cos(margin), (radius + reach) * torch.sin(margin))
    inner = (0.6 * radius, torch.zeros_like(radius))
    # Where little is left the arcs must still pass outside the left ventricle's own curve.
    rounder = 0.1 * (1.0 - fade)
    disc_front = _disc_through(frame, insert_front, tip, hearts["rv_bulge_front"] + rounder, inner)
    disc_back = _disc_through(frame, insert_back, tip, hearts["rv_bulge_back"] + rounder, inner)
    blood = _smooth_minimum(disc_front, disc_back, hearts["rv_round"] * fade)
    # The outflow tract: a bulge over the front insertion, at the base only.
    size = (0.22 + 0.35 * hearts["rv_outflow"]) * radius
    size = size * (1.0 - down / (0.6 + 0.25 * hearts["rv_outflow"])).clamp(0.0, 1.0)
    angle = front - 0.25
    distance = radius + 0.6 * size
    x, y = distance * torch.cos(angle), distance * torch.sin(angle)
    outside = distance_to(frame, x, y) - size
    blood = -_smooth_minimum(-blood, outside, torch.full_like(size, 16.0) * (size > 1.0))
    # Nothing is left of a ventricle thinner than its own trabeculae, or behind the septum's plane.
    blood = torch.minimum(blood, frame.to_rv + 0.15 * radius)
    # The apex is the left ventricle's: under it there is no heart.
    return torch.where((reach > 2.5) & (radius > 4.0), blood, -1e3)


def _disc_through(
    frame: Frame,
    start: tuple[Tensor, Tensor],
    end: tuple[Tensor, Tensor],
    bulge: Tensor,
    inner: tuple[Tensor, Tensor],
) -> Tensor:
    """Signed distance to the disc whose edge runs from start to end, bulging away from inner.

    ``bulge`` is the arc's sagitta over its chord.
    """
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    chord = torch.sqrt(along_x**2 + along_y**2 + 1e-4)
    normal_x, normal_y = -along_y / chord, along_x / chord
    middle_x, middle_y = 0.5 * (start[0] + end[0]), 0.5 * (start[1] + end[1])
    towards = normal_x * (middle_x - inner[0]) + normal_y * (middle_y - inner[1])
    sign = torch.where(towards >= 0, 1.0, -1.0)
    sagitta = bulge * chord
    radius = (0.25 * chord**2 + sagitta**2) / (2.0 * sagitta)
    center_x = middle_x - sign * normal_x * (radius - sagitta)
    center_y = middle_y - sign * normal_y * (radius - sagitta)
    return radius - distance_to(frame, center_x, center_y)


def distance_to(frame: Frame, x: Tensor, y: Tensor) -> Tensor:
    """Distance in mm of each pixel to a point of the heart's frame."""
    across = frame.to_front - y
    return (frame.to_rv - x).square_().addcmul_(across, across).add_(1e-4).sqrt_()


def _smooth_minimum(a: Tensor, b: Tensor, width: Tensor) -> Tensor:
    """Minimum with its corner rounded over about ``width`` mm."""
    corner = (a - b).square_().add_(width * width).sqrt_()
    return (a + b).sub_(corner).mul_(0.5)
