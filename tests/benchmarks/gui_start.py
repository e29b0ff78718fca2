"""What opening the widget adds to napari's start.

    python tests/benchmarks/gui_start.py [--repeats 5]

Each repeat is a fresh process on a virtual screen; printed are medians in seconds: the viewer
alone, then the widget docked in it, and whether torch came along.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

MEASURED = """
import json, sys, time
begin = time.perf_counter()
import napari
viewer = napari.Viewer()
from qtpy.QtWidgets import QApplication
QApplication.processEvents()
shown = time.perf_counter()
viewer.window.add_plugin_dock_widget("napari-scribblemix", "Scribble, train, review")
QApplication.processEvents()
docked = time.perf_counter()
print(json.dumps([shown - begin, docked - shown, "torch" in sys.modules]))
viewer.close()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    command = [sys.executable, "-W", "ignore", "-c", MEASURED]
    if sys.platform.startswith("linux"):
        command = ["xvfb-run", "-a", "-s", "-screen 0 1500x1000x24", *command]
    results = []
    for _ in range(repeats):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        results.append(json.loads(done.stdout.strip().splitlines()[-1]))
    viewer, widget, torch = zip(*results, strict=True)
    print(f"napari with an empty viewer   {statistics.median(viewer):5.2f} s")
    print(f"the widget on top of it       {statistics.median(widget):5.2f} s")
    print(f"torch in this process         {'yes' if any(torch) else 'no'}")


if __name__ == "__main__":
    main()
