"""What a removed layer held in graphics memory is given back in the canvas's own OpenGL context.

napari deletes a removed layer's buffers and textures at once, in whichever context is current.
Outside of a paint that is often Qt's own, with which it puts windows together.  A buffer that is
deleted there can still be in use by the canvas, whose next paint then reads what is gone: the
process dies in ``glDrawArrays``.  So nothing is done to the canvas's objects before its context is
current, whoever removes a layer, and whatever Qt painted since.
"""

from __future__ import annotations

from typing import Any

from qtpy import QT5
from qtpy.QtGui import QOpenGLContext
from qtpy.QtWidgets import QWidget

if QT5:
    from qtpy.QtWidgets import QOpenGLWidget
else:
    from qtpy.QtOpenGLWidgets import QOpenGLWidget


class CanvasContext:
    """Watches over the canvases in ``window`` until it is closed."""

    def __init__(self, window: QWidget) -> None:
        self._contexts: list[Any] = []
        for widget in window.findChildren(QOpenGLWidget):
            canvas = getattr(widget, "_vispy_canvas", None)
            if canvas is not None:
                self._watch(canvas.context, widget)

    def close(self) -> None:
        """Watch no more."""
        for context in self._contexts:
            context.__dict__.pop("flush_commands", None)
        self._contexts.clear()

    def _watch(self, context: Any, widget: QOpenGLWidget) -> None:
        flush = context.flush_commands

        def flush_in_own_context(event: Any = None) -> None:
            # Inside of a paint it is current already; made current anew, vispy's target were lost.
            # Not yet shown, the widget has no context and has drawn nothing.
            if widget.isValid() and QOpenGLContext.currentContext() is not widget.context():
                widget.makeCurrent()
            flush(event)

        context.flush_commands = flush_in_own_context
        self._contexts.append(context)
