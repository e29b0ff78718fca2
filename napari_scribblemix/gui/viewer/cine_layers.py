"""Another frame of the open case's cine, shown over it for a look: nothing of the case changes.

Two read-only layers lie on top while one looks: the frame's image and the outline of its mask.
When they go, what was chosen in the viewer is chosen again, and the case is as it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.gui.viewer.case_layers import IMAGE
from napari_scribblemix.gui.viewer.chosen_layer import ONLY_LOOKED_AT
from napari_scribblemix.gui.viewer.layers import LayerBoard
from napari_scribblemix.gui.viewer.look import class_colours

_OUTLINE = 1


class CineLayers:
    """Shows frames over the open case of a ``LayerBoard``."""

    taken_out = Signal()
    """Somebody took a layer out of the viewer, perhaps one of these."""

    def __init__(self, board: LayerBoard) -> None:
        self._board = board
        self._image: Image | None = None
        self._mask: Labels | None = None
        self._before: Any = None
        board.viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Hear nothing more of the viewer."""
        self._board.viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_removed(self, _event: Any = None) -> None:
        self.taken_out.emit()

    @property
    def shown(self) -> bool:
        """Whether a frame lies over the case."""
        return self._image is not None

    @property
    def left(self) -> bool:
        """Whether somebody chose another layer meanwhile, or took one of these out."""
        own = (self._image, self._mask)
        return self.shown and (self.broken or self._board.chosen not in own)

    @property
    def broken(self) -> bool:
        """Whether somebody took one of these layers out."""
        layers = self._board.viewer.layers
        return any(each is not None and each not in layers for each in (self._image, self._mask))

    def show(
        self,
        image: NDArray[np.float32],
        mask: NDArray[np.uint8] | None,
        scheme: LabelScheme,
    ) -> None:
        """Show a frame (Z, Y, X) on the grid of the case, and the outline of its mask."""
        if self._image is None or self._mask is None:
            self._add(image, scheme)
        if self._image is None or self._mask is None:  # the case's image was taken out
            return
        self._image.data[...] = image
        self._mask.data[...] = 0 if mask is None else mask
        for layer in (self._image, self._mask):
            # Neither the size nor the look in the layer list changes: the heart must beat.
            layer.refresh(extent=False, thumbnail=False, highlight=False)

    def hide(self) -> None:
        """Take the frame away; the layer that was chosen before is chosen again."""
        if self._image is None:
            return
        layers, own = self._board.viewer.layers, (self._mask, self._image)
        left = self.left
        self._image = self._mask = None
        for layer in own:
            if layer is not None and layer in layers:
                layers.remove(layer)
        if not left and self._before is not None and self._before in layers:
            self._board.choose(self._before)
        self._before = None
        self._board.cover(covered=False)

    def _add(self, image: NDArray[np.float32], scheme: LabelScheme) -> None:
        below = self._board.layer(IMAGE)
        if below is None:
            return
        layers = self._board.viewer.layers
        place: dict[str, Any] = {
            "scale": below.scale,
            "units": below.units,
            "axis_labels": below.axis_labels,
            "metadata": {ONLY_LOOKED_AT: True},
        }
        self._before = self._board.chosen
        self._image = Image(
            np.empty_like(image),
            name="another frame (a look)",
            contrast_limits=below.contrast_limits,
            gamma=below.gamma,
            colormap=below.colormap,
            interpolation2d=below.interpolation2d,
            **place,
        )
        self._mask = Labels(
            np.zeros(image.shape, np.uint8),
            name="outline of the frame",
            colormap=class_colours(scheme),
            **place,
        )
        self._mask.contour = _OUTLINE
        self._mask.editable = False
        self._board.cover(covered=True)
        layers.extend([self._image, self._mask])
        self._board.choose(self._image)
