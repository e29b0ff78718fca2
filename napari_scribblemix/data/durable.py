"""Files that are either the old or the new, never half of one.

A file is written beside its place under a hidden name, forced to the disk, and moved over the old
one in one step; a crash at any moment leaves the old file.  Lock and journal of the project folder
are in ``project.durable``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from napari_scribblemix.errors import FileError

TEMPORARY_SUFFIX = ".part"


def _replace(source: Path, target: Path) -> None:
    # Windows refuses to replace a file that another program has open at that moment.
    attempts = 10 if sys.platform == "win32" else 1
    for attempt in range(attempts):
        try:
            source.replace(target)
            return
        except PermissionError:
            if attempt == attempts - 1:
                raise
            time.sleep(0.05)


def sync_folder(folder: Path) -> None:
    """Force the entries of ``folder`` (new names, renames) to the disk; a no-op on Windows."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it becomes ``path`` when the block ends without an error.

    The folder is made if it is missing.  ``FileError`` if the disk refuses.
    """
    # A link stays a link: what it points to is replaced.
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        _replace(temporary, target)
        sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(
            f"{path} could not be written ({reason}); free space, or choose a folder you may "
            "write to."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` durably; ``FileError`` if the disk refuses."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
