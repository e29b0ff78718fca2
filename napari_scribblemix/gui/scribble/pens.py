"""What is in the hand: a pen or the eraser, as wide as the brush says, on strokes or on the mask.

The palette, its keys, the brush and undo mean the same on both layers.  The mask has no "not
labelled": there the background pen and the eraser both make background.  What is painted is not
this module's business; it only tells when undo or redo changed a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.scribble.panel import ERASER, ScribblePanel
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES, LayerBoard
from napari_scribblemix.gui.viewer.slice_on_screen import COVERED

_DRAWN_ON = (SCRIBBLES, PREDICTION)
_PAINTING = ("paint", "fill", "polygon", "erase")
_KEYS = 9


class Pens(QObject):
    """Between the palette of the panel and the layer that is drawn on."""

    layer_wanted = Signal()
    """A pen was chosen before there was anything to draw on."""
    changed = Signal()
    """Undo or redo changed a layer."""

    def __init__(self, session: Session, board: LayerBoard, panel: ScribblePanel) -> None:
        super().__init__(panel)
        self._session, self._board, self._panel = session, board, panel
        self._role = SCRIBBLES
        self._value = self._pen = 1
        self._known: dict[str, Any] = {}
        self._setting_brush = False
        panel.pen_chosen.connect(self.take)
        panel.brush_changed.connect(lambda _mm: self._set_brush())
        change = guarded(session, self._change)
        panel.undo_wanted.connect(lambda: change(lambda layer: layer.undo()))
        panel.redo_wanted.connect(lambda: change(lambda layer: layer.redo()))
        board.active_changed.connect(self._on_active)

    @property
    def role(self) -> str:
        """What is drawn on: ``SCRIBBLES`` or ``PREDICTION``."""
        return self._role

    def layer(self) -> Any:
        """The layer that is drawn on, or ``None`` if it is not there."""
        return self._board.layer(self._role)

    @property
    def pen(self) -> int:
        """The viewer value of the pen that was in the hand last, the eraser aside."""
        return self._pen

    def hold(self, role: str, pen: int) -> None:
        """Draw on the layer of ``role`` from now on, with the pen of that viewer value."""
        self._role, self._value = role, pen
        layer = self.layer()
        if layer is not None:
            if not layer.visible:  # napari lets nobody draw on what is hidden
                layer.visible = True
            self._board.choose(layer)
            self._know(layer)
            self._value = pen
            self._give(layer)
        self.show()

    def take(self, value: int) -> None:
        """Draw with the pen of a viewer value, or erase."""
        if self.layer() is None:
            self.layer_wanted.emit()
        self._value = value
        layer = self.layer()
        if layer is not None and layer.editable:
            self._board.choose(layer)
            self._give(layer)
        self.show()

    def show(self) -> None:
        """Mark in the panel what is in the hand: nothing while the image is moved."""
        layer = self.layer()
        if layer is None or layer is not self._board.chosen:
            self._panel.show_hand(None, None)
            return
        mode, label = str(layer.mode), int(layer.selected_label)
        if mode not in _PAINTING:
            self._panel.show_hand(self._role, None)
            return
        if mode == "erase":
            self._value = ERASER
        else:
            on_mask = self._role == PREDICTION
            self._value = self._session.scheme.classes if on_mask and label == 0 else label
            self._pen = self._value or self._pen
        self._panel.show_hand(self._role, self._value)

    # -- inside --

    def _on_active(self) -> None:
        active = self._board.chosen
        for role in _DRAWN_ON:
            if active is not None and active is self._board.layer(role):
                self._role = role
                self._know(active)
        self.show()

    def _know(self, layer: Any) -> None:
        """Give a layer its keys, and the brush; hear of what napari's own controls change."""
        self._bind_keys(layer)
        if self._known.get(self._role) is not layer:
            self._known[self._role] = layer
            layer.events.selected_label.connect(self.show)
            layer.events.mode.connect(self.show)
            layer.events.brush_size.connect(self._on_brush)
        self._set_brush()

    def _give(self, layer: Any) -> None:
        if self._value == ERASER:
            layer.mode = "erase"
            return
        background = self._value == self._session.scheme.classes
        layer.selected_label = 0 if background and self._role == PREDICTION else self._value
        layer.mode = "paint"

    def _bind_keys(self, layer: Any) -> None:
        for value in range(1, min(_KEYS, self._session.scheme.classes) + 1):
            layer.bind_key(str(value), lambda _layer, v=value: self.take(v), overwrite=True)
        for key in ("0", "E"):
            layer.bind_key(key, lambda _layer: self.take(ERASER), overwrite=True)

    def _change(self, action: Callable[[Any], None]) -> None:
        if self._board.covered:  # nobody would see what changed
            raise ProjectError(f"The strokes are not on screen: {COVERED}")
        layer = self.layer()
        if layer is not None:
            action(layer)
            self.changed.emit()

    # -- the brush --

    def _pixel(self) -> float:
        """The side of a pixel in mm."""
        return float(min(self._session.the_case().image.geometry.spacing[1:]))

    def _set_brush(self) -> None:
        if self._session.case is not None:
            self._widen(max(1, round(self._panel.brush.value() / self._pixel())))

    def _on_brush(self) -> None:
        """The keys [ and ], the mouse or napari's slider made the brush another size."""
        layer = self.layer()
        if layer is None or self._setting_brush or self._session.case is None:
            return
        largest = max(1, int(self._panel.brush.maximum() / self._pixel()))
        self._widen(min(layer.brush_size, largest))
        self._panel.show_brush(layer.brush_size * self._pixel())

    def _widen(self, pixels: int) -> None:
        self._setting_brush = True
        for role in _DRAWN_ON:
            layer = self._board.layer(role)
            if layer is not None and layer.brush_size != pixels:
                layer.brush_size = pixels
        self._setting_brush = False
