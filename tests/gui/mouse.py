"""A hand for tests and benchmarks: strokes on napari's canvas by the events a real mouse gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

Point = tuple[float, float]


def on_canvas(viewer: Any, row: float, column: float) -> QPointF:
    """Where on the canvas, in its pixels, the world's (row, column) in mm is drawn."""
    view = viewer.window._qt_viewer.canvas.view
    x, y = (view.transform * view.scene.transform).map([column, row])[:2]
    return QPointF(float(x), float(y))


def send(viewer: Any, kind: Any, place: QPointF, *, pressed: bool) -> None:
    """One mouse event with or without the left button down."""
    canvas = viewer.window._qt_viewer.canvas.native
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = left if pressed else none
    everywhere = QPointF(canvas.mapToGlobal(place.toPoint()))
    keys = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, place, everywhere, button, held, keys)
    QApplication.sendEvent(canvas, event)


def stroke(
    viewer: Any, points: Sequence[Point], between: Callable[[], object] = QApplication.processEvents
) -> None:
    """Draw through ``points`` (row, column) in mm; ``between`` is called after each event."""
    places = [on_canvas(viewer, *point) for point in points]
    send(viewer, QEvent.Type.MouseMove, places[0], pressed=False)
    between()
    send(viewer, QEvent.Type.MouseButtonPress, places[0], pressed=True)
    between()
    for place in places[1:]:
        send(viewer, QEvent.Type.MouseMove, place, pressed=True)
        between()
    send(viewer, QEvent.Type.MouseButtonRelease, places[-1], pressed=False)
    between()
