"""Opening a folder of many drawn cases, opening it again, and going from case to case.

    QT_API=pyqt6 python tests/benchmarks/gui_cases.py [--cases 100] [--changes 10]

The real window on a virtual screen, small images made on the fly, each with strokes.  Seconds on
the clock and of this process's CPU: a busy machine changes the first, the second hardly.  With
PYTHONPATH at another checkout it measures that one.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from gui_stall import on_a_screen


def write_cases(folder: Path, count: int) -> Path:
    """A folder of images (10 slices of 128 x 128) and strokes, of ``count`` patients."""
    chance = np.random.default_rng(0)
    affine = np.diag([1.8, 1.8, 8.0, 1.0])
    (folder / "images").mkdir(parents=True)
    (folder / "scribbles").mkdir()
    for number in range(count):
        name = f"patient{number:03d}_ED.nii.gz"
        image = chance.integers(0, 900, (128, 128, 10), np.int16)
        strokes = np.full(image.shape, 4, np.uint8)
        for value in range(4):
            strokes[50 + 5 * value : 53 + 5 * value, 40:80, 5] = value
        nibabel.save(nibabel.Nifti1Image(image, affine), folder / "images" / name)
        nibabel.save(nibabel.Nifti1Image(strokes, affine), folder / "scribbles" / name)
    return folder


def timed(title: str, work: Callable[[], object], times: int = 1) -> None:
    """Do ``work`` and print a line."""
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        work()
    each = (time.perf_counter() - clock) / times, (time.process_time() - cpu) / times
    print(f"{title:<34} {each[0]:6.2f} s   {each[1]:6.2f} s of CPU", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--changes", type=int, default=10)
    options = parser.parse_args()
    on_a_screen()
    with tempfile.TemporaryDirectory() as name:
        measure(write_cases(Path(name) / "heart", options.cases), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Start, open, change and open again."""
    made: list[Any] = []

    def start() -> None:
        import napari

        from napari_scribblemix.gui.commands import dock

        made[:] = [viewer := napari.Viewer(), dock(viewer)]
        turn()

    def turn() -> None:
        from qtpy.QtWidgets import QApplication

        QApplication.processEvents()

    def open_(path: Path) -> None:
        made[1].open_path(path)
        while made[1].cases._adding.busy:
            turn()
        turn()

    def change() -> None:
        session = made[1].session
        ids = [state.id for state in session.case_states()]
        made[1].images_panel.tree.choose(ids[(ids.index(session.the_case().id) + 1) % len(ids)])
        turn()

    def restart() -> None:
        made[1].shut_down()
        made[0].close()
        start()

    timed("window with the widget", start)
    timed(f"folder of {options.cases}, first time", lambda: open_(folder))
    timed("change of case", change, options.changes)
    timed(
        "one slice on", lambda: (made[1].board.go_to_slice(made[1].session.slice ^ 1), turn()), 10
    )
    timed("look through all for garbage", gc.collect, 3)
    restart()
    timed("the same folder again", lambda: open_(folder))
    restart()
    timed("its project", lambda: open_(folder.with_suffix(".scribblemix")))
    made[1].shut_down()
    made[0].close()


if __name__ == "__main__":
    main()
