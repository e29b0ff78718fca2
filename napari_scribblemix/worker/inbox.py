"""What the parent asks of a worker, gathered by a thread until the work takes it.

Here is also how a worker ends when nobody says stop: the parent is gone (its pipe closes, or it is
no longer our parent) or the system asks (SIGTERM).  Then it stops as if told to, and if saving
takes too long it ends all the same: no worker outlives its parent by more than ``GRACE`` seconds.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import FrameType

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.events import Event, Warned
from napari_scribblemix.worker.messages import Command, Stop, parse_command
from napari_scribblemix.worker.streams import read_lines

GRACE = 3.5
"""Seconds to save and end once the parent is gone."""

_LOOK_SECONDS = 0.5


class Inbox:
    """The first line, then commands, in the order they came.

    ``stop_asked`` says before its turn that a stop is among them; ``on_arrival`` is called for
    each, in another thread than the work's.
    """

    def __init__(self, descriptor: int, tell: Callable[[Event], None]) -> None:
        """Read from ``descriptor`` in a thread; ``tell`` is used for lines that are no command."""
        self._descriptor, self._tell = descriptor, tell
        self._first: SimpleQueue[bytes | None] = SimpleQueue()
        self._commands: SimpleQueue[Command] = SimpleQueue()
        self._ends_at: float | None = None
        self.stop_asked = False
        self.on_arrival: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to read, and to watch for the end."""
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._asked_by_system)
        # Ctrl-C in a terminal reaches parent and child alike; the parent decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._watch, args=(os.getppid(),), daemon=True).start()

    def first_line(self) -> bytes | None:
        """The job's line, waited for; ``None`` if the parent went without giving one."""
        return self._first.get()

    def take(self) -> list[Command]:
        """All commands that have come since the last call."""
        commands: list[Command] = []
        try:
            while True:
                commands.append(self._commands.get_nowait())
        except Empty:
            return commands

    def end_soon(self) -> None:
        """Stop, and end in ``GRACE`` seconds whatever happens."""
        if self._ends_at is None:
            self._ends_at = time.monotonic() + GRACE
            self._first.put(None)
            self._put(Stop())

    def _put(self, command: Command) -> None:
        self.stop_asked = self.stop_asked or isinstance(command, Stop)
        self._commands.put(command)
        self.on_arrival()

    def _read(self) -> None:
        lines = read_lines(self._descriptor)
        self._first.put(next(lines, None))
        for line in lines:
            try:
                self._put(parse_command(line))
            except SettingsError as error:
                self._tell(Warned(message=str(error)))
        self.end_soon()

    def _watch(self, parent: int) -> None:
        while self._ends_at is None or time.monotonic() < self._ends_at:
            # A pipe stays open where another process inherited the parent's end of it.
            if os.getppid() != parent:
                self.end_soon()
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    def _asked_by_system(self, _number: int, _frame: FrameType | None) -> None:
        # In a thread: the handler interrupts the main thread, which may hold the lock of a pipe.
        threading.Thread(target=self.end_soon, daemon=True).start()
