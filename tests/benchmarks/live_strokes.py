"""From the end of a stroke to the mask that follows it, in the real window with the real worker.

    QT_API=pyqt6 python tests/benchmarks/live_strokes.py [--times 20]

A drawn cine case with the mask of the starter on screen, on a virtual screen.  Each stroke is a
short line across the border of the left ventricle of another slice, drawn by mouse events.  Seconds
from letting the button go until all of the stroke is in the mask, and to the whole case refined;
stalls of the window meanwhile in ms; memory of the window and its processes in MiB.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from gui_stall import on_a_screen
from processes import memory_line

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.gui.state.open_case import OpenCase

_PATIENCE = 60.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    on_a_screen()

    from mouse import stroke
    from qtpy import API_NAME
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication
    from turning import sample_window

    from napari_scribblemix import events as ev

    def wait(until: object, what: str) -> float:
        begun = time.perf_counter()
        while not until():  # type: ignore[operator]
            if time.perf_counter() - begun > _PATIENCE:
                raise SystemExit(f"{what} did not come within {_PATIENCE:.0f} s")
            QApplication.processEvents()
            time.sleep(0.001)
        return time.perf_counter() - begun

    def rest(seconds: float) -> None:
        end = time.perf_counter() + seconds
        wait(lambda: time.perf_counter() > end, "the end of a rest")

    with tempfile.TemporaryDirectory() as folder:
        viewer, widget = sample_window(Path(folder))
        answers: list[tuple[float, bool]] = []
        relay = widget.live.relay
        relay.told.connect(
            lambda event: (
                answers.append((time.perf_counter(), event.whole))
                if isinstance(event, ev.Preview)
                else None
            )
        )
        print(f"{API_NAME}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} at the start")
        rest(3.0)
        widget.review_panel.segment_button.click()
        wait(lambda: widget.session.run.busy, "a segmentation")
        wait(lambda: not widget.session.run.busy, "the end of the segmentation")
        widget.draw.draw()
        rest(8.0)
        ticks: list[float] = []
        timer = QTimer()
        timer.setInterval(10)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        timer.start()
        case = widget.session.the_case()
        _, y, x = case.image.geometry.spacing
        middle = case.slices // 2
        changed, whole = [], []
        for turn in range(options.times):
            number = middle + turn % 3 - 1
            widget.board.go_to_slice(number)
            before = case.prediction[number].copy()
            cavity = np.argwhere(before == 3)
            row, column = cavity.mean(axis=0)
            radius = np.sqrt(len(cavity) / np.pi) + 1 + 0.5 * (turn // 3)
            angle = 2 * np.pi * turn / 7
            widget.draw.pens.take(3)
            line = [
                ((row + r * np.sin(angle)) * y, (column + r * np.cos(angle)) * x)
                for r in np.linspace(radius - 2, radius + 1, 8)
            ]
            answers.clear()
            stroke(viewer, line)
            let_go = time.perf_counter()
            widget.draw.watch.look()
            wait(lambda: follows(case, number), "a mask with all of the stroke in it")  # noqa: B023
            changed.append(time.perf_counter() - let_go)
            wait(lambda: any(done for _, done in answers), "the whole case")
            whole.append(next(when for when, done in answers if done) - let_go)
            rest(0.5)
        timer.stop()
        stalls = np.diff(ticks) * 1000
        memory = memory_line(os.getpid())
        for title, seconds in (("changed slice", changed), ("whole case", whole)):
            middle_, most = np.percentile(seconds, [50, 95])
            print(f"{title:<14} median {middle_:.2f} s, 95 % {most:.2f} s, of {len(seconds)}")
        print(f"stalls         99 % {np.percentile(stalls, 99):.0f} ms, longest {stalls.max():.0f}")
        print(f"memory         {memory}")
        widget.shut_down()
        viewer.close()


def follows(case: OpenCase, number: int) -> bool:
    """Whether the mask of a slice is what its strokes say, all that is drawn so far."""
    drawn = case.scribble[number] != UNLABELLED
    mask = case.prediction
    return bool(
        drawn.any()
        and mask is not None
        and (mask[number][drawn] == case.scribble[number][drawn]).all()
    )


if __name__ == "__main__":
    main()
