"""The open case in the viewer: what the steps see of napari's layers, and what they may ask for.

From bottom to top: image, its further channels, uncertainty, enclosed background, prediction,
scribbles.  The viewer's axes are (Z, Y, X) with the image's spacing as scale; the full affine stays
in the project and in each layer's metadata, from which it is saved.  Another case takes the layers
of the one before over (see ``case_stack``): the viewer is never empty in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from numpy.typing import NDArray
from psygnal import Signal

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.gui.viewer.case_layers import (
    CHANNELS,
    ENCLOSED,
    IMAGE,
    ORDER,
    PREDICTION,
    SCRIBBLES,
    UNCERTAINTY,
    content_of,
    image_roles,
)
from napari_scribblemix.gui.viewer.case_stack import CaseStack
from napari_scribblemix.gui.viewer.chosen_layer import ImageLayer, chosen_image, reason_against
from napari_scribblemix.gui.viewer.fitting import Fitting
from napari_scribblemix.gui.viewer.slice_on_screen import (
    COVERED,
    IN_3D,
    SIDEWAYS,
    common_slice,
    stand_at,
    turn_back,
)
from napari_scribblemix.gui.viewer.way_up import AS_STORED, way_up

__all__ = ["CHANNELS", "ENCLOSED", "IMAGE", "PREDICTION", "SCRIBBLES", "UNCERTAINTY", "LayerBoard"]


class LayerBoard:
    """Shows an ``OpenCase`` in ``viewer`` and finds its layers again."""

    active_changed = Signal()
    slice_changed = Signal(int)
    """Another slice (from 0) is on screen."""
    view_changed = Signal()
    """Another slice, or one no more, or one again: see ``slice_on_screen``."""
    zoomed = Signal()
    """The image is drawn larger or smaller."""
    removed = Signal(str)
    """The user took the layer of this role out of the viewer."""

    def __init__(self, viewer: Any) -> None:
        """``viewer``: a ``napari.Viewer``, or a ``ViewerModel`` without a window."""
        self.viewer = viewer
        self._stack = CaseStack(viewer)
        self._fitting = Fitting(viewer)
        self._taken_out = False
        self._changing = self._covered = False
        self._seen: int | str | None = None
        self._sources = (
            (viewer.layers.selection.events.active, self._on_active),
            (viewer.layers.events.removed, self._on_removed),
            (viewer.layers.events.inserted, self._look),
            (viewer.dims.events, self._look),
            (viewer.scene.camera.events.zoom, self._on_zoom),
        )
        for source, listener in self._sources:
            source.connect(listener)

    def close(self) -> None:
        """Hear nothing more of the viewer."""
        self._fitting.close()
        for source, listener in self._sources:
            source.disconnect(listener)

    def layer(self, role: str) -> Any:
        """The layer of that role, or ``None`` if there is none (any more)."""
        return self._stack.layer(role)

    @property
    def complete(self) -> bool:
        """Whether the user left the layers of the case where they are."""
        return not self._taken_out

    # -- what is chosen --

    @property
    def chosen(self) -> Any:
        """The layer that is chosen in the viewer, of whomever it is, or ``None``."""
        return self.viewer.layers.selection.active

    def choose(self, layer: Layer) -> None:
        """Choose a layer as a click in the layer list does."""
        self.viewer.layers.selection.active = layer

    @property
    def viewer_is_empty(self) -> bool:
        """Whether no layer of anybody is in the viewer (any more)."""
        return not self.viewer.layers

    # -- the case --

    def show_case(self, case: OpenCase, scheme: LabelScheme) -> None:
        """Show the case in the layers that are there; those it has no use for go at last.

        Its image is shown in any case, of several channels the first: the others wait, hidden, in
        the layer list.  Other layers are made by their own methods.  The slider stays where it is.
        """
        self.viewer.scene.camera.orientation2d = way_up(case.image.geometry)
        with self._change():
            shown = [role for role in ORDER if self.layer(role) is not None]
            wanted = {role: content_of(role, case, scheme) for role in (*image_roles(case), *shown)}
            for role, content in wanted.items():
                if content is not None:
                    self._stack.show(role, content)
            for role, content in wanted.items():
                if content is None:
                    self._stack.remove(role)
        self._taken_out = False
        self._fitting.fit()

    def show_scribbles(self, case: OpenCase, scheme: LabelScheme, *, editable: bool) -> Labels:
        """The layer to draw on, made if it is not there, and chosen with the brush in hand."""
        layer = self._get(SCRIBBLES, case, scheme)
        layer.editable = editable
        self.choose(layer)
        if editable:
            layer.mode = "paint"
        return layer

    def show_mask(self, case: OpenCase, scheme: LabelScheme) -> None:
        """The prediction as it is now; other layers keep selection and order."""
        if case.prediction is None:
            self._stack.remove(PREDICTION)
        else:
            _write(self._get(PREDICTION, case, scheme), case.prediction)

    def show_uncertainty(self, case: OpenCase, scheme: LabelScheme, *, shown: bool) -> None:
        """The uncertainty as it is now; its layer is made when it is first asked for."""
        if case.uncertainty is None:
            self._stack.remove(UNCERTAINTY)
        elif shown or self.layer(UNCERTAINTY) is not None:
            layer = self._get(UNCERTAINTY, case, scheme)
            _write(layer, case.uncertainty)
            if layer.visible != shown:
                layer.visible = shown

    def show_enclosed(
        self,
        enclosed: NDArray[np.bool_],
        number: int,
        case: OpenCase,
        scheme: LabelScheme,
    ) -> None:
        """Tint ``enclosed`` (1, Y, X) in a slice."""
        if enclosed.any() or self.layer(ENCLOSED) is not None:
            layer = self._get(ENCLOSED, case, scheme)
            layer.editable = False
            if not np.array_equal(layer.data[number], enclosed[0]):
                layer.data[number] = enclosed[0]
                layer.refresh()

    def clear(self) -> None:
        """Take all layers of the case out of the viewer, which turns back as it was."""
        with self._change():
            for role in ORDER:
                self._stack.remove(role)
        self._taken_out = False
        self.viewer.scene.camera.orientation2d = AS_STORED

    # -- slices --

    def slice_on_screen(self) -> int | str:
        """The slice on screen (from 0), or why there is none: nothing may be done to a slice then.

        Whoever acts on it asks here at that moment; ``slice_changed`` is for what is only shown.
        """
        if self._covered:
            return COVERED
        return common_slice(self.viewer, self._stack.present(IMAGE, PREDICTION, SCRIBBLES))

    @property
    def covered(self) -> bool:
        """Whether something else than the case is on screen."""
        return self._covered

    def cover(self, *, covered: bool) -> None:
        """Whether something else lies over the case: slices out of sight are not acted on."""
        self._covered = covered
        self._look()

    def stand_at(self, number: int) -> None:
        """Move the slider to a slice (from 0), whichever way the view is turned."""
        for layer in self._stack.present(*ORDER)[:1]:
            stand_at(self.viewer, layer, number)
        self._look()

    def go_to_slice(self, number: int) -> None:
        """Show a slice (from 0); a view in 3-D or from the side is turned back for it."""
        if self.slice_on_screen() in {IN_3D, SIDEWAYS}:
            turn_back(self.viewer)
        self.stand_at(number)

    # -- layers of others --

    def reason_against_active(self) -> str | None:
        """Why the layer chosen in the viewer cannot become a case; ``None`` if it can."""
        return reason_against(self.viewer, self._stack.own)

    def active_image(self) -> ImageLayer | None:
        """The image layer that is chosen in the viewer, if it can become a case."""
        return chosen_image(self.viewer, self._stack.own)

    # -- inside --

    def _on_zoom(self) -> None:
        self.zoomed.emit()

    def _on_active(self) -> None:
        self.active_changed.emit()

    def _look(self, _event: Any = None) -> None:
        if self._changing:
            return
        found = self.slice_on_screen()
        if found != self._seen:
            self._seen = found
            if isinstance(found, int):
                self.slice_changed.emit(found)
            self.view_changed.emit()

    def _on_removed(self, event: Any) -> None:
        if (role := self._stack.forget(event.value)) is not None:
            self._taken_out = True
            self.removed.emit(role)
        self._look()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Layers and sliders pass through states that are none; they are looked at afterwards."""
        self._changing = True
        try:
            yield
        finally:
            self._changing = False
            self._seen = None

    def _get(self, role: str, case: OpenCase, scheme: LabelScheme) -> Any:
        """The layer of the role, made if it is not there; the case has something for it."""
        layer = self.layer(role)
        if layer is None and (content := content_of(role, case, scheme)) is not None:
            layer = self._stack.show(role, content)
        return layer


def _write(layer: Any, array: NDArray[np.uint8]) -> None:
    """Show ``array`` in a layer of its shape; napari draws anew even where nothing changed."""
    if not np.array_equal(layer.data, array):
        layer.data[...] = array
        layer.refresh()
