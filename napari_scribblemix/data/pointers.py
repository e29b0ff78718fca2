"""Files that stand for another one which is not there: what git-annex and Git LFS leave behind.

DataLad shows a file that was not fetched as a link to nowhere; where links cannot be made (Windows,
some copies), a few bytes of text hold the place.  Reading such text as a scan gives an error that
sends the reader the wrong way.
"""

from __future__ import annotations

from pathlib import Path

FETCH = "fetch it (datalad get, git lfs pull, or connect the disk)"
"""What to do about one."""

_MOST_BYTES = 1024
_LFS = "version https://git-lfs"


def is_dangling(path: Path) -> bool:
    """Whether ``path`` is a link to something that is not there, or to itself."""
    return path.is_symlink() and not path.exists()


def absent(path: Path) -> str:
    """What to tell of a path at which nothing is, though somebody named it."""
    if is_dangling(path):
        return f"{path} is only a link to a file that is not there: {FETCH}."
    return f"{path} does not exist; check the path."


def is_placeholder(path: Path) -> bool:
    """Whether ``path`` is a short text that names another file; false if it cannot be read."""
    try:
        if not 0 < path.stat().st_size <= _MOST_BYTES:
            return False
        text = path.read_bytes().decode("ascii")
    except (OSError, UnicodeDecodeError):
        return False
    one_line = text.rstrip("\r\n")
    return text.startswith(_LFS) or (one_line.isprintable() and "/" in one_line.replace("\\", "/"))
