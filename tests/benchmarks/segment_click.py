"""From the wish for a mask to the mask: with a process that waits, and without, side by side.

    python tests/benchmarks/segment_click.py [--times 10]

A drawn cine case in a project, segmented by the starter in a worker as the window starts it, in
turns with a process kept ready and with a fresh one.  Seconds from the start of the job to its
mask, medians and the largest, and their ratio; then the memory of the process that waits.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import tempfile
import time
from pathlib import Path

from processes import resident

from napari_scribblemix.events import Event, Segmented
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import Project
from napari_scribblemix.synthesis.samples import write_samples
from napari_scribblemix.worker.client import Exit, WorkerClient
from napari_scribblemix.worker.messages import SegmentJob


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--settle", type=float, default=5.0, help="seconds a process waits before")
    arguments = parser.parse_args()
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


if __name__ == "__main__":
    main()
