"""A process that paints until it is killed, and says each stroke; started by ``test_killed``.

The widget is the real one; the viewer has no window, because the way from the layer to the disk has
nothing to do with one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import SCRIBBLES


def main(project: Path) -> None:
    """Paint a voxel every 20 ms: value 1 to 4 by turns, along the rows of the slices."""
    application = QApplication([])
    widget = ScribbleMixWidget(ViewerModel())
    widget.open_path(project)
    widget.draw.draw()
    layer = widget.board.layer(SCRIBBLES)
    places = iter(range(layer.data.size))

    def paint() -> None:
        number = next(places)
        z, rest = divmod(number, 48 * 48)
        y, x = divmod(rest, 48)
        layer.data_setitem(tuple(np.array([i]) for i in (z, y, x)), number % 4 + 1)
        sys.stdout.write(f"{number} {time.time()}\n")
        sys.stdout.flush()

    timer = QTimer()
    timer.timeout.connect(paint)
    timer.start(20)
    application.exec_() if hasattr(application, "exec_") else application.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
