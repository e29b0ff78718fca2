"""The parent's side against real child processes: they answer, end, and never stay behind."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_scribblemix.errors import ProjectError
from napari_scribblemix.events import (
    Checkpoint,
    Event,
    Failed,
    Finished,
    Paused,
    Preparing,
    Progress,
    ScribblesTaken,
    Started,
)
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.worker.client import Exit, WorkerClient
from napari_scribblemix.worker.messages import Pause, ScribblesChanged, TrainJob
from phantoms import draw, make_project

SOON = 150.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as project:
        yield project


class Watched(WorkerClient):
    """A client whose events and exit can be waited for."""

    def __init__(self, folder: Path) -> None:
        self.told: queue.SimpleQueue[Event | Exit] = queue.SimpleQueue()
        super().__init__(folder, self.told.put, self.told.put)

    def until(self, kind: type, seconds: float = SOON) -> Any:
        """The next of a kind; whatever comes before it is left out."""
        deadline = time.monotonic() + seconds
        while True:
            item = self.told.get(timeout=max(0.01, deadline - time.monotonic()))
            if isinstance(item, kind):
                return item
            assert not isinstance(item, Exit), item

    @property
    def child(self) -> int:
        assert self._process is not None
        return self._process.pid


@pytest.fixture
def client(project: Project) -> Iterator[Watched]:
    client = Watched(project.folder)
    yield client
    client.close()
    assert not client.running


def test_a_stop_while_pytorch_is_loaded_ends_the_child_at_once(
    client: Watched, project: Project
) -> None:
    client.start(job(project))
    client.until(Preparing)
    client.stop()
    finished = client.until(Finished)
    assert (finished.stopped, finished.step) == (True, 0)
    assert client.until(Exit).sentence == "The training was stopped before it began."
    assert not list((project.folder / "runs").glob("*/checkpoint"))


def job(project: Project, **changes: Any) -> TrainJob:
    small = {"folder": project.folder, "method": "partial", "crop": 48, "batch": 4, "spacing": 1.5}
    small |= {"time": 300, "device": "cpu", "start": "scratch", "threads": 1}
    settings = TrainSettings.model_validate(small | changes)
    return TrainJob(settings=settings, run=project.folder / "runs" / "r", preview_case="case00")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


A_BUSY_MACHINE = 12.0
"""Seconds for what takes at most ``inbox.GRACE`` where nothing else runs."""


def wait_until(true: Callable[[], bool], seconds: float) -> float:
    """Seconds until ``true()``; fails after ``seconds``."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds
        time.sleep(0.05)
    return time.monotonic() - begun


@pytest.mark.slow
def test_it_trains_takes_strokes_and_stops_while_the_parent_holds_the_lock(
    project: Project, client: Watched
) -> None:
    client.start(job(project))
    assert client.until(Preparing).message == "Starting the worker: loading PyTorch"
    assert client.until(Started).scribbled_slices == 4
    with pytest.raises(ProjectError, match="while one is running"):
        client.start(job(project))
    image = project.read_image("case01")
    project.record_stroke("case01", project.read_scribble("case01", image.geometry), draw(1)[2])
    client.send(ScribblesChanged(case="case01"))
    assert client.until(ScribblesTaken).scribbled_slices == 8
    client.stop()
    client.until(Checkpoint)
    ended = client.told.get(timeout=SOON)
    while not isinstance(ended, Exit):
        ended = client.told.get(timeout=SOON)
    assert ended == Exit(0, "The training was stopped; go on from the checkpoint with Resume.")
    client.stop()  # nobody is there; no error


@pytest.mark.slow
@posix
def test_a_killed_child_is_told_of_in_a_sentence_and_the_run_goes_on(
    project: Project, client: Watched
) -> None:
    client.start(job(project))
    client.until(Progress)
    client.send(Pause())
    step = client.until(Paused).step
    os.kill(client.child, signal.SIGKILL)
    ended = client.until(Exit, 5.0)
    assert ended.code == -9
    assert ended.sentence == (
        "The training process was killed (signal 9); nothing is lost: go on from the checkpoint "
        "with Resume."
    )
    client.send(Pause())  # nobody is there; no error
    client.start(job(project, resume=True))
    assert client.until(Started).step == step


@pytest.mark.slow
@posix
@pytest.mark.parametrize("when", ["loading", "training"])
def test_a_child_does_not_outlive_a_killed_parent(
    project: Project, tmp_path: Path, when: str
) -> None:
    wanted = "Preparing" if when == "loading" else "Progress"
    script = f"""
import sys, time
from pathlib import Path
from napari_scribblemix.worker.client import WorkerClient
from napari_scribblemix.worker.messages import parse_job
def told(event):
    if type(event).__name__ == {wanted!r}:
        print(client._process.pid, flush=True)
client = WorkerClient(Path(sys.argv[1]), told)
client.start(parse_job(sys.argv[2]))
time.sleep(300)
"""
    command = [sys.executable, "-c", script, str(project.folder), job(project).model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    try:
        wait_until(lambda: not alive(child), A_BUSY_MACHINE)
    finally:
        if alive(child):
            os.kill(child, signal.SIGKILL)
    if when == "training":
        assert (project.folder / "runs" / "r" / "checkpoint" / "state.pt").is_file()


@pytest.mark.slow
@posix
def test_the_system_may_end_a_child_and_nothing_is_lost(project: Project, client: Watched) -> None:
    client.start(job(project))
    client.until(Progress)
    os.kill(client.child, signal.SIGINT)  # Ctrl-C is the parent's affair
    os.kill(client.child, signal.SIGTERM)
    client.until(Checkpoint)
    wait_until(lambda: not client.running, A_BUSY_MACHINE)


def test_closing_at_once_leaves_nothing_behind(project: Project, client: Watched) -> None:
    client.close()  # before anything was started
    client.start(job(project))
    child = client.child
    client.close(timeout=0.1)
    assert not alive(child)
    client.close()


def test_a_bad_job_ends_with_the_childs_own_words(project: Project, client: Watched) -> None:
    settings = job(project).settings.model_copy(update={"batch": 3})
    client.start(TrainJob.model_construct(job="train", settings=settings))
    failed = client.until(Failed)
    assert "batch" in failed.why
    ended = client.until(Exit)
    assert ended.code == 2
    assert failed.why in ended.sentence


def test_a_fault_of_the_listener_does_not_stop_the_story(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[str] = []
    monkeypatch.setattr("threading.excepthook", lambda fault: faults.append(str(fault.exc_value)))
    told: queue.SimpleQueue[Exit] = queue.SimpleQueue()

    def listen(event: Event) -> None:
        raise ValueError(event.event)

    client = WorkerClient(project.folder, listen, told.put)
    client.start(TrainJob.model_construct(job="train", settings=None))
    assert told.get(timeout=SOON).code == 2
    assert faults == ["failed"]
    client.close()


@posix
def test_a_paused_child_uses_no_processor_time(project: Project, client: Watched) -> None:
    def used() -> float:
        fields = Path(f"/proc/{client.child}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    client.start(job(project))
    client.until(Started)
    client.send(Pause())
    client.until(Paused)
    time.sleep(0.3)
    before = used()
    time.sleep(2.0)
    assert used() - before < 0.1
