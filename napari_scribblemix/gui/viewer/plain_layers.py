"""Plain layers of napari, of whomever they are, as the images, strokes and masks of a case.

A case counts slices, rows and columns; a layer may lie otherwise.  A mask goes back onto the pixels
of the layer it was made for, with that layer's whole transform and units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import format_shape
from napari_scribblemix.data.labels import CARDIAC, UNLABELLED, LabelScheme
from napari_scribblemix.errors import GeometryError, ImageError, LabelError, ScribbleError
from napari_scribblemix.gui.viewer.case_layers import METADATA
from napari_scribblemix.gui.viewer.layer_case import LayerImage, layer_image
from napari_scribblemix.gui.viewer.look import class_colours
from napari_scribblemix.gui.viewer.world import Placement

_OTHER = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, eq=False)
class PlainImage:
    """An image ``layer`` and what becomes a case of it."""

    layer: Image
    image: LayerImage

    @classmethod
    def of(cls, layer: Image | None) -> PlainImage:
        """That of a layer; ``ImageError`` or ``GeometryError`` if it is none to segment."""
        if layer is None:
            raise ImageError("There is no image layer; open an image first.")
        if layer.rgb or layer.multiscale:
            kind = "in colour" if layer.rgb else "of several resolutions"
            raise ImageError(f"{layer.name} is {kind}; choose an image of one grey value a pixel.")
        array = np.asarray(layer.data)
        if array.ndim not in {2, 3}:
            raise GeometryError(
                f"{layer.name} has {array.ndim} axes; expected slices, rows and columns: choose "
                "one frame of it as a layer of its own."
            )
        image = layer_image(str(layer.name), array, Placement.of(layer), (0,))
        # A name that can be asked for by name: no sign of it means several.
        name = _OTHER.sub("_", image.name).strip("_") or "image"
        return cls(layer, replace(image, name=name))

    def strokes(self, layer: Labels | None, scheme: LabelScheme) -> NDArray[np.uint8]:
        """The strokes of a labels layer, class indices and 255, as the case lies (Z, Y, X).

        In the layer 0 is not labelled and the number after the last structure the background.
        """
        if layer is None:
            raise ScribbleError("There is no labels layer with scribbles; make one and draw on it.")
        drawn = np.asarray(layer.data)
        if drawn.shape != self.layer.data.shape:
            raise GeometryError(
                f"{layer.name} is {format_shape(drawn.shape)} but {self.layer.name} is "
                f"{format_shape(self.layer.data.shape)}; choose the labels drawn on this image."
            )
        try:
            strokes = scheme.from_viewer(drawn)
        except LabelError as error:
            raise LabelError(f"{layer.name}: {error} {legend(scheme)}") from error
        if (strokes == UNLABELLED).all():
            raise ScribbleError(
                f"{layer.name} has no stroke; draw one in each structure. {legend(scheme)}"
            )
        return np.ascontiguousarray(self.image.geometry.from_file(strokes.T))

    def on_layer(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A mask of the case (Z, Y, X) on the pixels of the layer."""
        array = np.zeros(self.layer.data.shape, np.uint8)
        self.image.geometry.from_file(array.T)[...] = mask
        return array


def scheme_of(layer: Labels | None) -> LabelScheme:
    """What the numbers of a labels layer mean: as it was read, else hearts as usual."""
    known = {} if layer is None else layer.metadata.get(METADATA, {})
    scheme = known.get("scheme")
    return scheme if isinstance(scheme, LabelScheme) else CARDIAC


def legend(scheme: LabelScheme) -> str:
    """Which number is which structure, in one sentence."""
    named = [f"{value} {scheme.names[value]}" for value in range(1, scheme.classes)]
    return f"Numbers: {', '.join(named)}, {scheme.classes} background, 0 not drawn on."


def show_result(
    viewer: Any, image: PlainImage, mask: NDArray[np.uint8], scheme: LabelScheme, before: Any
) -> Any:
    """The labels layer that shows ``mask`` (Z, Y, X): ``before`` if it is still there, or new."""
    array = image.on_layer(mask)
    if before is not None and before in viewer.layers and before.data.shape == array.shape:
        before.data = array
        return before
    layer, chosen = image.layer, viewer.layers.selection.active
    added = viewer.add_labels(
        array,
        name=f"mask of {layer.name}",
        colormap=class_colours(scheme),
        opacity=0.4,
        scale=layer.scale,
        translate=layer.translate,
        rotate=layer.rotate,
        shear=layer.shear,
        affine=layer.affine.affine_matrix,
        units=layer.units,
    )
    # Whoever draws goes on drawing on the strokes.
    viewer.layers.selection.active = chosen
    return added
