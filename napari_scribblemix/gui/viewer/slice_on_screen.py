"""Which slice of a layer is on screen, if it is one at all.

Asked of the layer itself, as napari cuts it: layers of others may bring other units, an origin
elsewhere or more axes; the view may be rolled, transposed or in 3-D; a layer may have been moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

IN_3D = "the 3-D view shows all slices at once; go back to 2-D."
SIDEWAYS = "the slices are seen from the side; turn the axes back."
OUTSIDE = "no slice of the case is shown at this place; move the slider."
COVERED = "another frame of the cine lies over the case; open that frame, or stop looking."
TAKEN_OUT = "the layers of the case were taken out of the viewer; choose the case again."
MOVED = "the layers of the case were moved against each other; choose the case again."

_TINY = 1e-6


def world_point(viewer: Any, layer: Any) -> NDArray[np.float64]:
    """The point the sliders stand at, along the layer's axes and in its units."""
    return in_units_of(layer, viewer, np.asarray(viewer.dims.point, float)[-layer.ndim :])


def in_units_of(layer: Any, viewer: Any, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """A world point along the axes of ``layer``, from the viewer's units to the layer's."""
    dims = viewer.dims
    if dims.units is None:
        # Units that cannot be converted into each other are left alone by napari too.
        return point
    units = zip(dims.units[-layer.ndim :], layer.units, strict=True)
    return point * [float((1.0 * shown).to(own).magnitude) for shown, own in units]


def slice_on_screen(viewer: Any, layer: Any) -> int | str:
    """The number (from 0) of the slice of ``layer`` (Z, Y, X) on screen, or why there is none."""
    dims = viewer.dims
    if dims.ndisplay != 2:
        return IN_3D
    point = world_point(viewer, layer)
    place = float(layer.world_to_data(point)[0])
    for axis in dims.displayed:
        own = axis - (dims.ndim - layer.ndim)
        if own >= 0:
            beside = point.copy()
            beside[own] += 1.0
            if abs(float(layer.world_to_data(beside)[0]) - place) > _TINY:
                return SIDEWAYS
    number = round(place)
    return number if 0 <= number < len(layer.data) else OUTSIDE


def _point_of_slice(viewer: Any, layer: Any, number: int) -> float:
    """Where the slider of the slices has to stand, in the viewer's units, to show ``number``."""
    position = layer.world_to_data(world_point(viewer, layer))
    world = layer.data_to_world((float(number), *position[1:]))
    dims = viewer.dims
    if dims.units is None:
        return float(world[0])
    shown, own = dims.units[-layer.ndim], layer.units[0]
    return float((float(world[0]) * own).to(shown).magnitude)


def common_slice(viewer: Any, layers: Sequence[Any]) -> int | str:
    """The number (from 0) of the one slice on screen of all ``layers``, or why there is none."""
    found = {slice_on_screen(viewer, layer) for layer in layers}
    if not found:
        return TAKEN_OUT
    return found.pop() if len(found) == 1 else MOVED


def turn_back(viewer: Any) -> None:
    """From 3-D or a view from the side back to the slices."""
    dims = viewer.dims
    dims.ndisplay = 2
    dims.order = tuple(range(dims.ndim))


def stand_at(viewer: Any, layer: Any, number: int) -> None:
    """Move the slider of the slices of ``layer`` to ``number``, from 0."""
    dims = viewer.dims
    dims.set_point(dims.ndim - layer.ndim, _point_of_slice(viewer, layer, number))
