"""A layer that stays in the viewer and shows another case from now on.

That is faster than a new layer, and safer: napari goes to two dimensions and back when its last
layer goes, and paints in between.  Look and place in the list stay as the user set them; what
belongs to the case before does not: undo, where somebody moved the layer to, the grey window.
"""

from __future__ import annotations

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_scribblemix.gui.viewer.case_layers import METADATA, Content

_UNMOVED = {
    "translate": np.zeros(3),
    "rotate": np.eye(3),
    "shear": np.zeros(3),
    "affine": np.eye(4),
}


def fits(layer: Layer, content: Content) -> bool:
    """Whether ``layer`` can go over to ``content``."""
    same = type(layer) is content.kind and layer.data.dtype == content.array.dtype
    return bool(same and layer.ndim == content.array.ndim)


def exchange(layer: Layer, content: Content) -> None:
    """Let ``layer``, which fits, show ``content``."""
    settings = content.settings
    editable = layer.editable
    if isinstance(layer, Labels):
        # So napari forgets its undo: strokes on another case must not be undone into this one.
        layer.editable = False
    layer.data = content.array
    layer.editable = editable
    for name, neutral in _UNMOVED.items():
        if not np.array_equal(np.asarray(getattr(layer, name)), neutral):
            setattr(layer, name, neutral)
    if tuple(layer.scale) != tuple(settings["scale"]):
        layer.scale = settings["scale"]
    layer.units = settings["units"]
    if isinstance(layer, Image):
        layer.contrast_limits_range = settings["contrast_limits"]
        layer.contrast_limits = settings["contrast_limits"]
    elif _scheme(layer.metadata) != _scheme(settings["metadata"]):
        layer.colormap = settings["colormap"]
    layer.metadata = settings["metadata"]
    if layer.name != settings["name"]:
        layer.name = settings["name"]


def _scheme(metadata: dict[str, dict[str, object]]) -> object:
    return metadata.get(METADATA, {}).get("scheme")
