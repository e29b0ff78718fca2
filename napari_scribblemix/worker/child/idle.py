"""Memory that a process has freed and still holds goes back to the system while nobody draws."""

from __future__ import annotations

import ctypes
import sys
from threading import Event

REST = 15.0
"""Seconds without work after which nobody is drawing just now."""


def wait_for(arrived: Event) -> None:
    """Wait until something has ``arrived``; when that takes long, hold no more than is used.

    It costs milliseconds, and the next stroke some more, so not in the middle of drawing.
    """
    if not arrived.wait(REST):
        trim_memory()
        arrived.wait()


def trim_memory() -> bool | None:
    """Give freed memory back; whether there was some, ``None`` where it cannot be asked for.

    Only glibc has to be asked.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    return None if trim is None else bool(trim(0))
