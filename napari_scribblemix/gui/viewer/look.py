"""How images and labels look: the window of grey values, the colours of the classes."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme

_CLEAR = "#00000000"
_SEEN = 2.0
_THICKEST = 4
"""Outlines: pixels of the screen at least, pixels of the image at most."""


def contrast_limits(array: NDArray[Any]) -> tuple[float, float]:
    """From the 1st to the 99.5th percentile of the middle, widened where that is a single value.

    The middle half of each side of (..., Y, X) holds the heart.  Fat of the chest wall, several
    times as bright in late enhancement, would darken it.
    """
    height, width = array.shape[-2:]
    top, left = height // 4, width // 4
    middle = array[..., top : height - top, left : width - left]
    low, high = (float(value) for value in np.percentile(middle, (1.0, 99.5)))
    return (low, high) if high > low else (low, low + 1.0)


def outline_width(zoom: float, layer: Any) -> int:
    """Pixels of ``layer`` that an outline is thick, at ``zoom`` pixels of the screen per mm.

    One, or as many as make two pixels of the screen: half a pixel of colour is lost beside bright
    blood.
    """
    pixel_mm = float(min(layer.scale[-2:]))
    return min(_THICKEST, max(1, ceil(_SEEN / max(zoom * pixel_mm, _SEEN / _THICKEST))))


def class_colours(scheme: LabelScheme) -> DirectLabelColormap:
    """Transparent 0, structures 1 to K-1 as in files, the background pen K."""
    colours: dict[int | None, str] = {None: _CLEAR, 0: _CLEAR}
    colours |= dict(enumerate(scheme.colours[1:], start=1))
    colours[scheme.classes] = scheme.colours[0]
    return DirectLabelColormap(color_dict=colours)


def tint_colour(scheme: LabelScheme) -> DirectLabelColormap:
    """The background's colour for 1, nothing for all else."""
    return DirectLabelColormap(color_dict={None: _CLEAR, 0: _CLEAR, 1: scheme.colours[0]})
