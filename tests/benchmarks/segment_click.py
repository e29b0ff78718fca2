"""From the wish for a mask to the mask: with a process that waits, and without, side by side.

    python tests/benchmarks/segment_click.py [--times 10] [--window]

A drawn cine case in a project, segmented by the starter in a worker as the window starts it, in
turns with a process kept ready and with a fresh one.  Seconds from the start of the job to its
mask, medians and the largest, and their ratio; then the memory of the process that waits.  With
``--window`` the real window on a virtual screen: from the click on *Segment*, the project open for
``--settle`` seconds, to the mask on screen.
"""

from __future__ import annotations

import argparse
import os
import queue
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "gui"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from gui_stall import on_a_screen
from processes import memory_line, resident

from napari_scribblemix.events import Event, Segmented
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.client import Exit, WorkerClient
from napari_scribblemix.worker.messages import SegmentJob


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--settle", type=float, default=5.0, help="seconds a process waits before")
    parser.add_argument("--window", action="store_true", help="click in the real window")
    arguments = parser.parse_args()
    if arguments.window:
        on_a_screen()
        click(arguments.times, arguments.settle)
        return
    # Not in the window's process, which knows no torch.
    from napari_scribblemix.synthesis.samples import write_samples

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_samples(folder / "sample", "cine", 0)
        with Project.create(folder / "study.scribblemix") as project:
            for files in survey(folder / "sample" / "train").cases[:1]:
                project.add_case(files)
            measure(project, arguments.times, arguments.settle)


def measure(project: Project, times: int, settle: float) -> None:
    """Segment the project's case in turns, and print what it took."""
    told: queue.SimpleQueue[Event | Exit] = queue.SimpleQueue()
    client = WorkerClient(project.folder, told.put, told.put)
    case = project.cases[0].id
    seconds: dict[str, list[float]] = {"ready": [], "fresh": []}
    memory = 0
    for _ in range(times):
        for way, taken in seconds.items():
            if way == "ready":
                client.prepare()
                time.sleep(settle)
                assert client._spare is not None
                memory = max(memory, resident(client._spare.pid))
            begun = time.perf_counter()
            client.start(SegmentJob(model=Path("starter"), cases=(case,)))
            while not isinstance(event := told.get(), Exit):
                if isinstance(event, Segmented):
                    taken.append(time.perf_counter() - begun)
    client.close()
    for way, taken in seconds.items():
        print(f"{way}: median {statistics.median(taken):.2f} s, most {max(taken):.2f} s")
    ratio = statistics.median(seconds["fresh"]) / statistics.median(seconds["ready"])
    print(f"fresh over ready: {ratio:.1f}; the process that waits holds {memory / 2**20:.0f} MiB")


def click(times: int, settle: float) -> None:
    """Click on *Segment* in the window, and print what it took."""
    from turning import sample_window, turn, wait_for

    with tempfile.TemporaryDirectory() as name:
        viewer, widget = sample_window(Path(name))
        shown: list[float] = []
        widget.review.mask_shown.connect(lambda: shown.append(time.perf_counter()))
        taken = []
        for _ in range(times):
            turn(settle)
            shown.clear()
            begun = time.perf_counter()
            widget.review_panel.segment_button.click()
            while not shown:
                turn(0.004)
            taken.append(shown[0] - begun)
            wait_for(lambda: not widget.session.run.busy, "the end of the segmentation")
        turn(settle)
        middle, most = np.percentile(taken, [50, 95])
        print(f"click to mask: median {middle:.2f} s, 95 % {most:.2f} s, of {len(taken)}")
        print(f"memory: {memory_line(os.getpid())}")
        widget.shut_down()
        viewer.close()


if __name__ == "__main__":
    main()
