"""Notices every change of a labels layer, however it came about.

napari tells of a finished stroke, but not of undo, redo or of what a script writes into the array.
So the array is compared with a copy, a few times a second and soon after each stroke; that takes
well under a millisecond.  What is seen is handed on, and seen again until it was taken: a disk that
is full for a moment loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer

Take = Callable[[NDArray[np.uint8], tuple[int, ...]], bool]

INTERVAL = 250
"""ms between two looks: a stroke is on the disk well within a second."""
_AFTER_STROKE = 20


class LabelsWatch(QObject):
    """Watches one labels layer at a time.

    ``take(array, slices)`` gets the layer's array, whose ``slices`` changed, and says whether it
    kept them.  It may change the array in place; what it leaves there counts as seen.
    """

    def __init__(self, take: Take, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._take = take
        self._layer: Any = None
        self._seen: NDArray[np.uint8] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.look)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_AFTER_STROKE)
        self._soon.timeout.connect(self.look)

    def follow(self, layer: Any) -> None:
        """Watch ``layer`` (``None``: nothing) from its present state on."""
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.events.paint.disconnect(self._on_paint)
        self._layer = layer
        if layer is None:
            self._seen = None
            self._timer.stop()
            self._soon.stop()
        else:
            self._seen = np.array(layer.data)
            layer.events.paint.connect(self._on_paint)
            self._timer.start()

    def reset(self) -> None:
        """What the layer shows now was put there by the plugin."""
        if self._layer is not None:
            self._seen = np.array(self._layer.data)

    def look(self) -> bool:
        """Compare now, and hand on what changed; whether nothing is left to hand on."""
        if self._layer is None or self._seen is None:
            return True
        data = self._layer.data
        if data.shape != self._seen.shape:
            return True
        changed = np.flatnonzero((data != self._seen).any(axis=(1, 2)))
        if len(changed):
            if not self._take(data, tuple(changed.tolist())):
                return False
            self._seen[changed] = data[changed]
        return True

    def _on_paint(self) -> None:
        self._soon.start()
