"""What lies under the mouse, in words: grey value, slice and pixel, mm in the patient, structure.

And how far it is from a point that was marked, within the slice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry, states_a_place
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.gui.viewer.case_layers import METADATA
from napari_scribblemix.gui.viewer.slice_on_screen import in_units_of

_SIDES = ("RL", "AP", "SI")


def index_at(viewer: Any, layer: Any, cursor: Any) -> tuple[int, int, int] | None:
    """The voxel (z, y, x) of ``layer`` under ``cursor``, a world point, or ``None`` outside."""
    point = in_units_of(layer, viewer, np.asarray(cursor, float)[-layer.ndim :])
    z, y, x = (round(float(number)) for number in layer.world_to_data(point))
    inside = all(0 <= n < size for n, size in zip((z, y, x), layer.data.shape, strict=True))
    return (z, y, x) if inside else None


def in_patient(geometry: Geometry, index: tuple[int, int, int]) -> str:
    """Where a voxel (z, y, x) lies, as ``L 12.0, P 30.5, S 8.0 mm``; "" if no header says it."""
    if not states_a_place(geometry):
        return ""
    place = np.zeros(3)
    across = [axis for axis in range(3) if axis != geometry.slice_axis]
    place[[geometry.slice_axis, across[1], across[0]]] = index
    millimetres = (geometry.affine @ (*place, 1.0))[:3]
    parts = (
        f"{sides[0] if value >= 0 else sides[1]} {abs(value):.1f}"
        for sides, value in zip(_SIDES, millimetres, strict=True)
    )
    return f"{', '.join(parts)} mm"


def words_at(layer: Any, index: tuple[int, int, int], mask: Any, scheme: LabelScheme) -> str:
    """Value, slice, row, column (all from 0), mm, and what the mask says there."""
    z, y, x = index
    parts = [f"{float(layer.data[index]):g}", f"slice {z}, row {y}, column {x}"]
    parts.append(in_patient(layer.metadata[METADATA]["geometry"], index))
    if mask is not None and mask.data.shape == layer.data.shape:
        label = int(mask.data[index])
        short = scheme.abbreviations or scheme.names
        parts.append(short[label] if label < scheme.classes else "")
    return "  |  ".join(part for part in parts if part)


def distance_mm(geometry: Geometry, start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """How far two points (z, y, x) in voxels are from each other, within the slice."""
    apart = (end - start)[1:] * geometry.spacing[1:]
    return float(np.linalg.norm(apart))
