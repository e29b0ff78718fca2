"""Closes real windows, changes cases and does window actions at random, many times; counts deaths.

    QT_API=pyqt6 python tests/benchmarks/gui_walk.py --closings 200 --changes 500
    QT_API=pyqt6 python tests/benchmarks/gui_walk.py --actions 300 --seeds 10

Each scenario is a process of its own on one virtual screen; the training in the closings is real.
A death is an exit code other than 0 or a traceback; its end is printed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROUTES = ("cross", "menu")
LAST = ("viewer", "window", "quit", "cross")
STATES = ("over", "running", "plots")
A_PROCESS = 4


def scenarios(options: argparse.Namespace) -> list[list[str]]:
    """The arguments of each process."""
    found = []
    for first in range(0, options.closings, A_PROCESS):
        steps = []
        for number in range(first, min(first + A_PROCESS, options.closings)):
            state = STATES[(number + number // A_PROCESS) % len(STATES)]
            steps.append(f"{state}:{ROUTES[number % len(ROUTES)]}")
        steps[-1] = f"{steps[-1].split(':')[0]}:{LAST[first // A_PROCESS % len(LAST)]}"
        found.append(["closings", "FOLDER", *steps])
    if options.changes:
        found.append(["changes", "FOLDER", str(options.changes)])
    found += [["walk", "FOLDER", str(seed), str(options.actions)] for seed in range(options.seeds)]
    return found


def run(arguments: list[str]) -> bool:
    """Whether the process lived to its end."""
    from phantoms import write_folder

    with tempfile.TemporaryDirectory() as name:
        folder = str(write_folder(Path(name) / "study"))
        parts = [folder if part == "FOLDER" else part for part in arguments]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(TESTS / "gui" / "real_window.py"), *parts],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        )
    well = done.returncode == 0 and "Traceback" not in done.stderr
    print(" ".join(arguments), "ok" if well else f"DIED {done.returncode}", flush=True)
    if arguments[0] == "changes":
        print(done.stdout.splitlines()[0] if done.stdout else "", flush=True)
    if not well:
        print(done.stdout[-300:], done.stderr[-3000:], flush=True)
    return well


def main() -> None:
    """Run the scenarios and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--closings", type=int, default=0)
    parser.add_argument("--changes", type=int, default=0)
    parser.add_argument("--actions", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=0)
    options = parser.parse_args()
    if sys.platform.startswith("linux") and "GUI_WALK" not in os.environ:
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1500x1000x24"]
        again = [*screen, sys.executable, *sys.argv]
        sys.exit(subprocess.call(again, env=os.environ | {"GUI_WALK": "1"}))
    sys.path.insert(0, str(TESTS))
    results = [run(arguments) for arguments in scenarios(options)]
    print(f"{os.environ.get('QT_API', 'pyqt5')}: {sum(results)} of {len(results)} processes lived")


if __name__ == "__main__":
    main()
