"""How large and how fine an image of a heart can be; beyond that its header is wrong.

A header can state any spacing and any shape.  What no scanner makes is refused in one line before
memory is taken for it; what a scanner could make and no heart fits into is only told
(``doubts``).  The limits are wide: they part a wrong unit or a damaged field from a scan, not a
good scan from a poor one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_scribblemix.errors import GeometryError

PIXEL_MM = (0.05, 20.0)
"""Pixel sizes in a slice that are believed."""

SLICE_MM = (0.05, 100.0)
"""Distances between slices that are believed."""

HEART_MM = 50.0
"""A field of view with a shorter side holds no heart; an adult's is 100 mm and more across."""

FINEST_MM = 0.4
"""No cardiac MR has smaller pixels: with such the spacing is not in mm."""

BORE_MM = 700.0
"""No scanner's bore is wider."""

MOST_VOXELS = 2**27
"""Of one volume (512 x 512 x 512); half a gigabyte as float32."""

MOST_FRAMES = 4096
"""Of one cine."""

MOST_WORKING_SIDE = 2048
"""Pixels along a side of the working grid."""

MOST_WORKING_PIXELS = 2**26
"""Pixels of one volume, all slices, that go through a network: its answer has a value a class."""

MOST_STUDY_PIXELS = 2**31
"""Pixels of all slices of a training together, 8 GB as float32."""

SLICE_RATIO = 4
"""An axis this many times shorter than both others is the slices'."""

DOUBTED = ("The field of view is", "pixels look wrong")
"""Words by which what ``doubts`` says is known."""

_UNITS = (("cm", 10.0), ("metres", 1000.0), ("micrometres", 0.001))
_USUAL_FIELD_MM = (100.0, 600.0)


def _listed(sizes: Sequence[float]) -> str:
    return " x ".join(f"{size:.3g}" for size in sizes)


def _unit_guess(field: Sequence[float]) -> str:
    """What the lengths would be if they were stated in another unit, as the end of a sentence."""
    low, high = _USUAL_FIELD_MM
    for name, factor in _UNITS:
        if all(low <= size * factor <= high for size in field):
            return f"; they look like {name}"
    return ""


def _is_scan(z: float, pixel: tuple[float, float]) -> bool:
    inside = all(PIXEL_MM[0] <= size <= PIXEL_MM[1] for size in pixel)
    return inside and SLICE_MM[0] <= z <= SLICE_MM[1]


def check_spacing(
    spacing: tuple[float, float, float],
    shape: tuple[int, int, int],
    unit: str = "mm",
    factor: float = 1.0,
) -> None:
    """``GeometryError`` for voxels (z, y, x) in mm that no scanner makes.

    ``shape`` (Z, Y, X) helps to guess what the numbers mean; ``unit`` is that of the header, from
    which they were converted by ``factor``.
    """
    z, y, x = spacing
    if _is_scan(z, (y, x)):
        return
    stated = "" if unit == "mm" else f", converted from the header's unit ({unit})"
    field = (shape[1] * y, shape[2] * x)
    todo = f"{_unit_guess(field)}: repair the header"
    if unit != "mm" and _is_scan(z / factor, (y / factor, x / factor)):
        todo = ": the numbers look like mm; set the header's unit to mm"
    raise GeometryError(
        f"Got slices {z:.3g} mm apart with pixels of {_listed((y, x))} mm{stated}; expected "
        f"{SLICE_MM[0]:g} to {SLICE_MM[1]:g} mm and {PIXEL_MM[0]:g} to {PIXEL_MM[1]:g} mm"
        f"{todo}."
    )


def check_size(shape: Sequence[int]) -> None:
    """``GeometryError`` if a volume of ``shape`` (three sizes) is larger than any heart scan."""
    if math.prod(shape) > MOST_VOXELS:
        raise GeometryError(
            f"Got a volume of {' x '.join(map(str, shape))} voxels "
            f"({math.prod(shape) / 1e6:.3g} million); expected at most {MOST_VOXELS // 10**6} "
            "million: crop it to the heart, or repair the header."
        )


def check_study(count: int, frame: Sequence[int], largest: str) -> None:
    """``GeometryError`` if ``count`` slices of the size ``frame``, that of a case, are too many."""
    pixels = count * math.prod(frame)
    if pixels > MOST_STUDY_PIXELS:
        raise GeometryError(
            f"Got {count} slices, which take {4e-9 * pixels:.0f} GB on a grid of "
            f"{' x '.join(map(str, frame))} pixels, the size of {largest}; expected at most "
            f"{4e-9 * MOST_STUDY_PIXELS:.0f} GB: leave that case out or crop it, or train on fewer "
            "cases, or with a larger --spacing."
        )


def doubts(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> list[str]:
    """What looks wrong, though it can be used: ``shape`` (Z, Y, X) and ``spacing`` in mm."""
    field = (shape[1] * spacing[1], shape[2] * spacing[2])
    seen = f"{DOUBTED[0]} {_listed(field)} mm"
    found = []
    if min(field) < HEART_MM:
        found.append(
            f"{seen}, in which no heart fits{_unit_guess(field)}: check the spacing in the header, "
            "volumes in ml depend on it."
        )
    elif max(field) > BORE_MM:
        found.append(
            f"{seen}, wider than a scanner: check the spacing in the header, volumes in ml depend "
            "on it."
        )
    if shape[0] > 2 * min(shape[1:]):
        found.append(
            f"{shape[0]} slices of {shape[1]} x {shape[2]} {DOUBTED[1]}; expected few slices "
            "of many pixels: save the file with the slices along its third axis."
        )
    return found


def short_axis(shape: Sequence[int]) -> int | None:
    """The axis (0 to 2) that is much shorter than both others, or ``None``."""
    axis = min(range(3), key=lambda number: shape[number])
    others = [size for number, size in enumerate(shape) if number != axis]
    return axis if min(others) > 1 and shape[axis] * SLICE_RATIO <= min(others) else None
