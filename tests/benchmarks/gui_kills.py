"""Kills a painting window again and again, and counts the strokes that are lost.

    python tests/benchmarks/gui_kills.py [--times 100]

Each time a fresh process paints a voxel every 20 ms on the scribble layer of the real widget
(without a window) and is killed after one to three seconds; then the project is opened again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "gui")]


def main() -> None:
    """Paint, kill, count."""
    from test_killed import paint_and_kill

    from napari_scribblemix.project.layouts import survey
    from napari_scribblemix.project.project import Project
    from phantoms import write_folder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    rng = np.random.default_rng(0)
    painted = lost = 0
    for number in range(times):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "p.scribblemix"
            with Project.create(folder) as project:
                for files in survey(write_folder(Path(name) / "study")).cases:
                    project.add_case(files)
            of_these, missing = paint_and_kill(folder, float(rng.uniform(1.0, 3.0)))
            painted, lost = painted + of_these, lost + missing
        if (number + 1) % 10 == 0 or number + 1 == times:
            print(
                f"{number + 1} kills: {painted} strokes older than 1 s, {lost} of them lost",
                flush=True,
            )


if __name__ == "__main__":
    main()
