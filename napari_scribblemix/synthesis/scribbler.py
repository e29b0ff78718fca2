"""Strokes as a person draws them: an arc along the myocardium, a squiggle in each cavity, a ring.

Works on one volume's full labels, slice by slice, in NumPy: strokes are polar curves about a
centre, with the slow wobble of a hand.  Careful strokes stay inside their structure and the
background ring stays clear of the heart; in ``haste`` they are shorter, sloppier, cross borders
now and then, and rings are left open.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.synthesis.hand import (
    ANGLES,
    Curve,
    Mask,
    inside_image,
    longest_run,
    loose_arc,
    middle,
    polar,
    radial_extent,
    wobble,
)
from napari_scribblemix.synthesis.tissues import (
    BACKGROUND,
    LEFT_VENTRICLE,
    MYOCARDIUM_LABEL,
    OEDEMA_LABEL,
    RIGHT_VENTRICLE,
    SCAR_LABEL,
)

Labels = NDArray[np.uint8]

_STRUCTURES = (MYOCARDIUM_LABEL, RIGHT_VENTRICLE, LEFT_VENTRICLE, OEDEMA_LABEL, SCAR_LABEL)
_INJURED = (OEDEMA_LABEL, SCAR_LABEL)


def scribble_volume(
    labels: Labels,
    spacing_mm: float,
    rng: np.random.Generator,
    *,
    haste: bool = False,
    left_out: float = 0.15,
) -> Labels:
    """Scribbles (Z, Y, X) uint8 for full ``labels`` 0-3 or 0-5: class where drawn, 255 elsewhere.

    ``spacing_mm`` is the pixel's side.  ``left_out`` is the share of slices without any stroke,
    never the middle one; slices without a heart get a background stroke only.
    """
    slices = len(labels)
    scribbles = np.full(labels.shape, UNLABELLED, dtype=np.uint8)
    others = np.delete(np.arange(slices), slices // 2)
    skipped = set(rng.choice(others, size=round(left_out * slices), replace=False).tolist())
    hearts = np.argwhere(labels > 0)
    center = hearts[:, 1:].mean(axis=0) if len(hearts) else np.array(labels.shape[1:]) / 2.0
    for index in range(slices):
        if index not in skipped:
            scribbles[index] = _scribble_slice(labels[index], center, spacing_mm, rng, haste)
    return scribbles


def _scribble_slice(
    labels: Labels, center: Curve, spacing: float, rng: np.random.Generator, haste: bool
) -> Labels:
    scribble = np.full(labels.shape, UNLABELLED, dtype=np.uint8)
    heart = labels > 0
    if not heart.any():
        sweep = rng.uniform(1.5, 4.5)
        _draw(scribble, loose_arc(center, sweep, spacing, rng), ~heart, BACKGROUND, 1, haste)
        return scribble
    if not (haste and rng.random() < 0.08):
        for curve in _ring(heart, spacing, rng, haste):
            _draw(scribble, curve, ~heart, BACKGROUND, 1, haste)
    left = labels == LEFT_VENTRICLE
    muscle = labels == MYOCARDIUM_LABEL
    axis = middle(left if left.any() else muscle if muscle.any() else heart)
    for structure in _STRUCTURES:
        mask = labels == structure
        if not mask.any() or (haste and rng.random() < 0.1):
            continue
        width = 1 + int(rng.random() < 0.5)
        for curve in _strokes(mask, structure, axis, rng, haste):
            if haste:
                curve = curve + rng.normal(0.0, 1.2, size=2)
            _draw(scribble, curve, mask, structure, width, haste)
    return scribble


def _strokes(
    mask: Mask, structure: int, axis: Curve, rng: np.random.Generator, haste: bool
) -> list[Curve]:
    """One or two strokes in a structure."""
    if structure == LEFT_VENTRICLE:
        return [_squiggle(mask, rng, haste)]
    inner, outer = radial_extent(mask, axis)
    present = np.flatnonzero(outer > 0)
    if structure == MYOCARDIUM_LABEL and len(present) > 300:
        start = int(rng.integers(360))
        sweep = int(rng.uniform(60, 150) if haste else rng.uniform(150, 340))
        pieces = [(start, sweep)]
        if sweep < 220 and not haste:
            pieces.append((start + sweep + int(rng.integers(15, 50)), int(rng.integers(40, 100))))
        spans = [(begin + np.arange(length)) % 360 for begin, length in pieces]
    else:
        run = longest_run(outer > 0)
        trim = rng.uniform(0.3, 0.4) if haste else rng.uniform(0.1, 0.2)
        cut = round(trim * len(run))
        spans = [run[cut : len(run) - cut] if len(run) > 8 else run]
    curves = []
    for span in spans:
        # Oedema is widest towards the outside: its scar begins at the cavity.
        along = 0.75 if structure == OEDEMA_LABEL else 0.5
        share = along + 0.18 * wobble(len(span), rng)
        radius = inner[span] + share * (outer[span] - inner[span])
        radius = ndimage.gaussian_filter1d(radius, 4.0, mode="nearest")
        curves.append(polar(axis, radius, ANGLES[span]))
    return curves


def _squiggle(mask: Mask, rng: np.random.Generator, haste: bool) -> Curve:
    """A spiral or loop in a cavity, well inside."""
    center = middle(mask)
    _, outer = radial_extent(mask, center)
    turns = rng.uniform(0.25, 0.6) if haste else rng.uniform(0.6, 1.4)
    count = max(12, int(360 * turns))
    angles = rng.uniform(0, 2 * np.pi) + np.linspace(0.0, 2 * np.pi * turns, count)
    reach = np.linspace(rng.uniform(0.15, 0.45), rng.uniform(0.45, 0.72), count)
    reach = reach + 0.06 * wobble(count, rng)
    index = np.round(np.rad2deg(angles)).astype(int) % 360
    radius = ndimage.gaussian_filter1d(outer, 6.0, mode="wrap")[index] * reach
    return polar(center, radius, angles)


def _ring(heart: Mask, spacing: float, rng: np.random.Generator, haste: bool) -> list[Curve]:
    """The background stroke round the heart; careful ones close, with a little overlap."""
    hull = convex_hull_image(heart) if heart.sum() > 3 else heart
    center = middle(hull)
    _, edge = radial_extent(hull, center)
    # Clear of the heart also between the rays, where the hull may be sharp.
    edge = ndimage.maximum_filter1d(edge, 9, mode="wrap")
    overshoot = int(rng.integers(5, 50))
    count = 360 + overshoot
    if haste and rng.random() < 0.35:
        count = 360 - int(rng.integers(10, 80))
    span = (int(rng.integers(360)) + np.arange(count)) % 360
    margin = rng.uniform(4.5, 10.0) + rng.uniform(0.5, 2.5) * wobble(count, rng)
    least = 0.0 if haste else 3.0
    if not haste and count > 360:  # the end comes back to where the stroke began
        margin[-overshoot:] += np.linspace(0.0, margin[overshoot] - margin[-1], overshoot)
    radius = ndimage.gaussian_filter1d(edge[span], 5.0, mode="nearest")
    radius = np.maximum(radius, edge[span] - 1.0) + np.maximum(margin, least) / spacing
    curves = [inside_image(polar(center, radius, ANGLES[span]), heart.shape)]
    if not haste and rng.random() < 0.2:
        further = radius.max() + rng.uniform(4.0, 14.0) / spacing
        curves.append(loose_arc(center, rng.uniform(0.6, 2.0), spacing, rng, further))
    return curves


def _draw(
    scribble: Labels, curve: Curve, allowed: Mask, value: int, width: int, haste: bool
) -> None:
    """Put a stroke of ``width`` pixels on the slice; careful ones never leave ``allowed``."""
    if len(curve) == 0:
        return
    steps = np.arange(0, len(curve) - 1 + 1e-6, 0.2) if len(curve) > 1 else np.zeros(1)
    points = np.stack(
        [np.interp(steps, np.arange(len(curve)), curve[:, axis]) for axis in (0, 1)], axis=1
    )
    stroke = np.zeros(scribble.shape, dtype=bool)
    for offset in np.argwhere(np.ones((width, width))) - 0.5 * (width - 1):
        pixel = np.round(points + offset).astype(int)
        inside = ((pixel >= 0) & (pixel < scribble.shape)).all(axis=1)
        stroke[pixel[inside, 0], pixel[inside, 1]] = True
    if not haste:
        stroke &= _clear_of_edge(allowed, value)
    scribble[stroke] = value


def _clear_of_edge(allowed: Mask, value: int) -> Mask:
    """The mask without its outermost pixels, unless too little would be left."""
    if value == BACKGROUND or value in _INJURED:  # few pixels wide: nothing would be left
        return allowed
    inner = ndimage.binary_erosion(allowed)
    return inner if inner.sum() >= 12 else allowed
