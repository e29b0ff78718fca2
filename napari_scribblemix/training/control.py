"""How a running training is paused, resumed and stopped, from a signal handler or another thread.

Flags and a queue that signal handlers may use, no lock: a handler that runs in the middle of
``wait`` must not wait for the thread it interrupted.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue


class Control:
    """What the loop looks at between two steps."""

    def __init__(self) -> None:
        self._stopping = self._paused = False
        self._bell: SimpleQueue[None] = SimpleQueue()

    def stop(self) -> None:
        """Finish the current step, save everything and end; also out of a pause."""
        self._stopping = True
        self.wake()

    def pause(self) -> None:
        """Finish the current step, save everything and wait."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        self._paused = False
        self.wake()

    def wake(self) -> None:
        """Let a paused training look once at what there is to do between two steps."""
        self._bell.put(None)

    def wait(self, seconds: float = 1.0) -> None:
        """Sleep until woken, or for ``seconds``; a call of ``wake`` is never missed."""
        try:
            self._bell.get(timeout=seconds)
            while True:
                self._bell.get_nowait()
        except Empty:
            pass

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    @property
    def paused(self) -> bool:
        """Whether a pause was asked for, and no stop."""
        return self._paused and not self._stopping
