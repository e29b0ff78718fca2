"""The whole slice in sight, also where it is shown before the window has its size.

What is opened at the start of the program is shown before the window is laid out, and would be
fitted to another place than it gets.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QTimer

_LAID_OUT = 100
"""Milliseconds of the event loop until the window is laid out."""


class Fitting:
    """Fits the view of ``viewer`` to its layers, again once the window has its size."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._fitted: tuple[Any, ...] = ()
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LAID_OUT)
        self._timer.timeout.connect(self._fit_again)

    def close(self) -> None:
        """Fit no more."""
        self._timer.stop()

    def fit(self) -> None:
        """Show all of the slice."""
        self._viewer.reset_view()
        self._fitted = self._view()
        if getattr(self._viewer, "window", None) is not None:
            self._timer.start()

    def _view(self) -> tuple[Any, ...]:
        camera = self._viewer.scene.camera
        return float(camera.zoom), tuple(camera.center), tuple(camera.angles)

    def _fit_again(self) -> None:
        # Who has moved or zoomed the image meanwhile, or went back to where they were, meant that.
        if self._view() == self._fitted:
            self._viewer.reset_view()
