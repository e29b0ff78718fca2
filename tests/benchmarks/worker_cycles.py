"""Start, train and end worker processes again and again; print crashes and orphans (0 expected).

    python tests/benchmarks/worker_cycles.py --cycles 40

Ends by five routes in turn, at random moments (while loading, training or paused): ``stop`` and
``close`` of the client, SIGTERM and SIGKILL to the child, SIGKILL to the parent.  Trains on the
bundled cine sample.  A crash is a failure or an exit code that the route does not explain, an
orphan a child that is there 5 s after its end was asked for (or, to ``stop``, 15 s).  POSIX only.
"""

from __future__ import annotations

import argparse
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from napari_scribblemix.events import Event, Failed, Preview, Started
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.worker.client import Exit, WorkerClient
from napari_scribblemix.worker.messages import Pause, TrainJob

ROUTES = ("stop", "close", "terminate", "kill", "parent")
EXPECTED = {
    "stop": {0},
    "close": {0, -signal.SIGTERM, 1},
    "terminate": {0, 1, -signal.SIGTERM},
    "kill": {-signal.SIGKILL},
}
PARENT = """
import sys, time
from pathlib import Path
from napari_scribblemix.worker.client import WorkerClient
from napari_scribblemix.worker.messages import parse_job
client = WorkerClient(Path(sys.argv[1]), lambda event: None)
client.start(parse_job(sys.argv[2]))
print(client._process.pid, flush=True)
time.sleep(600)
"""


@dataclass
class Tally:
    """What is counted over all cycles; times in seconds."""

    crashes: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    first_previews: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)


def alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pid: int, seconds: float) -> bool:
    """Whether ``pid`` is gone within ``seconds``."""
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def train_job(folder: Path) -> TrainJob:
    """A training that would last for minutes."""
    settings = TrainSettings(folder=folder, time=600, device="cpu")
    return TrainJob(settings=settings, preview_case="cine01_ED")


def with_killed_parent(folder: Path, wait: float, tally: Tally) -> None:
    """One cycle whose parent is another process."""
    command = [sys.executable, "-c", PARENT, str(folder), train_job(folder).model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline()) if parent.stdout else -1
        time.sleep(wait)
        if not alive(child):
            tally.crashes.append("parent: the child was gone before its parent")
        parent.kill()
    begun = time.monotonic()
    if not wait_gone(child, 5.0):
        tally.orphans.append(f"parent: {child}")
        os.kill(child, signal.SIGKILL)
    tally.ends.append(time.monotonic() - begun)


def with_client(folder: Path, route: str, wait: float, pause: bool, tally: Tally) -> None:
    """One cycle of this process's own child."""
    told: queue.SimpleQueue[tuple[float, Event | Exit]] = queue.SimpleQueue()

    def note(item: Event | Exit) -> None:
        told.put((time.monotonic(), item))

    client = WorkerClient(folder, note, note)
    begun = time.monotonic()
    client.start(train_job(folder))
    child = client._process.pid if client._process else -1
    time.sleep(wait)
    if pause:
        client.send(Pause())
        time.sleep(0.5)
    ended = time.monotonic()
    if route == "terminate" or route == "kill":
        os.kill(child, signal.SIGTERM if route == "terminate" else signal.SIGKILL)
    elif route == "stop":
        client.stop()
    else:
        client.close()
    if not wait_gone(child, 15.0 if route == "stop" else 5.0):
        tally.orphans.append(f"{route}: {child}")
        os.kill(child, signal.SIGKILL)
    tally.ends.append(time.monotonic() - ended)
    client.close()
    judge(route, told, begun, tally)


def judge(
    route: str, told: queue.SimpleQueue[tuple[float, Event | Exit]], begun: float, tally: Tally
) -> None:
    """Look for a failure, an unexpected exit code, and when the first preview came."""
    items = [told.get() for _ in range(told.qsize())]
    exits = [item for _, item in items if isinstance(item, Exit)]
    previews = [at for at, item in items if isinstance(item, Preview)]
    if len(exits) != 1 or exits[0].code not in EXPECTED[route]:
        tally.crashes.append(f"{route}: ended with {exits}")
    tally.crashes += [f"{route}: {item}" for _, item in items if isinstance(item, Failed)]
    if previews and any(isinstance(item, Started) for _, item in items):
        tally.first_previews.append(previews[0] - begun)


def show(name: str, seconds: list[float]) -> None:
    """Print how long something took."""
    if seconds:
        ordered = sorted(seconds)
        middle = ordered[len(ordered) // 2]
        print(f"{name}: median {middle:.1f} s, longest {ordered[-1]:.1f} s (n = {len(ordered)})")


def main() -> None:
    """Run the cycles and print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--longest", type=float, default=9.0, help="seconds until the end is asked")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng, tally = random.Random(arguments.seed), Tally()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "cine.scribblemix"
        with Project.create(folder) as project:
            for files in find_cases(sample_folder("cine") / "train"):
                project.add_case(files)
            for number in range(arguments.cycles):
                route = ROUTES[number % len(ROUTES)]
                wait, pause = rng.uniform(0.0, arguments.longest), rng.random() < 0.25
                if route == "parent":
                    with_killed_parent(folder, wait, tally)
                else:
                    with_client(folder, route, wait, pause, tally)
    for line in tally.crashes + tally.orphans:
        print(line)
    print(f"{arguments.cycles} cycles: {len(tally.crashes)} crashes, {len(tally.orphans)} orphans")
    show("first preview after start", tally.first_previews)
    show("gone after its end was asked for", tally.ends)


if __name__ == "__main__":
    main()
