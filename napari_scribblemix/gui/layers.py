"""The layers of the open case in the viewer; nothing else of the plugin touches them.

From bottom to top: image, its further channels, uncertainty, enclosed background, prediction,
scribbles.  The viewer's axes are (Z, Y, X) with the image's spacing as scale; the full affine stays
in the project and in each layer's metadata, from which it is saved.  Layers of others in the same
viewer are left alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from numpy.typing import NDArray
from psygnal import Signal

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.gui.chosen_layer import ImageLayer, chosen_image, reason_against
from napari_scribblemix.gui.look import class_colours, contrast_limits, tint_colour
from napari_scribblemix.gui.open_case import OpenCase
from napari_scribblemix.project.channels import MOST

IMAGE, UNCERTAINTY, ENCLOSED = "image", "uncertainty", "enclosed"
PREDICTION, SCRIBBLES = "prediction", "scribbles"
CHANNELS = tuple(f"channel {number}" for number in range(2, MOST + 1))
"""The roles of the channels after the first, which is the image."""
_ORDER = (IMAGE, *CHANNELS, UNCERTAINTY, ENCLOSED, PREDICTION, SCRIBBLES)

METADATA = "scribblemix"
"""The key of a layer's metadata that holds what saving it needs (see ``writing``)."""


class LayerBoard:
    """Shows an ``OpenCase`` in ``viewer`` and finds its layers again."""

    active_changed = Signal()
    slice_changed = Signal(int)
    removed = Signal(str)
    """The user took the layer of this role out of the viewer."""

    def __init__(self, viewer: Any) -> None:
        """``viewer``: a ``napari.Viewer``, or a ``ViewerModel`` without a window."""
        self.viewer = viewer
        self._layers: dict[str, Layer] = {}
        self._spacing = (1.0, 1.0, 1.0)
        viewer.layers.selection.events.active.connect(self._on_active)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_step)

    def close(self) -> None:
        """Hear nothing more of the viewer."""
        viewer = self.viewer
        viewer.layers.selection.events.active.disconnect(self._on_active)
        viewer.layers.events.removed.disconnect(self._on_removed)
        viewer.dims.events.current_step.disconnect(self._on_step)

    def layer(self, role: str) -> Any:
        """The layer of that role, or ``None`` if there is none (any more)."""
        found = self._layers.get(role)
        return found if found is not None and found in self.viewer.layers else None

    # -- the case --

    def show_image(self, case: OpenCase, scheme: LabelScheme) -> None:
        """Show the case's image alone, from the slice on that is shown already.

        With several channels the first is seen; the others wait, hidden, in the layer list.
        """
        self.clear()
        volume = case.image
        self._spacing = volume.geometry.spacing
        names = [f"{case.id} {channel}" for channel in volume.channels] or [case.id]
        for role, name, array in zip((IMAGE, *CHANNELS), names, volume.arrays, strict=False):
            layer = Image(
                array,
                name=name,
                colormap="gray",
                contrast_limits=contrast_limits(array),
                visible=role == IMAGE,
                **self._common(case, scheme, role),
            )
            self._put(role, layer)
        self.viewer.reset_view()

    def show_scribbles(self, case: OpenCase, scheme: LabelScheme, *, editable: bool) -> Labels:
        """The layer to draw on, made if it is not there, and chosen with the brush in hand."""
        layer = self.layer(SCRIBBLES)
        if layer is None:
            layer = Labels(
                scheme.to_viewer(case.scribble),
                name="scribbles",
                colormap=class_colours(scheme),
                opacity=0.9,
                **self._common(case, scheme, SCRIBBLES),
            )
            self._put(SCRIBBLES, layer)
        layer.editable = editable
        self.viewer.layers.selection.active = layer
        if editable:
            layer.mode = "paint"
        return layer

    def show_mask(self, case: OpenCase, scheme: LabelScheme) -> None:
        """The prediction as it is now; other layers keep selection and order."""
        if case.prediction is None:
            self._remove(PREDICTION)
        elif (layer := self.layer(PREDICTION)) is None:
            layer = Labels(
                case.prediction.copy(),
                name="prediction",
                colormap=class_colours(scheme),
                opacity=0.4,
                **self._common(case, scheme, PREDICTION),
            )
            self._put(PREDICTION, layer)
        else:
            layer.data[...] = case.prediction
            layer.refresh()

    def show_uncertainty(self, case: OpenCase, scheme: LabelScheme, *, shown: bool) -> None:
        """The uncertainty as it is now; its layer is made when it is first asked for."""
        layer = self.layer(UNCERTAINTY)
        if case.uncertainty is None:
            self._remove(UNCERTAINTY)
        elif layer is not None:
            layer.data[...] = case.uncertainty
            layer.visible = shown
            layer.refresh()
        elif shown:
            layer = Image(
                case.uncertainty.copy(),
                name="uncertainty",
                colormap="inferno",
                contrast_limits=(0, 100),
                blending="additive",
                opacity=0.6,
                **self._common(case, scheme, UNCERTAINTY),
            )
            self._put(UNCERTAINTY, layer)

    def show_enclosed(
        self,
        enclosed: NDArray[np.bool_],
        number: int,
        case: OpenCase,
        scheme: LabelScheme,
    ) -> None:
        """Tint ``enclosed`` (1, Y, X) in a slice."""
        layer = self.layer(ENCLOSED)
        if layer is None:
            if not enclosed.any():
                return
            layer = Labels(
                np.zeros(case.image.array.shape, np.uint8),
                name="enclosed background",
                colormap=tint_colour(scheme),
                opacity=0.15,
                **self._common(case, scheme, ENCLOSED),
            )
            self._put(ENCLOSED, layer)
            layer.editable = False
        layer.data[number] = enclosed[0]
        layer.refresh()

    def clear(self) -> None:
        """Take all layers of the case out of the viewer."""
        for role in _ORDER:
            self._remove(role)

    # -- slices --

    def shown_slice(self) -> int:
        """The slice on screen, from 0."""
        dims = self.viewer.dims
        axis = dims.ndim - 3
        return round(dims.point[axis] / self._spacing[0]) if axis >= 0 else 0

    def go_to_slice(self, number: int) -> None:
        """Show a slice (from 0)."""
        dims = self.viewer.dims
        if dims.ndim >= 3:
            dims.set_point(dims.ndim - 3, number * self._spacing[0])

    # -- layers of others --

    def reason_against_active(self) -> str | None:
        """Why the layer chosen in the viewer cannot become a case; ``None`` if it can."""
        return reason_against(self.viewer, self._layers.values())

    def active_image(self) -> ImageLayer | None:
        """The image layer that is chosen in the viewer, if it can become a case."""
        return chosen_image(self.viewer, self._layers.values())

    # -- inside --

    def _on_active(self) -> None:
        self.active_changed.emit()

    def _on_step(self) -> None:
        if self.layer(IMAGE) is not None:
            self.slice_changed.emit(self.shown_slice())

    def _on_removed(self, event: Any) -> None:
        for role, layer in list(self._layers.items()):
            if layer is event.value:
                del self._layers[role]
                self.removed.emit(role)

    def _common(self, case: OpenCase, scheme: LabelScheme, role: str) -> dict[str, Any]:
        metadata = {"role": role, "geometry": case.image.geometry, "scheme": scheme}
        return {
            "scale": case.image.geometry.spacing,
            "metadata": {METADATA: metadata, "case": case.id},
            "axis_labels": ("slice", "y", "x"),
            "units": ("mm", "mm", "mm"),
        }

    def _put(self, role: str, layer: Layer) -> None:
        """Lay ``layer`` over the roles below it; who draws keeps the layer in hand."""
        layers = self.viewer.layers
        active = layers.selection.active
        above = [
            layers.index(found)
            for name in _ORDER[_ORDER.index(role) + 1 :]
            if (found := self.layer(name)) is not None
        ]
        layers.insert(min(above, default=len(layers)), layer)
        self._layers[role] = layer
        if active is not None and active in self._layers.values():
            layers.selection.active = active

    def _remove(self, role: str) -> None:
        layer = self.layer(role)
        self._layers.pop(role, None)
        if layer is not None:
            self.viewer.layers.remove(layer)


def geometry_in_viewer(viewer: Any, shape: tuple[int, ...]) -> Any:
    """The ``Geometry`` of a layer of that shape in ``viewer``, or ``None``."""
    for layer in viewer.layers:
        found = layer.metadata.get(METADATA)
        if found and tuple(layer.data.shape) == shape:
            return found["geometry"]
    return None
