"""Curves as a hand draws them: polar strokes about a centre with a slow wobble.

Points are (y, x) in pixels.  Which stroke goes where is ``scribbler``'s business.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

ANGLES = np.linspace(0.0, 2.0 * np.pi, 360, endpoint=False)

Mask = NDArray[np.bool_]
Curve = NDArray[np.float64]  # points (N, 2), or one value a point (N,)


def loose_arc(
    center: Curve,
    sweep: float,
    spacing: float,
    rng: np.random.Generator,
    radius: float | None = None,
) -> Curve:
    """A part of a circle of ``sweep`` radians, 15-32 mm wide unless a radius (pixels) is given."""
    count = max(20, int(sweep * 60))
    around = rng.uniform(0, 2 * np.pi) + np.linspace(0.0, sweep, count)
    base = rng.uniform(15.0, 32.0) / spacing if radius is None else radius
    return polar(center, base + 2.0 / spacing * wobble(count, rng), around)


def middle(mask: Mask) -> Curve:
    """Centre of mass (2,)."""
    center: Curve = np.argwhere(mask).mean(axis=0)
    return center


def radial_extent(mask: Mask, center: Curve) -> tuple[Curve, Curve]:
    """Nearest and furthest radius (pixels) of the mask along each of 360 rays; 0 where none."""
    radii = np.arange(0.0, float(max(mask.shape)), 0.5)
    rows = center[0] + radii * np.sin(ANGLES)[:, None]
    columns = center[1] + radii * np.cos(ANGLES)[:, None]
    hit = ndimage.map_coordinates(mask.astype(np.uint8), [rows, columns], order=0) > 0
    found = hit.any(axis=1)
    inner = np.where(found, radii[hit.argmax(axis=1)], 0.0)
    outer = np.where(found, radii[len(radii) - 1 - hit[:, ::-1].argmax(axis=1)], 0.0)
    return inner, outer


def longest_run(present: Mask) -> NDArray[np.intp]:
    """Indices of the longest unbroken run of rays, going round."""
    if present.all():
        return np.arange(360)
    start = int(np.flatnonzero(~present)[0])
    order = (start + np.arange(360)) % 360
    pieces, count = ndimage.label(present[order])
    longest = 1 + int(np.argmax(np.bincount(pieces)[1:])) if count else 0
    run: NDArray[np.intp] = order[pieces == longest]
    return run


def polar(center: Curve, radius: Curve, angles: Curve) -> Curve:
    """Points (N, 2) at ``radius`` pixels and ``angles`` from the centre."""
    return np.stack(
        [center[0] + radius * np.sin(angles), center[1] + radius * np.cos(angles)], axis=1
    )


def wobble(count: int, rng: np.random.Generator) -> Curve:
    """A slow random curve of ``count`` points, mostly within -1 to 1: the hand's unsteadiness."""
    phase = np.linspace(0.0, 2 * np.pi * max(count, 1) / 360, count)
    parts = [
        rng.normal(0.0, 0.35) * np.sin(order * phase + rng.uniform(0, 2 * np.pi))
        for order in (1, 2, 3, 5)
    ]
    return np.asarray(np.clip(np.sum(parts, axis=0), -1.3, 1.3))


def inside_image(curve: Curve, shape: tuple[int, ...]) -> Curve:
    """Held back at the image's edge, so that a ring stays closed."""
    return np.clip(curve, 1.0, np.array(shape) - 2.0)
