"""A process that waits for a job: it takes the next one, and never stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_worker_client import A_BUSY_MACHINE, SOON, Watched, alive, client, posix, wait_until

from napari_scribblemix.events import Event, Failed, Preparing
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.client import Exit
from napari_scribblemix.worker.messages import SegmentJob

__all__ = ["client"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project without cases: what a job says of it is said by the child."""
    with Project.create(tmp_path / "p.scribblemix") as project:
        yield project


def no_model(folder: Path) -> SegmentJob:
    """A job that ends with a word of its own as soon as it has begun."""
    return SegmentJob(model=folder / "none", device="cpu")


def waiting(client: Watched) -> int:
    assert client._spare is not None
    return client._spare.pid


def until_the_end(client: Watched) -> list[Event | Exit]:
    told: list[Event | Exit] = []
    while not told or not isinstance(told[-1], Exit):
        told.append(client.told.get(timeout=SOON))
    return told


@pytest.mark.slow
def test_the_process_that_waits_takes_the_next_job_and_each_job_has_its_own(
    project: Project, client: Watched
) -> None:
    client.prepare()
    client.prepare()  # one is enough
    spare = waiting(client)
    assert client.ready
    assert not client.running
    client.start(no_model(project.folder))
    assert client.child == spare
    assert not client.ready
    failed, end = until_the_end(client)
    # Nothing is told of loading: that was done before, or goes on unseen.
    assert isinstance(failed, Failed)
    assert "expected a run folder" in failed.why or "does not exist" in failed.why
    assert isinstance(end, Exit)
    client.start(no_model(project.folder))
    assert client.child != spare
    assert isinstance(until_the_end(client)[0], Preparing)


@pytest.mark.slow
@posix
def test_a_process_that_waited_and_died_is_replaced(project: Project, client: Watched) -> None:
    client.prepare()
    spare = waiting(client)
    os.kill(spare, signal.SIGKILL)
    wait_until(lambda: not client.ready, A_BUSY_MACHINE)
    client.prepare()
    assert client.ready
    os.kill(waiting(client), signal.SIGKILL)
    wait_until(lambda: not client.ready, A_BUSY_MACHINE)
    client.start(no_model(project.folder))
    assert isinstance(until_the_end(client)[-1], Exit)


@posix
@pytest.mark.parametrize("how", ["release", "close"])
def test_it_is_given_up_at_once(project: Project, client: Watched, how: str) -> None:
    client.prepare()
    spare = waiting(client)
    begun = time.monotonic()
    getattr(client, how)()
    assert time.monotonic() - begun < 5.0
    assert not client.ready
    assert not alive(spare)
    client.release()  # there is none; no error


@posix
@pytest.mark.parametrize("loaded", [False, True], ids=["loading", "waiting"])
def test_it_does_not_outlive_a_killed_parent(project: Project, loaded: bool) -> None:
    script = """
import sys, time
from pathlib import Path
from napari_scribblemix.worker.client import WorkerClient
client = WorkerClient(Path(sys.argv[1]), print)
client.prepare()
print(client._spare.pid, flush=True)
time.sleep(300)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(project.folder)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    spare = int(parent.stdout.readline())
    try:
        if loaded:
            maps = Path(f"/proc/{spare}/maps")
            wait_until(lambda: "libtorch" in maps.read_text(), SOON)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    try:
        wait_until(lambda: not alive(spare), A_BUSY_MACHINE)
    finally:
        if alive(spare):
            os.kill(spare, signal.SIGKILL)
