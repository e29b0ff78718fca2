"""Starts a training in a window and ends it, again and again, by four routes; counts what stays.

    python tests/benchmarks/gui_cycles.py [--times 200]

Routes in turn: the Stop button, the window, napari's own quit, kill -9 of the window's process.
Each time is a fresh process on one virtual screen.  A crash is an exit code other than 0 (or the
kill's); an orphan is a training process still there 10 s after its window is gone.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROUTES = ("button", "window", "quit", "kill")
TESTS = Path(__file__).resolve().parents[1]


def window(folder: Path, route: str) -> None:
    """In the fresh process: train, and once a step was made go by ``route``."""
    import napari
    from qtpy.QtCore import QTimer

    from napari_scribblemix.gui.commands import dock
    from napari_scribblemix.gui.state.run_state import Phase

    viewer = napari.Viewer()
    widget = dock(viewer)
    widget.open_path(folder)
    widget.cases.finish_adding()
    widget.may_close = lambda: True
    widget.train_panel.form.set_value("time", 600)
    widget.train_panel.more.set_value("threads", 1)
    widget.train_panel.train_button.click()
    client = widget.relay._client

    def look() -> None:
        run = widget.session.run
        if run.phase is Phase.TRAINING and run.step > 0:
            print(client._process.pid, flush=True)
            if route == "button":
                widget.train_panel.stop_button.click()
            elif route == "window":
                viewer.window._qt_window.close()
            elif route == "quit":
                viewer.window._qt_window.close(quit_app=True)
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        elif run.phase is Phase.IDLE:
            viewer.close()

    timer = QTimer()
    timer.setInterval(100)
    timer.timeout.connect(look)
    timer.start()
    napari.run()


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def cycle(folder: Path, route: str) -> str:
    """One cycle; ``ok``, ``crash`` or ``orphan``."""
    command = [sys.executable, "-W", "ignore", __file__, "--window", str(folder), "--route", route]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    expected = -signal.SIGKILL if route == "kill" else 0
    lines = [line for line in done.stdout.split() if line.isdigit()]
    if done.returncode != expected or not lines:
        print(done.returncode, done.stderr[-800:], file=sys.stderr)
        return "crash"
    end = time.monotonic() + 10
    while alive(int(lines[0])):
        if time.monotonic() > end:
            return "orphan"
        time.sleep(0.1)
    return "ok"


def main() -> None:
    """Run the cycles and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--window", type=Path)
    parser.add_argument("--route", choices=ROUTES)
    options = parser.parse_args()
    if options.window:
        window(options.window, options.route)
        return
    if sys.platform.startswith("linux") and "GUI_CYCLES" not in os.environ:
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1500x1000x24"]
        again = [*screen, sys.executable, *sys.argv]
        sys.exit(subprocess.call(again, env=os.environ | {"GUI_CYCLES": "1"}))
    sys.path.insert(0, str(TESTS))
    from phantoms import write_folder

    counts: Counter[str] = Counter()
    for number in range(options.times):
        with tempfile.TemporaryDirectory() as name:
            folder = write_folder(Path(name) / "study")
            counts[cycle(folder, ROUTES[number % len(ROUTES)])] += 1
        if (number + 1) % len(ROUTES) == 0 or number + 1 == options.times:
            print(f"{number + 1} cycles: {dict(counts)}", flush=True)


if __name__ == "__main__":
    main()
