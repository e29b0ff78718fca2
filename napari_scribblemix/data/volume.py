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

    With several channels, ``array`` is the first, ``further`` (each (Z, Y, X)) are the others on
    the same grid, and ``channels`` names all of them; a single image has no channel name.
    ``GeometryError`` if arrays and geometry differ in shape, or names and channels in number.
    """

    array: NDArray[Any]
    geometry: Geometry
    notes: tuple[str, ...] = ()
    further: tuple[NDArray[Any], ...] = ()
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in self.arrays:
            if array.shape != self.geometry.shape:
                raise GeometryError(
                    f"Got an array of {format_shape(array.shape)} with a geometry of "
                    f"{format_shape(self.geometry.shape)}; expected the same (Z, Y, X)."
                )
        if (self.further or self.channels) and len(self.channels) != len(self.arrays):
            raise GeometryError(
                f"Got {len(self.channels)} names for {len(self.arrays)} channels; expected one for "
                "each of several."
            )

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All channels, the first one first, each (Z, Y, X)."""
        return (self.array, *self.further)
