"""Between the native grid of a slice stack and the working grid of the networks, and back.

Only in-plane: slices are far apart and are segmented one by one.  The working grid has square
pixels of a stated size, is centred on the native grid and covers it.  Linear interpolation is
written as one small matrix per axis, so a whole stack with all its classes is two products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.errors import GeometryError

_Label = TypeVar("_Label", bound=np.generic)

# A hair below a whole pixel count is rounding of the header, not another pixel.
_HAIR = 1e-4


def _positions(targets: int, sources: int, step: float) -> NDArray[np.float64]:
    """Centres of ``targets`` pixels in source pixel indices, ``step`` apart, both grids centred."""
    return (sources - 1) / 2 + (np.arange(targets) - (targets - 1) / 2) * step


def _linear(targets: int, sources: int, step: float) -> NDArray[np.float32]:
    """Weights (targets, sources): a hat as wide as the coarser of both pixels, edges clamped."""
    position = _positions(targets, sources, step)
    width = max(1.0, step)
    reach = math.ceil(width) + 1
    nearest = np.rint(position).astype(np.intp)
    weights = np.zeros((targets, sources))
    rows = np.arange(targets)
    for offset in range(-reach, reach + 1):
        column = nearest + offset
        hat = np.maximum(0.0, 1.0 - np.abs(column - position) / width)
        np.add.at(weights, (rows, np.clip(column, 0, sources - 1)), hat)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _separable(
    array: NDArray[Any], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    values = np.asarray(array, dtype=np.float32)
    return np.matmul(rows, np.matmul(values, columns.T)).astype(np.float32, copy=False)


@dataclass(frozen=True)
class WorkingGrid:
    """``native_shape`` (Y, X) pixels of ``native_spacing`` (y, x) mm to pixels of ``spacing`` mm."""

    native_shape: tuple[int, int]
    native_spacing: tuple[float, float]
    spacing: float

    def __post_init__(self) -> None:
        sizes = (*self.native_shape, *self.native_spacing, self.spacing)
        if not all(math.isfinite(size) and size > 0 for size in sizes):
            raise GeometryError(
                f"Got a grid of {self.native_shape} pixels of {self.native_spacing} mm and a "
                f"working spacing of {self.spacing} mm; expected positive numbers."
            )

    @cached_property
    def shape(self) -> tuple[int, int]:
        """The working grid's (h, w): it covers the native grid, at exactly ``spacing``."""
        height, width = (
            max(1, math.ceil(size * step / self.spacing - _HAIR))
            for size, step in zip(self.native_shape, self.native_spacing, strict=True)
        )
        return height, width

    @cached_property
    def _steps(self) -> tuple[float, float]:
        """The working pixel in native pixels, (y, x)."""
        return self.spacing / self.native_spacing[0], self.spacing / self.native_spacing[1]

    def _check(self, shape: tuple[int, ...], expected: tuple[int, int]) -> None:
        if shape[-2:] != expected:
            raise GeometryError(
                f"Got slices of {' x '.join(map(str, shape[-2:]))}; expected "
                f"{expected[0]} x {expected[1]}."
            )

    def image_to_working(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Intensities (..., Y, X) to (..., h, w): linear, smoothed when pixels grow."""
        self._check(array.shape, self.native_shape)
        rows, columns = map(_linear, self.shape, self.native_shape, self._steps)
        return _separable(array, rows, columns)

    def labels_to_working(self, array: NDArray[_Label]) -> NDArray[_Label]:
        """Labels (..., Y, X) to (..., h, w) of the same dtype: the nearest pixel's, never a mix."""
        self._check(array.shape, self.native_shape)
        y, x = (
            np.clip(np.floor(_positions(n, size, step) + 0.5), 0, size - 1).astype(np.intp)
            for n, size, step in zip(self.shape, self.native_shape, self._steps, strict=True)
        )
        return array[..., y[:, None], x]

    def to_native(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Values (..., h, w) such as probabilities back to (..., Y, X), linear.

        Weights sum to 1, so probabilities stay probabilities.
        """
        self._check(array.shape, self.shape)
        back = tuple(1.0 / step for step in self._steps)
        rows, columns = map(_linear, self.native_shape, self.shape, back)
        return _separable(array, rows, columns)
