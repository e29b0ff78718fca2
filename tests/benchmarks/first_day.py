"""Clicks and seconds of a first day: from the start to a case, to its first mask, to a trained one.

    python tests/benchmarks/first_day.py [FOLDER] [--screen 1280x720]

Starts the program as ``napari-scribblemix gui FOLDER`` does, on a virtual screen and without
settings of before, and clicks its buttons with the mouse.  Without a FOLDER it is the bundled
sample of cine hearts, which has strokes already.  The first mask is the starter's; the first
trained one is that of a training that has made at least a step from the strokes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LONGEST = 900.0


class Clock:
    """Prints what was reached, by how many clicks and seconds since the last."""

    def __init__(self, begun: float) -> None:
        self._last, self._clicks = begun, 0

    def click(self, button: Any) -> None:
        """Press the left button of the mouse in the middle of ``button``."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        self._clicks += 1
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def until(self, what: str, reached: Callable[[], bool]) -> None:
        """Let the window work until ``reached``, and print what it took."""
        from qtpy.QtWidgets import QApplication

        end = time.time() + _LONGEST
        while not reached():
            QApplication.processEvents()
            time.sleep(0.005)
            if time.time() > end:
                sys.exit(f"{what}: not reached within {_LONGEST:.0f} s")
        now = time.time()
        print(f"{what:24}{self._clicks} clicks {now - self._last:6.1f} s", flush=True)
        self._last, self._clicks = now, 0


def drive(begun: float) -> None:
    """The user of the window that was just opened."""
    import napari
    from qtpy.QtWidgets import QScrollArea

    from napari_scribblemix.gui.dock import ScribbleMixWidget
    from napari_scribblemix.gui.viewer.layers import PREDICTION

    viewer = napari.current_viewer()
    window = viewer.window._qt_window
    (widget,) = window.findChildren(ScribbleMixWidget)
    column = widget.findChild(QScrollArea)
    clock = Clock(begun)

    def is_trained() -> bool:
        origin = widget.session.the_case().origin
        return origin.get("kind") == "run" and int(origin.get("step", 0)) > 0

    clock.until("start to case on screen", lambda: len(viewer.layers) > 0)
    clock.until("all cases in the list", lambda: not widget.images_panel.stop_button.isEnabled())
    column.ensureWidgetVisible(widget.review_panel.segment_button)
    clock.click(widget.review_panel.segment_button)
    clock.until("first mask", lambda: widget.board.layer(PREDICTION) is not None)
    clock.until("(its end is told)", lambda: not widget.session.run.busy)
    column.ensureWidgetVisible(widget.train_panel.train_button)
    clock.click(widget.train_panel.train_button)
    clock.until("first step", lambda: widget.session.run.step > 0)
    clock.until("first trained mask", is_trained)
    column.ensureWidgetVisible(widget.train_panel.stop_button)
    clock.click(widget.train_panel.stop_button)
    clock.until("stop, all saved", lambda: not widget.session.run.busy)
    widget.shut_down()
    viewer.close()


def main() -> None:
    """Open the program in a process of its own, and use it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--screen", default="1280x720")
    options = parser.parse_args()
    if "FIRST_DAY" not in os.environ:
        again = [sys.executable, "-W", "ignore", *sys.argv]
        if sys.platform.startswith("linux"):
            again = ["xvfb-run", "-a", "-s", f"-screen 0 {options.screen}x24", *again]
        with tempfile.TemporaryDirectory(prefix="hearts-") as folder:
            fresh = {"FIRST_DAY": folder, "NAPARI_CONFIG": str(Path(folder) / "settings.yaml")}
            sys.exit(subprocess.call(again, env=os.environ | fresh))
    begun = time.time()
    import napari

    from napari_scribblemix.gui.__main__ import main as start
    from napari_scribblemix.gui.state import preferences

    preferences.projects_folder = lambda: Path(os.environ["FIRST_DAY"])
    napari.run = lambda: drive(begun)
    start([str(options.folder)] if options.folder else ["--sample", "cine"])


if __name__ == "__main__":
    main()
