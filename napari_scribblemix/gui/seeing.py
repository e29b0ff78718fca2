"""What radiology tools have beside the image: a ruler, the value under the mouse, the window.

The line is in napari's status bar, on the right.  A held key measures from where the mouse was when
it was pressed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QMainWindow

from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.case_layers import METADATA
from napari_scribblemix.gui.viewer.layers import CHANNELS, IMAGE, PREDICTION, LayerBoard
from napari_scribblemix.gui.viewer.pointer import distance_mm, index_at, words_at
from napari_scribblemix.gui.viewer.slice_on_screen import in_units_of
from napari_scribblemix.gui.viewer.window_level import WindowLevel
from napari_scribblemix.gui.widgets.controls import label


class Seeing:
    """In ``window`` from now on until it is closed."""

    def __init__(self, window: QMainWindow, board: LayerBoard, session: Session) -> None:
        self._window, self._board, self._session = window, board, session
        self._start: NDArray[np.float64] | None = None
        self.line = label()
        # A long line never makes the window wider.
        self.line.setMinimumWidth(1)
        window.statusBar().addPermanentWidget(self.line)
        self.window_level = WindowLevel(
            window, board.viewer, self.image, preferences.window_by_dragging
        )
        self._cursor = board.viewer.cursor
        self._cursor.events.position.connect(self._on_move)
        session.case_changed.connect(self._on_case)
        self._bar = board.viewer.canvas.overlays.scale_bar
        self._had_bar = self._bar.visible
        self._on_case()

    def close(self) -> None:
        """Leave the window as it was."""
        self._cursor.events.position.disconnect(self._on_move)
        self._session.case_changed.disconnect(self._on_case)
        self.window_level.close()
        self._bar.visible = self._had_bar
        self._window.statusBar().removeWidget(self.line)
        self.line.deleteLater()

    def image(self) -> Any:
        """The image layer of the case that is seen: the topmost visible channel, or ``None``."""
        layers = (self._board.layer(role) for role in (*reversed(CHANNELS), IMAGE))
        return next((layer for layer in layers if layer is not None and layer.visible), None)

    def measure(self, *, on: bool) -> None:
        """Measure from where the mouse is now, or no more."""
        layer = self.image()
        self._start = self._place(layer) if on and layer is not None else None
        self._on_move()

    def _place(self, layer: Any) -> NDArray[np.float64]:
        point = np.asarray(self._cursor.position, float)[-layer.ndim :]
        return np.asarray(layer.world_to_data(in_units_of(layer, self._board.viewer, point)), float)

    def _on_case(self) -> None:
        self._start = None
        self.line.setText("")
        if self._session.case is not None:
            self._bar.visible = True

    def _on_move(self, _event: Any = None) -> None:
        layer, viewer = self.image(), self._board.viewer
        index = None
        if layer is not None and isinstance(self._board.slice_on_screen(), int):
            index = index_at(viewer, layer, self._cursor.position)
        if layer is None or index is None:
            self.line.setText("")
            return
        words = words_at(layer, index, self._board.layer(PREDICTION), self._session.scheme)
        if self._start is not None:
            geometry = layer.metadata[METADATA]["geometry"]
            far = distance_mm(geometry, self._start, self._place(layer))
            words = f"distance {far:.1f} mm  |  {words}"
        self.line.setText(words)
