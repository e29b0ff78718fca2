"""Stops from outside, Ctrl-C and the ``SIGTERM`` of a cluster or shutdown, at the right moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def handled(
    handler: Callable[[int, FrameType | None], Any],
) -> Iterator[dict[signal.Signals, Any]]:
    """Let ``handler`` take the signals for a while; gives those that took them before."""
    if threading.current_thread() is not threading.main_thread():  # no other may set any
        yield {}
        return
    before: dict[signal.Signals, Any] = {
        number: signal.signal(number, handler) for number in _SIGNALS
    }
    try:
        yield before
    finally:
        for number, kept in before.items():
            signal.signal(number, kept)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Do what belongs together: a stop waits until the end of the block, and comes then."""
    waiting: list[tuple[int, FrameType | None]] = []
    before: dict[signal.Signals, Any] = {}
    try:
        with handled(lambda *given: waiting.append(given)) as before:
            yield
    finally:  # also after an error: whoever asked to stop did not ask to go on
        for number, frame in waiting[:1]:
            kept = before[signal.Signals(number)]
            if callable(kept):
                kept(number, frame)
            elif kept == signal.SIG_DFL:
                signal.raise_signal(number)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let ``SIGTERM`` end the block as Ctrl-C does: by ``KeyboardInterrupt``."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    with handled(stop):
        yield
