"""``python -m napari_scribblemix.gui [--sample KIND] [PATH]``: napari with the widget docked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import napari

from napari_scribblemix.gui.commands import dock
from napari_scribblemix.gui.first_size import fit_screen, is_first_start, take_room


def main(arguments: Sequence[str]) -> int:
    """Open the window and stay until it is closed."""
    first = is_first_start()
    viewer = napari.Viewer(title="ScribbleMix")
    widget = dock(viewer)
    (take_room if first else fit_screen)(viewer.window._qt_window)
    if arguments and arguments[0] == "--sample":
        widget.open_sample(arguments[1])
    elif arguments:
        widget.open_path(Path(arguments[0]))
    napari.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
