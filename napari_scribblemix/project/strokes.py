"""Strokes as the journal keeps them: which voxels took which value.

A stroke is stored as runs of equal values along the flattened volume (C order of (Z, Y, X)), the
values being class indices or ``UNLABELLED``.  It says what the voxels are afterwards, so replaying
a journal twice, or over a file that already holds its strokes, changes nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import format_shape
from napari_scribblemix.errors import GeometryError


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


def check_strokes(records: list[dict[str, Any]], shape: tuple[int, ...], source: str) -> None:
    """``GeometryError`` if strokes of the file ``source`` were drawn on an image of another shape.

    They would be lost with the next save, for they have no place in this one.
    """
    for record in records:
        drawn = record.get("shape")
        if drawn != list(shape):
            sizes = tuple(drawn) if isinstance(drawn, list) else ()
            raise GeometryError(
                f"{source}: Strokes were drawn on an image of {format_shape(sizes)} but the image "
                f"is {format_shape(shape)}; put the image they were drawn on back."
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
