"""Forked processes that are killed: at a named point of a save, or at a moment.

A fork starts at once, with torch loaded.  The process that forks has done nothing with torch: a
child of one with a pool of threads has the pool's locks but not its threads, and waits for ever.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHILD_SECONDS = 120

POINTS = ("fsync", "replace")
"""The calls of ``os`` between which a save can be cut: data on the disk, name on the disk."""


def start(work: Callable[[], object]) -> int:
    """A forked process that does ``work``; its number.  It says of an error and exits with 1."""
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        signal.alarm(CHILD_SECONDS)  # one that hangs is no reason to wait for the whole test
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return process


def ended(process: int) -> int:
    """Wait for it; its exit code, negative for a signal.  ``TimeoutError`` if it hung."""
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code == -signal.SIGALRM:
        raise TimeoutError(f"Got no end of a process in {CHILD_SECONDS} seconds.")
    return code


def in_child(work: Callable[[], object]) -> int:
    """Do ``work`` in a forked process and wait; as ``ended``."""
    return ended(start(work))


def _killed_later(process: int, seconds: float) -> None:
    """Kill a process that is still there after ``seconds``; it is not waited for."""
    deadline = time.monotonic() + seconds
    # It is seen to be gone without taking its exit code away.
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, process, look) is None:
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
            return
        time.sleep(0.01)


def kill_at(
    point: str,
    number: int,
    *,
    after: bool,
    work: Callable[[], object],
    longest: float = CHILD_SECONDS,
) -> bool:
    """Whether ``work`` came to its ``number``-th call of ``point``, where its process was killed.

    One that never comes there is killed after ``longest`` seconds.
    """
    original, count = getattr(os, point), 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def watched() -> None:
        setattr(os, point, counted)
        work()

    process = start(watched)
    _killed_later(process, longest)
    code = ended(process)
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"Got exit code {code} of a process that was to be killed.")
    return code == -signal.SIGKILL


def kill_after(seconds: float, work: Callable[[], object]) -> bool:
    """Whether ``work`` was still going on after ``seconds``, when its process was killed."""
    process = start(work)
    time.sleep(seconds)
    os.kill(process, signal.SIGKILL)
    return ended(process) == -signal.SIGKILL


def strays(folder: Path) -> int:
    """How many half-written files are below ``folder``."""
    return sum(path.name.endswith(".part") for path in folder.rglob(".*"))
