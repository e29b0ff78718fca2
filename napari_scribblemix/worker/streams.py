"""The worker's two ends of the line to its parent: events out, lines in, nothing else between.

Libraries print.  So the worker keeps the parent's pipes for itself under other numbers: whatever
is printed, also by C code, goes to standard error, and whatever reads standard input finds nothing.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

from napari_scribblemix.events import Event

_BLOCK = 1 << 16


def take_pipes() -> tuple[int, int]:
    """Descriptors of the parent's pipes, to read from and to write to, now for our use alone."""
    sys.stdout.flush()
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return reading, writing


class EventWriter:
    """Writes events, one JSON line each; a parent that is gone is no error."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def write(self, event: Event) -> None:
        """Write the whole line at once; it is on its way when this returns."""
        data = memoryview(event.model_dump_json().encode() + b"\n")
        with self._lock:
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                # Nobody listens any more; the reader of commands notices it and ends the work.
                return


def read_lines(descriptor: int) -> Iterator[bytes]:
    """Whole lines until the parent closes its end.

    Without a buffered reader, whose lock a thread may not hold when the interpreter ends.
    """
    rest = b""
    while True:
        try:
            block = os.read(descriptor, _BLOCK)
        except OSError:
            return
        if not block:
            return
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
