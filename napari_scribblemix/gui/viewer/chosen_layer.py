"""The image layer of somebody else that is chosen in the viewer, to be made a case.

Only its axes and values are asked for here when it is used: a layer may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Layer

from napari_scribblemix.gui.viewer.layer_case import LayerImage, layer_image
from napari_scribblemix.gui.viewer.slice_on_screen import world_point
from napari_scribblemix.gui.viewer.world import Placement

ONLY_LOOKED_AT = "scribblemix_looked_at"
"""The key of a layer's metadata that says it is there for a look and goes again."""


@dataclass(frozen=True, eq=False)
class ImageLayer:
    """``layer``, the file it was read from if there is one, the pixel index ``at`` on screen."""

    layer: Image
    path: Path | None
    at: tuple[int, ...]

    @property
    def name(self) -> str:
        """As the layer list shows it."""
        return str(self.layer.name)

    def image(self) -> LayerImage:
        """What becomes a case; errors as ``layer_image``."""
        array = np.asarray(self.layer.data)
        return layer_image(self.name, array, Placement.of(self.layer), self.at)

    def hide(self) -> None:
        """The case shows the image from now on."""
        self.layer.visible = False


def reason_against(viewer: Any, own: Collection[Layer]) -> str | None:
    """Why the layer that is chosen cannot become a case; ``own`` are those of this plugin."""
    layer = viewer.layers.selection.active
    if not isinstance(layer, Image) or layer in own or ONLY_LOOKED_AT in layer.metadata:
        return "choose an image layer that is not one of this panel's."
    if layer.rgb:
        return f"{layer.name} is a colour image; choose one with a single grey value a pixel."
    if layer.multiscale:
        return f"{layer.name} has several resolutions; choose a layer of one, the finest."
    return None


def chosen_image(viewer: Any, own: Collection[Layer]) -> ImageLayer | None:
    """The image layer that is chosen, if it can become a case."""
    if reason_against(viewer, own) is not None:
        return None
    layer = viewer.layers.selection.active
    path = layer.source.path
    at = layer.world_to_data(world_point(viewer, layer))
    return ImageLayer(
        layer,
        None if path is None else Path(path),
        tuple(round(float(number)) for number in at),
    )
