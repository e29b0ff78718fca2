"""The parent's side of a worker: starts it, sends commands, passes its events on.

    client = WorkerClient(project_folder, on_event=print, on_exit=print)
    client.start(TrainJob(settings=TrainSettings(folder=project_folder, time=60)))
    client.send(ScribblesChanged(case="heart1"))
    client.stop()

Between jobs a process may be kept ready, which has loaded torch and waits: the next job then begins
at once.  Each job still has a process of its own, whose memory is given back at its end.

No torch and no Qt: a window relays the callbacks to its own thread, a script uses them as they are.
Nothing here blocks but ``close``.  The child ends by itself when this process is gone, however
that happened, because its standard input then closes.
"""

from __future__ import annotations

import atexit
import contextlib
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TypeVar

from pydantic import ValidationError

from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.events import Event, parse_event
from napari_scribblemix.worker.exits import Exit, Story
from napari_scribblemix.worker.messages import READY, Command, Job, Stop

__all__ = ["SAVING_SECONDS", "Exit", "WorkerClient"]

T = TypeVar("T")

SAVING_SECONDS = 60.0
"""A worker that was told to end is given this long to save, also on a machine that is busy."""

_COMPLAINTS = 50
_MODULE = "napari_scribblemix.worker"
_TERMINATE_SECONDS = 6.0
_JOIN_SECONDS = 5.0


def _spawn(project: Path, *options: str) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    # -P: whatever lies in the current folder is not to be imported.
    command = [sys.executable, "-P", "-m", _MODULE, str(project), *options]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=flags,
        )
    except OSError as error:
        raise FileError(
            f"The training process could not be started ({error.strerror}); check that "
            f"{sys.executable} is there and that memory is left."
        ) from error


def _call(callback: Callable[[T], None], value: T) -> None:
    """Call a listener; its fault is told like that of a thread and must not stall the worker."""
    try:
        callback(value)
    except Exception:  # noqa: BLE001
        kind, error, trace = sys.exc_info()
        if kind is not None:
            arguments = (kind, error, trace, threading.current_thread())
            threading.excepthook(threading.ExceptHookArgs(arguments))


class WorkerClient:
    """One worker of a project at a time.

    Args:
        project: the project folder.
        on_event: told every event, in a thread of this client.
        on_exit: told once, after the last event, how the worker ended; the same thread.
    """

    def __init__(
        self,
        project: Path,
        on_event: Callable[[Event], None],
        on_exit: Callable[[Exit], None] | None = None,
    ) -> None:
        self._project = project
        self._on_event, self._on_exit = on_event, on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._spare: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._outbox: SimpleQueue[bytes | None] = SimpleQueue()
        self._complaints: deque[str] = deque(maxlen=_COMPLAINTS)

    @property
    def running(self) -> bool:
        """Whether the child process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def complaints(self) -> tuple[str, ...]:
        """The last lines of the child's standard error, for a report of a defect."""
        return tuple(self._complaints)

    @property
    def ready(self) -> bool:
        """Whether a process waits for the next job."""
        return self._spare is not None and self._spare.poll() is None

    def prepare(self) -> None:
        """Have a process ready for the next job; where none can be started, ``start`` tells so."""
        if self.ready:
            return
        self.release()
        with contextlib.suppress(FileError):
            self._spare = _spawn(self._project, READY)
            atexit.register(self.close)

    def release(self) -> None:
        """End the process that waits, if there is one, and give its memory back."""
        spare, self._spare = self._spare, None
        if spare is None:
            return
        spare.kill()  # it holds nothing
        spare.wait()
        for pipe in (spare.stdin, spare.stdout, spare.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _take_ready(self) -> subprocess.Popen[bytes] | None:
        if not self.ready:
            self.release()
        spare, self._spare = self._spare, None
        return spare

    def start(self, job: Job) -> None:
        """Start a worker on ``job``; ``ProjectError`` if one runs, ``FileError`` if none can."""
        if self.running:
            raise ProjectError("Got a new job while one is running; stop that one first.")
        self._join()
        self._complaints.clear()
        process = self._take_ready() or _spawn(self._project)
        self._process, self._outbox = process, SimpleQueue()
        self._outbox.put(job.model_dump_json().encode() + b"\n")
        work: list[tuple[Callable[..., None], tuple[object, ...]]] = [
            (self._write, (process.stdin, self._outbox)),
            (self._keep_complaints, (process.stderr,)),
        ]
        self._threads = [threading.Thread(target=t, args=a, daemon=True) for t, a in work]
        others = tuple(self._threads)
        reader = threading.Thread(
            target=self._follow, args=(process, Story(job), self._outbox, others), daemon=True
        )
        self._threads.append(reader)
        for thread in self._threads:
            thread.start()
        # Also where nobody closes: at the end of the program, and of no use once the child is gone.
        atexit.register(self.close)

    def send(self, command: Command) -> None:
        """Send a command; never blocks, and does nothing if the child is gone."""
        if self.running:
            self._outbox.put(command.model_dump_json().encode() + b"\n")

    def stop(self) -> None:
        """Ask the child to save and end; ``on_exit`` tells when it has."""
        self.send(Stop())

    def discard(self) -> None:
        """End the child by force, whatever it does: nothing of it is to be saved."""
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
        self.close()

    def close(self, timeout: float = SAVING_SECONDS) -> None:
        """Stop the child, by force if it takes longer than ``timeout`` seconds, and clean up."""
        atexit.unregister(self.close)
        self.release()
        process = self._process
        if process is not None and process.poll() is None:
            self.stop()
            self._wait_or_force(process, timeout)
        self._join()

    def _wait_or_force(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        for force, seconds in ((process.terminate, timeout), (process.kill, _TERMINATE_SECONDS)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return
            force()
        process.wait()

    def _join(self) -> None:
        """Wait for the threads of the last job; a listener may call this in one of them."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_JOIN_SECONDS)

    @staticmethod
    def _write(pipe: IO[bytes], outbox: SimpleQueue[bytes | None]) -> None:
        # A child that is gone is told of by its exit, not here.
        with contextlib.suppress(OSError, ValueError):
            while (line := outbox.get()) is not None:
                pipe.write(line)
                pipe.flush()
        with contextlib.suppress(OSError):
            pipe.close()

    def _keep_complaints(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._complaints.append(line.decode(errors="replace").rstrip())

    def _follow(
        self,
        process: subprocess.Popen[bytes],
        story: Story,
        outbox: SimpleQueue[bytes | None],
        others: tuple[threading.Thread, ...],
    ) -> None:
        """Pass the events on, and at last the exit."""
        pipe = process.stdout
        if pipe is None:
            return
        with pipe:
            for line in pipe:
                try:
                    event = parse_event(line)
                except ValidationError:
                    # A line cut short by the child's death.
                    self._complaints.append(line.decode(errors="replace").rstrip())
                    continue
                story.add(event)
                _call(self._on_event, event)
        code = process.wait()
        outbox.put(None)
        for thread in others:
            thread.join(_JOIN_SECONDS)
        if self._on_exit is not None:
            _call(self._on_exit, story.end(code, self.complaints))
