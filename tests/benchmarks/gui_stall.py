"""How long the window stalls while one paints, with and without a training beside it.

    python tests/benchmarks/gui_stall.py [--seconds 40] [--threads 1]

A timer of 5 ms ticks in the Qt event loop; a stall is the time between two ticks.  Meanwhile a hand
draws strokes on the bundled sample, an event every 15 ms as from a mouse.  Printed are the median,
the 99th percentile and the longest stall in ms, first without, then with a training process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))

TICK = 5
MOUSE = 0.015


def on_a_screen() -> None:
    """Start again on a virtual screen, where there is one to be had."""
    if sys.platform.startswith("linux") and "GUI_STALL" not in os.environ:
        if shutil.which("xvfb-run") is None:
            sys.exit("xvfb-run is missing: apt-get install xvfb")
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1500x1000x24"]
        again = [*screen, sys.executable, "-W", "ignore", *sys.argv]
        sys.exit(subprocess.call(again, env=os.environ | {"GUI_STALL": "1"}))


def paint(widget: object, seconds: float) -> np.ndarray:
    """Draw circles for so long; the stalls in ms."""
    from mouse import stroke
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    ticks: list[float] = []
    timer = QTimer()
    timer.setInterval(TICK)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    viewer, case = widget.board.viewer, widget.session.the_case()
    _, y, x = case.image.geometry.spacing
    end = time.perf_counter() + seconds
    turn = 0

    def wait() -> None:
        until = time.perf_counter() + MOUSE
        while time.perf_counter() < until:
            QApplication.processEvents()
            time.sleep(0.001)

    while time.perf_counter() < end:
        widget.draw.pens.take(turn % 4 + 1)
        angles = np.linspace(0, 2 * np.pi, 60)
        radius = 10 + 4 * (turn % 5)
        points = [((70 + radius * np.sin(a)) * y, (75 + radius * np.cos(a)) * x) for a in angles]
        stroke(viewer, points, wait)
        widget.board.go_to_slice((turn // 2) % case.slices)
        turn += 1
    timer.stop()
    return np.diff(ticks) * 1000


def show(title: str, stalls: np.ndarray) -> None:
    """Print one line."""
    middle, most, longest = np.percentile(stalls, [50, 99, 100])
    print(f"{title:<22} {middle:7.1f} {most:7.1f} {longest:7.1f}   {len(stalls)}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--threads", type=int, default=None, help="of the training [all cores]")
    options = parser.parse_args()
    on_a_screen()

    from qtpy import API_NAME
    from qtpy.QtWidgets import QApplication
    from turning import sample_window

    from napari_scribblemix.gui.state.run_state import Phase

    with tempfile.TemporaryDirectory() as folder:
        viewer, widget = sample_window(Path(folder))
        widget.draw.draw()
        print(f"{API_NAME}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start")
        print(f"{'stalls in ms':<22} {'median':>7} {'99 %':>7} {'longest':>7}   ticks")
        paint(widget, 5.0)
        show("painting", paint(widget, options.seconds))
        widget.train_panel.form.set_value("time", 1800)
        if options.threads:
            widget.train_panel.more.set_value("threads", options.threads)
        widget.train_panel.train_button.click()
        while widget.session.run.phase is not Phase.TRAINING:
            QApplication.processEvents()
            time.sleep(0.01)
        show("painting and training", paint(widget, options.seconds))
        print(f"training reached step {widget.session.run.step}")
        widget.shut_down()
        viewer.close()


if __name__ == "__main__":
    main()
