"""Window and level by dragging with the right button, as radiologists do.

To the right the window gets wider, so contrast falls; upwards the level falls, so the image gets
brighter.  With Shift held the drag zooms, as napari's right button does while nothing is drawn.
With Ctrl or Alt it is napari's.  It is taken before napari sees it: a labels layer would paint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy import QT5
from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtWidgets import QWidget

if QT5:
    from qtpy.QtWidgets import QOpenGLWidget
else:
    from qtpy.QtOpenGLWidgets import QOpenGLWidget

_ACROSS = 400.0
"""Pixels of the screen that change window or level by the whole range of the grey values."""
_NARROWEST = 1e-3
"""The smallest window, as a part of that range."""

_ZOOM = 0.006
"""How much a pixel of the screen zooms, as napari's own."""

Limits = tuple[float, float]


def dragged(limits: Limits, right: float, down: float, span: float) -> Limits:
    """The contrast limits after a drag over so many pixels; ``span`` is the range of grey values.

    The window is the distance of the limits, the level their middle.
    """
    low, high = limits
    step = span / _ACROSS
    width = max(high - low + right * step, span * _NARROWEST)
    level = (low + high) / 2 + down * step
    return level - width / 2, level + width / 2


@dataclass(frozen=True)
class _Windowing:
    """A drag of window and level: where it began on the screen, and with what."""

    place: QPointF
    layer: Any
    limits: Limits
    span: float

    def to(self, way: QPointF) -> None:
        """The mouse is so far from where it began."""
        self.layer.contrast_limits = dragged(self.limits, way.x(), way.y(), self.span)


@dataclass(frozen=True)
class _Zooming:
    """A drag of the zoom, about the ``fixed`` point (row, column) of the world."""

    place: QPointF
    camera: Any
    zoom: float
    centre: NDArray[np.float64]
    fixed: NDArray[np.float64]

    def to(self, way: QPointF) -> None:
        """The mouse is so far from where it began: upwards is larger."""
        factor = exp(-_ZOOM * way.y())
        self.camera.zoom = self.zoom * factor
        self.camera.center = self.fixed + (self.centre - self.fixed) / factor


class WindowLevel(QObject):
    """Watches the canvases in ``window``.

    ``image()`` gives the image layer that is meant, or ``None``; ``on()`` whether it is wanted.
    """

    def __init__(
        self, window: QWidget, viewer: Any, image: Callable[[], Any], on: Callable[[], bool]
    ) -> None:
        super().__init__(window)
        self._viewer, self._image, self._on = viewer, image, on
        self._drag: _Windowing | _Zooming | None = None
        self._canvases = [
            widget
            for widget in window.findChildren(QOpenGLWidget)
            if getattr(widget, "_vispy_canvas", None) is not None
        ]
        for canvas in self._canvases:
            canvas.installEventFilter(self)

    def close(self) -> None:
        """Watch no more."""
        for canvas in self._canvases:
            canvas.removeEventFilter(self)
        self._canvases.clear()
        self._drag = None

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Take the right button's events from press to release."""
        if event is None:
            return False
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            return self._begin(event)
        if self._drag is None:
            return False
        if event.type() == QEvent.Type.MouseMove:
            self._drag.to(_place(event) - self._drag.place)
            return True
        if event.type() == QEvent.Type.MouseButtonRelease:
            if event.button() == Qt.MouseButton.RightButton:
                self._drag = None
            return True
        return False

    def _begin(self, event: Any) -> bool:
        """Whether the press of a button is taken: it begins a drag, or comes within one."""
        if self._drag is not None:
            return True
        layer = self._image()
        if event.button() != Qt.MouseButton.RightButton or layer is None or not self._on():
            return False
        if event.modifiers() == Qt.KeyboardModifier.NoModifier:
            low, high = map(float, layer.contrast_limits)
            first, last = map(float, layer.contrast_limits_range)
            self._drag = _Windowing(_place(event), layer, (low, high), last - first)
        elif event.modifiers() == Qt.KeyboardModifier.ShiftModifier and self._in_plane:
            camera = self._viewer.scene.camera
            fixed = np.asarray(self._viewer.cursor.position, float)[-2:]
            centre = np.asarray(camera.center, float)[-2:]
            self._drag = _Zooming(_place(event), camera, float(camera.zoom), centre, fixed)
        return self._drag is not None

    @property
    def _in_plane(self) -> bool:
        return bool(self._viewer.dims.ndisplay == 2)


def _place(event: Any) -> QPointF:
    return event.localPos() if QT5 else event.position()
