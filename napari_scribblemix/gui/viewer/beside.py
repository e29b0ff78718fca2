"""Another phase of the patient to the right of the case: its image and its mask, to be seen only.

It lies in the same canvas, so slice, zoom and window of grey values are shared.  Each of its slices
is the one at the same place in the patient.  Taken away, the view is what it was before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.gui.state.phases import slices_at
from napari_scribblemix.gui.viewer.chosen_layer import ONLY_LOOKED_AT
from napari_scribblemix.gui.viewer.layers import IMAGE, PREDICTION, LayerBoard
from napari_scribblemix.gui.viewer.look import class_colours

GAP_MM = 10.0


@dataclass(frozen=True, eq=False)
class Other:
    """The other phase; ``image`` and ``mask`` are (Z, Y, X) on the grid ``geometry``."""

    id: str
    image: NDArray[Any]
    mask: NDArray[np.uint8] | None
    geometry: Geometry


class Beside:
    """At most one phase beside the case that ``board`` shows."""

    def __init__(self, board: LayerBoard) -> None:
        self._board = board
        self._layers: list[Layer] = []
        self._linked: Any = None
        self._camera: tuple[float, tuple[float, ...]] | None = None

    @property
    def shown(self) -> bool:
        """Whether a phase is beside the case, and nobody took it out of the viewer."""
        return bool(self._layers) and all(one in self._board.viewer.layers for one in self._layers)

    def show(self, case: OpenCase, other: Other, scheme: LabelScheme) -> None:
        """Show ``other`` to the right of ``case``, in place of what is there."""
        viewer, active = self._board.viewer, self._board.chosen
        again = self.shown
        if not again:
            camera = viewer.scene.camera
            self._camera = float(camera.zoom), tuple(camera.center)
        self._take_out()
        spacing = other.geometry.spacing
        across = case.image.array.shape[2] * case.image.geometry.spacing[2] + GAP_MM
        place = {
            "scale": (case.image.geometry.spacing[0], *spacing[1:]),
            "translate": (0.0, 0.0, across),
            "units": ("mm",) * 3,
            "axis_labels": ("slice", "y", "x"),
            "metadata": {"beside": other.id, ONLY_LOOKED_AT: True},
        }
        wanted = slices_at(case.image.geometry, other.geometry)
        image = self._board.layer(IMAGE)
        own = {"interpolation2d": image.interpolation2d} if image is not None else {}
        self._layers = [
            Image(_taken(other.image, wanted), name=other.id, colormap="gray", **own, **place)
        ]
        if other.mask is not None:
            labels = Labels(
                _taken(other.mask, wanted), name=f"{other.id} mask",
                colormap=class_colours(scheme), **place,
            )  # fmt: skip
            labels.editable = False
            self._layers.append(labels)
        for number, layer in enumerate(self._layers):
            viewer.layers.insert(number, layer)
        if active is not None and active in viewer.layers:
            self._board.choose(active)
        self._link(image)
        self.look()
        if not again:
            viewer.reset_view()

    def look(self) -> None:
        """Let its mask look as that of the case."""
        mask = self._board.layer(PREDICTION)
        if mask is not None and len(self._layers) > 1:
            for name in ("visible", "contour", "opacity"):
                # napari draws anew even where nothing changed.
                if getattr(self._layers[1], name) != getattr(mask, name):
                    setattr(self._layers[1], name, getattr(mask, name))

    def hide(self) -> None:
        """Take it away; zoom and centre are what they were before."""
        there = bool(self._layers)
        self._take_out()
        if there and self._camera is not None:
            camera = self._board.viewer.scene.camera
            camera.zoom, camera.center = self._camera
        self._camera = None

    def _take_out(self) -> None:
        self._link(None)
        active = self._board.chosen
        for layer in self._layers:
            if layer in self._board.viewer.layers:
                self._board.viewer.layers.remove(layer)
        self._layers = []
        if active is not None and active in self._board.viewer.layers:
            self._board.choose(active)

    def _link(self, image: Any) -> None:
        """Follow the window of grey values of ``image``, or of none."""
        if self._linked is not None:
            self._linked.events.contrast_limits.disconnect(self._follow)
        self._linked = image
        if image is not None:
            image.events.contrast_limits.connect(self._follow)
            self._follow()

    def _follow(self, _event: Any = None) -> None:
        if self._layers and self._linked is not None:
            self._layers[0].contrast_limits = self._linked.contrast_limits


def _taken(array: NDArray[Any], wanted: list[int | None]) -> NDArray[Any]:
    """The slices of those numbers, empty where there is none."""
    taken = np.zeros((len(wanted), *array.shape[1:]), array.dtype)
    for place, number in enumerate(wanted):
        if number is not None:
            taken[place] = array[number]
    return taken
