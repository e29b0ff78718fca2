"""A volume: an array with its place in space, and what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry, format_shape
from napari_scribblemix.errors import GeometryError


@dataclass(frozen=True, eq=False)
class Volume:
    """``array`` (Z, Y, X), its ``geometry``, and ``notes`` for the case's record.

    ``GeometryError`` if array and geometry differ in shape.
    """

    array: NDArray[Any]
    geometry: Geometry
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.array.shape != self.geometry.shape:
            raise GeometryError(
                f"Got an array of {format_shape(self.array.shape)} with a geometry of "
                f"{format_shape(self.geometry.shape)}; expected the same (Z, Y, X)."
            )
