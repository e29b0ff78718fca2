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

from napari_scribblemix.data.limits import MOST_WORKING_PIXELS, MOST_WORKING_SIDE
from napari_scribblemix.errors import GeometryError

_Label = TypeVar("_Label", bound=np.generic)

# Native pixels in a working pixel, or the other way round, that the limits of spacing allow.
_MOST_STEPS = 1000.0
# A hair below a whole pixel count is rounding of the header, not another pixel.
_HAIR = 1e-4


def _positions(targets: int, sources: int, step: float) -> NDArray[np.float64]:
    """Centres of ``targets`` pixels in source pixel indices, ``step`` apart, both grids centred."""
    offsets = np.arange(targets, dtype=np.float64) - (targets - 1) / 2
    positions: NDArray[np.float64] = (sources - 1) / 2 + offsets * step
    return positions


def _hat_integral(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The integral of max(0, 1 - |x|) from minus infinity to ``t``."""
    t = np.clip(t, -1.0, 1.0)
    result: NDArray[np.float64] = 0.5 + t - np.sign(t) * t * t / 2
    return result


def _linear(targets: int, sources: int, step: float) -> NDArray[np.float32]:
    """Weights (targets, sources): linear interpolation, edges clamped.

    When pixels grow, the interpolant is averaged over the box that widens a source pixel into a
    target pixel (their variances differ by that of the box).  Unlike a widened hat, this keeps
    straight slopes exactly straight.
    """
    position = _positions(targets, sources, step)
    width = math.sqrt(max(0.0, step * step - 1.0))
    reach = math.ceil(width / 2) + 1
    nearest = np.rint(position).astype(np.intp)
    weights = np.zeros((targets, sources))
    rows = np.arange(targets)
    for offset in range(-reach, reach + 1):
        away = position - (nearest + offset)
        if width > _HAIR:
            upper, lower = _hat_integral(away + width / 2), _hat_integral(away - width / 2)
            weight = (upper - lower) / width
        else:
            weight = np.maximum(0.0, 1.0 - np.abs(away))
        np.add.at(weights, (rows, np.clip(nearest + offset, 0, sources - 1)), weight)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def _separable(
    array: NDArray[Any], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``rows`` (Y, h) and ``columns`` (X, w) times each slice (..., h, w): (..., Y, X).

    As two products of two matrices.  One product for each slice and class would be spread over the
    cores each time, which costs more than the product, many times as much beside other work.
    """
    *others, height, width = array.shape
    values = np.ascontiguousarray(array, dtype=np.float32).reshape(-1, width)
    across = (values @ columns.T).reshape(-1, height, len(columns)).swapaxes(0, 1)
    both = rows @ across.reshape(height, -1)
    both = both.reshape(len(rows), -1, len(columns)).swapaxes(0, 1)
    result: NDArray[np.float32] = np.ascontiguousarray(both)
    return result.reshape(*others, len(rows), len(columns))


@dataclass(frozen=True)
class WorkingGrid:
    """From ``native_shape`` (Y, X) pixels of ``native_spacing`` mm to pixels of ``spacing`` mm."""

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
        field = [n * mm for n, mm in zip(self.native_shape, self.native_spacing, strict=True)]
        steps = [max(mm / self.spacing, self.spacing / mm) for mm in self.native_spacing]
        if max(field) > MOST_WORKING_SIDE * self.spacing or max(steps) > _MOST_STEPS:
            raise GeometryError(
                f"Got slices of {field[0]:.4g} x {field[1]:.4g} mm with pixels of "
                f"{self.native_spacing[0]:.3g} x {self.native_spacing[1]:.3g} mm; expected at most "
                f"{MOST_WORKING_SIDE * self.spacing:.0f} mm at a working pixel of "
                f"{self.spacing:.3g} mm: check the spacing in the header, crop the image, or use a "
                "larger working pixel."
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

    def _check(self, shape: tuple[int, ...], expected: tuple[int, int], classes: int = 1) -> None:
        if shape[-2:] != expected:
            raise GeometryError(
                f"Got slices of {' x '.join(map(str, shape[-2:]))}; expected "
                f"{expected[0]} x {expected[1]}."
            )
        if (
            pixels := math.prod(shape[:-2]) * math.prod(self.shape)
        ) > MOST_WORKING_PIXELS * classes:
            raise GeometryError(
                f"Got {math.prod(shape[:-2])} slices, {pixels / 1e6:.0f} million pixels on the "
                f"working grid of {self.shape[0]} x {self.shape[1]}; expected at most "
                f"{MOST_WORKING_PIXELS // 10**6} million: crop the image to the heart."
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

    def strokes_to_working(self, array: NDArray[_Label], nothing: int) -> NDArray[_Label]:
        """As ``labels_to_working``, for labels that are ``nothing`` nearly everywhere.

        A line thinner than a working pixel is not lost: where the nearest pixel has no label, any
        whose centre lies in the working pixel gives it one, the last of several.
        """
        working = self.labels_to_working(array)
        *others, rows, columns = np.nonzero(array != nothing)
        places = [
            np.clip(np.floor((at - (size - 1) / 2) / step + (n - 1) / 2 + 0.5), 0, n - 1)
            for at, n, size, step in zip(
                (rows, columns), self.shape, self.native_shape, self._steps, strict=True
            )
        ]
        there = (*others, *(place.astype(np.intp) for place in places))
        touched = np.full_like(working, nothing)
        touched[there] = array[(*others, rows, columns)]
        result: NDArray[_Label] = np.where(working == nothing, touched, working)
        return result

    def to_native(self, array: NDArray[Any]) -> NDArray[np.float32]:
        """Values (..., h, w) such as probabilities back to (..., Y, X), linear.

        Weights sum to 1, so probabilities stay probabilities.
        """
        self._check(array.shape, self.shape, classes=array.shape[0])
        back = tuple(1.0 / step for step in self._steps)
        rows, columns = map(_linear, self.native_shape, self.shape, back)
        return _separable(array, rows, columns)

    def to_native_part(
        self, array: NDArray[Any], rows: slice, columns: slice
    ) -> tuple[NDArray[np.float32], tuple[slice, slice]]:
        """As ``to_native``, but only the native pixels that these working ones have a share in.

        Returns them, and which rows and columns of the native grid they are.
        """
        self._check(array.shape, self.shape)
        back = tuple(1.0 / step for step in self._steps)
        weights = list(map(_linear, self.native_shape, self.shape, back))
        native = [_span(each[:, some]) for each, some in zip(weights, (rows, columns), strict=True)]
        weights = [each[some] for each, some in zip(weights, native, strict=True)]
        # Seen from the native pixels, what they are made of reaches a little further.
        sources = [_span(each.T) for each in weights]
        part = array[..., sources[0], sources[1]]
        down, across = (each[:, some] for each, some in zip(weights, sources, strict=True))
        return _separable(part, down, across), (native[0], native[1])


def _span(weights: NDArray[np.float32]) -> slice:
    """The rows of ``weights`` from the first to the last with any weight."""
    there = np.flatnonzero(weights.any(axis=1))
    return slice(int(there[0]), int(there[-1]) + 1) if len(there) else slice(0, 0)
