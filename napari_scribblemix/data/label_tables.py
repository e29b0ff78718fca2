"""From one count of the classes to another, by tables: what a file, an array and a layer hold.

Whoever calls says what each value means (see ``labels``); what has no meaning is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.errors import LabelError

UNLABELLED: int = 255
"""Class index that means "nobody has said" in memory (uint8 arrays)."""

_UNKNOWN = 254


def _describe(meanings: Mapping[int, int], names: Sequence[str]) -> str:
    known = {UNLABELLED: "unlabelled"} | dict(enumerate(names))
    return ", ".join(f"{value} {known[index]}" for value, index in meanings.items())


def decode(
    array: NDArray[Any], meanings: Mapping[int, int], names: Sequence[str], source: str
) -> NDArray[np.uint8]:
    """The class index of each value of ``array`` (any shape, integer), by ``meanings``.

    ``LabelError`` for other values; it names them, ``source`` and the classes by their ``names``.
    """
    if array.dtype.kind not in "uib":
        raise LabelError(f"Got labels of dtype {array.dtype}; expected integers.")
    size = max(meanings) + 1
    table = np.full(size + 1, _UNKNOWN, np.uint8)
    table[list(meanings)] = list(meanings.values())
    # What lies outside the table lands in its last, unknown entry.
    inside = (array >= 0) & (array < size)
    decoded: NDArray[np.uint8] = table[np.where(inside, array.astype(np.intp), size)]
    if (decoded == _UNKNOWN).any():
        values, counts = np.unique(array[decoded == _UNKNOWN], return_counts=True)
        shown = ", ".join(f"{v} ({c} times)" for v, c in zip(values[:5], counts, strict=False))
        more = f" and {len(values) - 5} more values" if len(values) > 5 else ""
        where = f" in {source}" if source else ""
        raise LabelError(
            f"Got the label value {shown}{more}{where}; expected "
            f"{_describe(meanings, names)}: give them one of these values."
        )
    return decoded


def encode(labels: NDArray[np.uint8], values: Sequence[int]) -> NDArray[np.unsignedinteger[Any]]:
    """``values`` in place of the class indices of ``labels``, the last one where unlabelled.

    The dtype is the smallest unsigned one that holds every value.  ``LabelError`` for a class that
    has none.
    """
    # Never 254 or 255 classes, so that the last entries of the table stay free.
    classes = len(values) - 1
    table = np.full(256, 65535, np.uint16)
    table[:classes] = values[:-1]
    table[UNLABELLED] = values[-1]
    if ((labels >= classes) & (labels != UNLABELLED)).any():
        raise LabelError(
            f"Got the class {labels[labels != UNLABELLED].max()}; expected 0 to "
            f"{classes - 1} or {UNLABELLED} (unlabelled)."
        )
    encoded: NDArray[np.unsignedinteger[Any]] = table[labels].astype(
        np.min_scalar_type(max(values))
    )
    return encoded


def to_viewer(labels: NDArray[np.uint8], classes: int) -> NDArray[np.uint8]:
    """0 where unlabelled, structures as they are, ``classes`` for background.

    ``LabelError`` for what is no class.
    """
    table = np.full(256, _UNKNOWN, np.uint8)
    table[:classes] = np.arange(classes)
    table[0], table[UNLABELLED] = classes, 0
    result: NDArray[np.uint8] = table[labels]
    if (result == _UNKNOWN).any():
        raise LabelError(
            f"Got class indices up to {labels[result == _UNKNOWN].max()}; expected 0 to "
            f"{classes - 1} or {UNLABELLED} (unlabelled)."
        )
    return result
