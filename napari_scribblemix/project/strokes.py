"""Strokes as the journal keeps them: which voxels took which value.

A stroke is stored as runs of equal values along the flattened volume (C order of (Z, Y, X)), the
values being class indices or ``UNLABELLED``.  It says what the voxels are afterwards, so replaying
a journal twice, or over a file that already holds its strokes, changes nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import format_shape
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import FileError, GeometryError


def encode_stroke(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> dict[str, Any]:
    """The change from ``before`` to ``after`` (same shape) as runs ``[start, length, value]``."""
    changed = np.flatnonzero(before.ravel() != after.ravel())
    values = after.ravel()[changed]
    breaks = np.flatnonzero((np.diff(changed) != 1) | (np.diff(values) != 0)) + 1
    starts = np.concatenate([[0], breaks]) if len(changed) else np.zeros(0, int)
    ends = np.append(breaks, len(changed)) if len(changed) else starts
    runs = [
        [int(changed[start]), int(end - start), int(values[start])]
        for start, end in zip(starts, ends, strict=True)
    ]
    return {"shape": list(after.shape), "runs": runs}


def _is_run(run: object, size: int) -> bool:
    """Whether ``run`` is a start, a length and a value, inside a volume of ``size`` voxels."""
    if not isinstance(run, list) or len(run) != 3 or not all(type(part) is int for part in run):
        return False
    start, length, value = map(int, run)
    return start >= 0 and length > 0 and start + length <= size and 0 <= value <= UNLABELLED


def check_strokes(records: list[dict[str, Any]], shape: tuple[int, ...], source: str) -> None:
    """An error if strokes of the file ``source`` cannot be drawn on an image of that shape.

    They would be lost with the next save, for they have no place in this one.

    Raises:
        GeometryError: they were drawn on an image of another shape.
        FileError: a record is no stroke.
    """
    for record in records:
        drawn, runs = record.get("shape"), record.get("runs")
        sizes = drawn if isinstance(drawn, list) else []
        if not sizes or not all(type(size) is int for size in sizes) or not isinstance(runs, list):
            raise _no_stroke(source)
        if tuple(sizes) != shape:
            raise GeometryError(
                f"{source}: Strokes were drawn on an image of {format_shape(tuple(sizes))} but the "
                f"image is {format_shape(shape)}; put the image they were drawn on back."
            )
        if not all(_is_run(run, math.prod(shape)) for run in runs):
            raise _no_stroke(source)


def _no_stroke(source: str) -> FileError:
    return FileError(
        f"{source} holds a record that is no stroke; restore the file from a copy, or move it "
        "away: the strokes that are saved stay."
    )


def replay(scribble: NDArray[np.uint8], records: list[dict[str, Any]]) -> NDArray[np.uint8]:
    """A copy of ``scribble`` with the strokes of ``records`` drawn, oldest first.

    Strokes made for another shape belong to another image and are left out.
    """
    result = scribble.copy()
    flat = result.reshape(-1)
    for record in records:
        if record.get("shape") == list(scribble.shape):
            for start, length, value in record["runs"]:
                flat[start : start + length] = value
    return result
