"""Where the pixels of a napari layer lie: its whole transform and its units, as a ``Geometry``.

napari places a layer by scale, rotation, shear and translation, then by an affine, all in a unit of
its own for each axis; leaving out any of them makes volumes false.  The last two or three axes are
in space; what comes before (the frames of a cine) is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pint
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.errors import GeometryError

NO_UNIT = "It states no unit of length: its scale was taken as mm."
FLAT = "It is one slice of a thickness not known: 1 mm was taken, and volumes are of 1 mm."


@dataclass(frozen=True, eq=False)
class Placement:
    """``matrix`` (D + 1, D + 1) takes a pixel index to the world; ``units`` of its D axes."""

    matrix: NDArray[np.float64]
    units: tuple[Any, ...]

    @classmethod
    def of(cls, layer: Any) -> Placement:
        """That of a layer."""
        names = ("scale", "translate", "rotate", "shear", "units")
        known = {name: getattr(layer, name) for name in names}
        return cls.told(known | {"affine": layer.affine.affine_matrix}, layer.ndim)

    @classmethod
    def told(cls, metadata: Mapping[str, Any], ndim: int) -> Placement:
        """That of a layer of ``ndim`` axes as napari tells its writers of it."""
        own = Affine(
            scale=metadata.get("scale", (1.0,) * ndim),
            translate=metadata.get("translate", (0.0,) * ndim),
            rotate=_or_none(metadata.get("rotate")),
            shear=_or_none(metadata.get("shear")),
            ndim=ndim,
        ).affine_matrix
        affine = metadata.get("affine")
        whole = own if affine is None else np.asarray(affine, float) @ own
        return cls(whole, tuple(metadata.get("units") or ("pixel",) * ndim))

    def geometry(self, shape: Sequence[int]) -> tuple[Geometry, tuple[str, ...]]:
        """The geometry of an array of ``shape``, of which the last axes are in space, and notes.

        ``shape`` has the two or three axes in space.  ``GeometryError`` if time and space are mixed
        or the axes span no space.
        """
        count = len(shape)
        before = len(self.units) - count
        if (
            np.abs(self.matrix[before:-1, :before]).any()
            or np.abs(self.matrix[:before, before:-1]).any()
        ):
            raise GeometryError(
                "Got a layer whose transform mixes frames and space; expected one that turns and "
                "shears rows, columns and slices only: reset it."
            )
        factors = [_millimetres(unit) for unit in self.units[before:]]
        space = np.eye(4)
        rows = slice(3 - count, 3)
        space[rows, rows] = self.matrix[before:-1, before:-1]
        space[rows, 3] = self.matrix[before:-1, -1]
        space[rows] *= np.array([factor or 1.0 for factor in factors])[:, None]
        # napari counts slices, rows, columns; a file columns, rows, slices.
        turn = np.eye(4)[[2, 1, 0, 3]]
        notes = [NO_UNIT] * (None in factors) + [FLAT] * (count == 2)
        return Geometry.from_affine(turn @ space @ turn, tuple(shape)[::-1]), tuple(notes)


def _or_none(value: Any) -> Any:
    return None if value is None else np.asarray(value, float)


def _millimetres(unit: Any) -> float | None:
    """Mm in ``unit``; ``None`` for pixels and what else is no length."""
    registry: Any = pint.get_application_registry()  # type: ignore[no-untyped-call]
    try:
        return float(registry.Quantity(1, unit).to("mm").magnitude)
    except (pint.DimensionalityError, pint.UndefinedUnitError):
        return None
