"""Where a stack of slices lies: from the positions of its slices, never from their thickness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.slices import Slice, normal
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.errors import GeometryError

ROUNDING_MM = 0.05
"""Positions are written with some digits: a slice so near its even place is in it."""

UNEVEN = 0.05
"""Of the distance between slices: one that lies further from its even place makes them uneven."""

_LEAST_UNEVEN_MM = 0.5
# From left, back and head (DICOM) to right, front and head (NIfTI).
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Placement:
    """The geometry of a stack, its distances between slices in mm, and what is odd about them.

    ``uneven`` says in a sentence why the slices are on no even grid, or is ``None``.
    """

    geometry: Geometry
    steps: tuple[float, ...]
    notes: tuple[str, ...] = ()
    uneven: str | None = None


def _steps(slices: Sequence[Slice]) -> NDArray[np.float64]:
    return np.diff([each.place for each in slices])


def _distances(steps: NDArray[np.float64]) -> str:
    """The distances in order, equal ones together: ``3 x 10, 20, 2 x 10 mm``."""
    said: list[tuple[str, int]] = []
    for step in steps:
        words = f"{step:.4g}"
        if said and said[-1][0] == words:
            said[-1] = words, said[-1][1] + 1
        else:
            said.append((words, 1))
    return ", ".join(w if count == 1 else f"{count} x {w}" for w, count in said) + " mm"


def _way(slices: Sequence[Slice]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """First place and step that fit the positions best, and the largest distance from them."""
    places = np.array([each.position for each in slices])
    index = np.arange(len(places), dtype=np.float64)
    step, start = np.polyfit(index, places, 1)
    off = float(np.linalg.norm(places - (start + index[:, None] * step), axis=1).max())
    if off <= ROUNDING_MM:  # the digits of the header, not those of a fit
        start, step = places[0], (places[-1] - places[0]) / (len(places) - 1)
    return start, step, off


def place(slices: Sequence[Slice]) -> Placement:
    """The placement of slices in order; ``GeometryError`` if no scanner makes such voxels."""
    plane = slices[0].planes[0]
    notes: list[str] = []
    uneven = None
    steps = _steps(slices)
    if len(slices) == 1:
        if plane.thickness is None:
            raise GeometryError("one slice that does not say how thick it is")
        start, step = slices[0].position, normal(plane) * plane.thickness
        notes.append(
            f"One slice; its thickness of {plane.thickness:g} mm is taken from the header."
        )
    else:
        start, step, off = _way(slices)
        usual = float(np.median(steps))
        if off > max(UNEVEN * usual, _LEAST_UNEVEN_MM):
            uneven = (
                f"The slices are not evenly spaced ({_distances(steps)}); a grid with even steps "
                f"would put them up to {off:.1f} mm from where they were scanned."
            )
        elif off > ROUNDING_MM:
            notes.append(
                f"The slices lie up to {off:.2g} mm from even steps of {np.linalg.norm(step):.4g} "
                "mm; they are taken as even."
            )
        notes += _thickness(plane.thickness, usual)
    affine = np.eye(4)
    affine[:3, 0] = np.array(plane.along_row) * plane.pixel[1]
    affine[:3, 1] = np.array(plane.along_column) * plane.pixel[0]
    affine[:3, 2], affine[:3, 3] = step, start
    rows, columns = plane.shape
    geometry = Geometry.from_affine(_TO_RAS @ affine, (columns, rows, len(slices)))
    return Placement(geometry, tuple(map(float, steps)), tuple(notes), uneven)


def _thickness(thickness: float | None, usual: float) -> list[str]:
    """A note where there is a gap between slices, or where they overlap."""
    if thickness is None or abs(usual - thickness) < 0.01 * usual:
        return []
    what = "gaps of" if usual > thickness else "overlaps of"
    return [
        (
            f"The slices are {thickness:.3g} mm thick and {usual:.4g} mm apart ({what} "
            f"{abs(usual - thickness):.3g} mm)."
        )
    ]
