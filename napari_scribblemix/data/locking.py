"""Locks of the operating system on open files: they fall with their holder, however it ends."""

from __future__ import annotations

import errno
import sys
from typing import IO

TAKEN = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})
"""Error numbers that say that somebody else holds the lock."""

# Windows locks bytes, and nobody may read a locked one: lock one far behind what is written.
_LOCKED_BYTE = 1 << 20


def lock(file: IO[bytes]) -> None:
    """Take the one lock of ``file``, without waiting; ``OSError``, see ``TAKEN``, if that fails."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def unlock(file: IO[bytes]) -> None:
    """Give the lock back; ``OSError`` if that fails."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)
