"""Links on the disk: a way to read, never a way to write.

What lies behind a link may be somebody's only copy of a scan.  So images may be reached through
links, and so may the folder that a user names; but inside a project, a run or an output folder a
link is replaced by what is written, or refused where one would have to write through it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from napari_scribblemix.errors import FileError

# Windows: a junction leads elsewhere like a symbolic link and is none to Python.
_JUNCTION = 0xA0000003

_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND
# Not every system has them.  Without waiting: a pipe of that name has perhaps no other end.
_CAREFULLY = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


def is_link(path: Path) -> bool:
    """Whether ``path`` itself is a link, wherever it leads, also to nothing."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION


def is_taken(path: Path) -> bool:
    """Whether there is anything of that name, also a link that leads to nothing."""
    return os.path.lexists(path)


def real(path: Path) -> Path:
    """``path`` with all its links followed; a link to itself stays as it is and is no error."""
    return Path(os.path.realpath(path))


def identity(path: Path) -> tuple[int, int] | None:
    """What tells the file behind ``path`` from all others, or ``None`` if nothing is there.

    Two names of one file have the same: by links, hard links, or capitals that do not count.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def inside(root: Path, path: Path) -> Path:
    """``path``, to be written to; ``FileError`` if a folder between ``root`` and it is a link.

    ``root`` itself may be reached through links: it was named by the user.
    """
    folder = root
    for part in path.relative_to(root).parts[:-1]:
        folder = folder / part
        if is_link(folder):
            raise FileError(
                f"Got {folder}, which is a link; expected a folder, because what is behind a link "
                "may be somebody else's: put a folder in its place."
            )
    return path


def open_own(path: Path, flags: int = _APPEND) -> IO[bytes]:
    """Open a plain file to read and to append, made if it is missing; never through a link.

    ``FileError`` for a link or what is no file, ``OSError`` if the disk refuses.
    """
    if is_link(path):
        raise FileError(
            f"Got {path}, which is a link; expected a file, because what is behind a link may be "
            "somebody else's: remove it."
        )
    descriptor = os.open(path, flags | _CAREFULLY, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileError(f"Got {path}, which is no plain file; remove it.")
    return os.fdopen(descriptor, "ab+")


def names_of(file: IO[bytes]) -> int:
    """How many names (hard links) an open file has."""
    return os.fstat(file.fileno()).st_nlink
