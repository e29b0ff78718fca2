"""What a removed layer held in graphics memory is given back in the canvas's own OpenGL context.

napari deletes a removed layer's buffers and textures at once, in whichever context is current.
Outside of a paint that is Qt's own, with which it puts windows together.  A buffer that is deleted
there can still be in use by the canvas, whose next paint then reads what is gone: the process dies
in ``glDrawArrays``.  So the canvas's context is made current first, for every layer of anybody.
"""

from __future__ import annotations

from typing import Any

from qtpy import QT5
from qtpy.QtWidgets import QWidget

if QT5:
    from qtpy.QtWidgets import QOpenGLWidget
else:
    from qtpy.QtOpenGLWidgets import QOpenGLWidget


class CanvasContext:
    """Watches the layer list of ``viewer``, whose canvases are in ``window``."""

    def __init__(self, viewer: Any, window: QWidget) -> None:
        self._window = window
        self._events = viewer.layers.events
        # napari calls the last connected first: before its own canvas deletes anything.
        self._events.removed.connect(self._make_current, position="first")
        self._events.end_batch.connect(self._make_current, position="first")

    def close(self) -> None:
        """Watch no more."""
        self._events.removed.disconnect(self._make_current)
        self._events.end_batch.disconnect(self._make_current)

    def _make_current(self, _event: Any = None) -> None:
        for canvas in self._window.findChildren(QOpenGLWidget):
            # Not yet shown, it has no context and has drawn nothing.
            if canvas.isValid():
                canvas.makeCurrent()
