"""What each layer of the open case shows: its array, what is the case's own, how it looks at first.

Knows no viewer: ``layers`` puts it there, ``exchange`` lets a layer go over to another case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.gui.viewer.look import class_colours, contrast_limits, tint_colour
from napari_scribblemix.project.channels import MOST

IMAGE, UNCERTAINTY, ENCLOSED = "image", "uncertainty", "enclosed"
PREDICTION, SCRIBBLES = "prediction", "scribbles"
CHANNELS = tuple(f"channel {number}" for number in range(2, MOST + 1))
"""The roles of the channels after the first, which is the image."""
ORDER = (IMAGE, *CHANNELS, UNCERTAINTY, ENCLOSED, PREDICTION, SCRIBBLES)
"""The roles from bottom to top."""

METADATA = "scribblemix"
"""The key of a layer's metadata that holds what saving it needs (see ``writing``)."""

# Strokes are opaque and the mask lets the image through: their colours are the same.
_LABELS = {
    ENCLOSED: ("enclosed background", 0.15),
    PREDICTION: ("prediction", 0.4),
    SCRIBBLES: ("scribbles", 1.0),
}
_UNCERTAINTY = {"colormap": "inferno", "blending": "additive", "opacity": 0.6}
"""Percent, bright where it is large."""


@dataclass(frozen=True)
class Content:
    """The content of a layer of class ``kind``.

    Attributes:
        array: (Z, Y, X); the layer may change it.
        settings: arguments of the class that belong to the case.
        look: arguments that are the user's to change, so only a new layer gets them.
    """

    kind: type[Layer]
    array: NDArray[Any]
    settings: dict[str, Any]
    look: dict[str, Any]


def image_roles(case: OpenCase) -> tuple[str, ...]:
    """The roles of the case's channels."""
    return (IMAGE, *CHANNELS)[: len(case.image.arrays)]


def content_of(role: str, case: OpenCase, scheme: LabelScheme) -> Content | None:
    """What the layer of a role shows of ``case``; ``None`` if the case has nothing for it.

    The tint of the enclosed background is empty: it is worked out slice by slice.
    """
    if role == SCRIBBLES:
        return _labels(role, scheme.to_viewer(case.scribble), case, scheme)
    if role == ENCLOSED:
        return _labels(role, np.zeros(case.image.array.shape, np.uint8), case, scheme)
    if role == PREDICTION:
        mask = case.prediction
        return None if mask is None else _labels(role, mask.copy(), case, scheme)
    if role == UNCERTAINTY:
        doubt = case.uncertainty
        if doubt is None:
            return None
        return _grey(role, "uncertainty", doubt.copy(), (0.0, 100.0), case, scheme, _UNCERTAINTY)
    if role not in image_roles(case):
        return None
    number = image_roles(case).index(role)
    channels = case.image.channels
    name = f"{case.id} {channels[number]}" if channels else case.id
    array = case.image.arrays[number]
    smooth = "linear" if preferences.smooth_image() else "nearest"
    look = {"colormap": "gray", "visible": role == IMAGE, "interpolation2d": smooth}
    return _grey(role, name, array, contrast_limits(array), case, scheme, look)


def _settings(role: str, name: str, case: OpenCase, scheme: LabelScheme) -> dict[str, Any]:
    known = {"role": role, "geometry": case.image.geometry, "scheme": scheme}
    return {
        "name": name,
        "scale": case.image.geometry.spacing,
        "units": ("mm", "mm", "mm"),
        "axis_labels": ("slice", "y", "x"),
        "metadata": {METADATA: known, "case": case.id},
    }


def _grey(
    role: str,
    name: str,
    array: NDArray[Any],
    limits: tuple[float, float],
    case: OpenCase,
    scheme: LabelScheme,
    look: dict[str, Any],
) -> Content:
    settings = _settings(role, name, case, scheme)
    return Content(Image, array, settings | {"contrast_limits": limits}, look)


def _labels(role: str, array: NDArray[np.uint8], case: OpenCase, scheme: LabelScheme) -> Content:
    name, opacity = _LABELS[role]
    colours = tint_colour(scheme) if role == ENCLOSED else class_colours(scheme)
    settings = _settings(role, name, case, scheme)
    return Content(Labels, array, settings | {"colormap": colours}, {"opacity": opacity})
