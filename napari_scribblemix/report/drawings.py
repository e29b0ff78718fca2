"""What a report draws, as SVG that needs nothing from outside: slices, a curve, a bull's eye."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import find_contours

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.evaluation.septum import cavity_centre
from napari_scribblemix.evaluation.wall import Wall
from napari_scribblemix.report.patient import Look

_TILE = 150
_MARGIN_MM = 12.0
_LEVELS = ("base", "middle", "apex")

Box = tuple[slice, slice]


def png_data(plane: NDArray[np.uint8]) -> str:
    """A grey picture (Y, X) as the address of an inline image."""
    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def heart_box(masks: Sequence[NDArray[np.integer]], spacing: tuple[float, float]) -> Box:
    """Rows and columns that hold the heart of all ``masks`` (Z, Y, X), with a margin."""
    inside = np.any([(mask > 0).any(axis=0) for mask in masks], axis=0)
    cuts = []
    for axis in (0, 1):
        filled = np.flatnonzero(inside.any(axis=1 - axis))
        if not len(filled):
            cuts.append(slice(0, inside.shape[axis]))
            continue
        margin = math.ceil(_MARGIN_MM / spacing[axis])
        after = min(inside.shape[axis], int(filled[-1]) + 1 + margin)
        cuts.append(slice(max(0, int(filled[0]) - margin), after))
    return cuts[0], cuts[1]


def _grey(planes: NDArray[np.float32] | None, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if planes is None:
        return np.full(shape, 32, np.uint8)
    finite = planes[np.isfinite(planes)]
    low, high = np.percentile(finite, (1, 99)) if finite.size else (0.0, 1.0)
    shares = np.nan_to_num((planes - low) / max(float(high - low), 1e-12), posinf=1.0, neginf=0.0)
    return (255 * np.clip(shares, 0, 1)).astype(np.uint8)


def _path(inside: NDArray[np.bool_], spacing: tuple[float, float]) -> str:
    """The outlines of a region as an SVG path in mm, from the corner of the first pixel."""
    parts = []
    for line in find_contours(np.pad(inside, 1).astype(float), 0.5):
        points = (line - 0.5) * np.asarray(spacing)
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for y, x in points) + "Z")
    return "".join(parts)


def _outlines(plane: NDArray[np.integer], scheme: LabelScheme, spacing: tuple[float, float]) -> str:
    parts = []
    for index in range(1, scheme.classes):
        # The wall's outline is that of the whole wall, whatever lies in it.
        own = scheme.wall if index in scheme.wall[:1] else (index,)
        inside = np.isin(plane, own)
        if inside.any():
            parts.append(
                f'<path d="{_path(inside, spacing)}" fill="none" stroke-width="1.1" '
                f'stroke="{scheme.colours[index]}"/>'
            )
    return "".join(parts)


def _insertion(
    plane: NDArray[np.integer], scheme: LabelScheme, spacing: tuple[float, float], wall: Wall
) -> str:
    """A line from the cavity over the wall at the anterior insertion."""
    centre = cavity_centre(plane, scheme, spacing)
    if centre is None or wall.septum is None:
        return ""
    angle = math.radians(wall.septum.anterior)
    rows, columns = np.nonzero(np.isin(plane, scheme.wall))
    if not len(rows):
        return ""
    far = float(np.hypot(rows * spacing[0] - centre[0], columns * spacing[1] - centre[1]).max()) + 4
    y, x = centre[0] + spacing[0] / 2, centre[1] + spacing[1] / 2
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + far * math.cos(angle):.1f}" '
        f'y2="{y - far * math.sin(angle):.1f}" stroke="#ffffff" stroke-width="0.8" '
        'stroke-dasharray="2 2"/>'
    )


def montage(look: Look, scheme: LabelScheme, box: Box, wall: Wall | None = None) -> str:
    """All slices of a mask, a picture each with its outlines; ``wall`` marks levels and septum."""
    spacing = look.mask.geometry.spacing[1:]
    labels = look.mask.array[:, box[0], box[1]]
    grey = _grey(None if look.image is None else look.image[:, box[0], box[1]], labels.shape)
    height, width = labels.shape[1] * spacing[0], labels.shape[2] * spacing[1]
    levels = {} if wall is None else {z: n for n, own in enumerate(wall.levels) for z in own}
    tiles = []
    for z, plane in enumerate(labels):
        level = f", {_LEVELS[levels[z]]}" if z in levels else ""
        marked = wall is not None and levels.get(z, 2) < 2
        mark = _insertion(plane, scheme, spacing, wall) if marked and wall is not None else ""
        tiles.append(
            f'<figure><svg viewBox="0 0 {width:.1f} {height:.1f}" width="{_TILE}" '
            f'height="{_TILE * height / width:.0f}" role="img">'
            f'<image href="{png_data(grey[z])}" x="0" y="0" width="{width:.1f}" '
            f'height="{height:.1f}" preserveAspectRatio="none"/>'
            f"{_outlines(plane, scheme, spacing)}{mark}</svg>"
            f"<figcaption>slice {z}{level}</figcaption></figure>"
        )
    return f'<div class="montage">{"".join(tiles)}</div>'


_WIDTH, _HEIGHT, _LEFT_MARGIN, _BOTTOM = 560.0, 220.0, 48.0, 36.0


def curve(
    places: Sequence[float],
    unit: str,
    lines: Sequence[tuple[str, str, Sequence[float]]],
    marks: Sequence[tuple[str, float]],
) -> str:
    """Volumes over the cycle: ``lines`` of (name, colour, ml), ``marks`` of (ED or ES, place)."""
    top = max((max(values) for _, _, values in lines), default=1.0) * 1.1 or 1.0
    span = (places[-1] - places[0]) or 1.0

    def x(place: float) -> float:
        return _LEFT_MARGIN + (place - places[0]) / span * (_WIDTH - _LEFT_MARGIN - 12)

    def y(ml: float) -> float:
        return (_HEIGHT - _BOTTOM) - ml / top * (_HEIGHT - _BOTTOM - 14)

    parts = []
    step = 10.0 ** math.floor(math.log10(top)) / 2
    while top / step > 6:
        step *= 2
    for number in range(int(top / step) + 1):
        at = y(number * step)
        parts.append(
            f'<line x1="{_LEFT_MARGIN}" x2="{_WIDTH - 12}" y1="{at:.1f}" y2="{at:.1f}" '
            f'stroke="#ddd"/><text x="{_LEFT_MARGIN - 6}" y="{at + 4:.1f}" '
            f'text-anchor="end">{number * step:.0f}</text>'
        )
    for name, place in marks:
        parts.append(
            f'<line x1="{x(place):.1f}" x2="{x(place):.1f}" y1="14" y2="{_HEIGHT - _BOTTOM}" '
            'stroke="#555" stroke-dasharray="4 3"/>'
            f'<text x="{x(place):.1f}" y="11" text-anchor="middle">{escape(name)}</text>'
        )
    for index, (name, colour, values) in enumerate(lines):
        points = " ".join(f"{x(p):.1f},{y(v):.1f}" for p, v in zip(places, values, strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{_LEFT_MARGIN + 120 * index}" y="{_HEIGHT - 4}" '
            f'fill="{colour}">{escape(name)}</text>'
        )
    ends = ((places[0], "start"), (places[-1], "end"))
    for place, anchor in ends:
        parts.append(
            f'<text x="{x(place):.1f}" y="{_HEIGHT - 18}" text-anchor="{anchor}">{place:.0f}</text>'
        )
    parts.append(
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 18}" text-anchor="middle">{escape(unit)}</text>'
        f'<text x="2" y="11">ml</text>'
    )
    size = f'viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" width="{_WIDTH:.0f}"'
    return f'<svg {size} class="curve" role="img">{"".join(parts)}</svg>'


def _ring_piece(inner: float, outer: float, first: float, last: float, centre: float) -> str:
    a, b = math.radians(first), math.radians(last)

    def point(radius: float, angle: float) -> str:
        return f"{centre + radius * math.cos(angle):.1f} {centre - radius * math.sin(angle):.1f}"

    return (
        f"M{point(outer, a)}A{outer} {outer} 0 0 0 {point(outer, b)}L{point(inner, b)}"
        f"A{inner} {inner} 0 0 1 {point(inner, a)}Z"
    )


def bulls_eye(values: Sequence[float]) -> str:
    """Sixteen values in mm on rings: base outside, apex inside, anterior up, septum left."""
    size, centre = 260.0, 130.0
    rings = ((95.0, 125.0), (60.0, 95.0), (25.0, 60.0))
    known = [value for value in values if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    parts = []
    for index, value in enumerate(values):
        level = min(index // 6, 2)
        count = 4 if level == 2 else 6
        middle = 90.0 + (index - 6 * level) * 360.0 / count
        inner, outer = rings[level]
        share = (value - low) / (high - low) if math.isfinite(value) and high > low else 0.0
        light = 94 - 44 * share
        fill = f"hsl(210 60% {light:.0f}%)" if math.isfinite(value) else "#eee"
        half = 180.0 / count
        ink = "#fff" if share > 0.75 else "#111"
        at, angle = (inner + outer) / 2, math.radians(middle)
        words = f"{value:.1f}" if math.isfinite(value) else "–"
        parts.append(
            f'<path d="{_ring_piece(inner, outer, middle - half, middle + half, centre)}" '
            f'fill="{fill}" stroke="#555"/>'
            f'<text x="{centre + at * math.cos(angle):.1f}" '
            f'y="{centre - at * math.sin(angle) + 4:.1f}" text-anchor="middle" '
            f'fill="{ink}">{words}</text>'
        )
    parts.append(
        f'<circle cx="{centre}" cy="{centre}" r="25" fill="#eee" stroke="#555"/>'
        f'<text x="{centre}" y="{centre + 4}" text-anchor="middle">–</text>'
    )
    box = f'viewBox="0 0 {size:.0f} {size:.0f}" width="{size:.0f}"'
    return f'<svg {box} class="bullseye" role="img">{"".join(parts)}</svg>'
