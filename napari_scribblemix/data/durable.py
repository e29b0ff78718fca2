"""Files that are either the old or the new, never half of one.

A file is written beside its place under a hidden name, forced to the disk, and moved over the old
one in one step; a crash at any moment leaves the old file.  A link is replaced like a file, and
what it points to stays as it is.  What a crash leaves under a hidden name is a stray: its writer
held a lock on it while it lived, so strays can be told from files that are being written just now.
Lock and journal of the project folder are in ``project.durable``.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from napari_scribblemix.data.links import is_link, is_taken, names_of, open_own
from napari_scribblemix.data.locking import TAKEN, lock
from napari_scribblemix.errors import FileError

TEMPORARY_SUFFIX = ".part"

_STRAY = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(TEMPORARY_SUFFIX)}", re.DOTALL)
# What is left of the name: with all of it the hidden name could be longer than a name may be.
_KEPT = 40
# Where the disk knows no locks.
_STRAY_SECONDS = 24 * 3600.0


def _replace(source: Path, target: Path) -> None:
    # Windows refuses to replace a file that another program has open at that moment.
    attempts = 10 if sys.platform == "win32" else 1
    for attempt in range(attempts):
        try:
            os.replace(source, target)  # noqa: PTH105
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


def _held(file: IO[bytes]) -> bool:
    """Whether ``file`` is ours; where the disk knows no locks there is nobody to ask."""
    try:
        lock(file)
    except OSError as error:
        return error.errno not in TAKEN
    return True


def _begin(path: Path) -> tuple[Path, IO[bytes]]:
    """A new hidden file beside ``path``, and its holder, which marks it as being written."""
    while True:
        name = f".{path.name[:_KEPT]}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}"
        temporary = path.with_name(name)
        holder = open_own(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        # Somebody who tidies up may have met it before it was held.
        if _held(holder) and temporary.exists():
            return temporary, holder
        holder.close()


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it becomes ``path`` when the block ends without an error.

    The folder is made if it is missing.  A link at ``path`` is replaced, not what it points to.
    ``FileError`` if the disk refuses.
    """
    temporary: Path | None = None
    holder: IO[bytes] | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, holder = _begin(path)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if sys.platform == "win32":  # it moves no file that is open
            holder.close()
        _replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(
            f"{path} could not be written ({reason}); free space, or choose a folder you may "
            "write to."
        ) from error
    finally:
        if holder is not None:
            holder.close()
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` durably; ``FileError`` if the disk refuses."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def put_aside(path: Path, word: str) -> Path:
    """Keep a file, to whose place another comes, as ``NAME.word`` or ``NAME.word2`` and so on.

    Returns where it is now; ``FileError`` if the disk refuses.
    """
    kept, number = path.with_name(f"{path.name}.{word}"), 2
    while is_taken(kept):
        kept = path.with_name(f"{path.name}.{word}{number}")
        number += 1
    try:
        path.rename(kept)
    except OSError as error:
        raise FileError(f"{path} could not be renamed ({error.strerror}).") from error
    return kept


def open_to_append(path: Path) -> IO[bytes]:
    """Open a file that only grows, made if it is missing; never through a link.

    A file that has further names (hard links, e.g. of a copy that saves space) is copied first, so
    that what is appended appears under this name alone.  ``FileError`` for a link, ``OSError`` if
    the disk refuses.
    """
    file = open_own(path)
    if names_of(file) > 1:
        file.seek(0)
        data = file.read()
        file.close()
        atomic_write(path, data)
        file = open_own(path)
    return file


def _remove_if_stray(path: Path) -> bool:
    """Remove a hidden file that nobody writes any more; whether it was removed."""
    with contextlib.suppress(OSError, FileError), open_own(path, os.O_RDWR) as file:
        try:
            lock(file)
        except OSError as error:
            age = time.time() - os.fstat(file.fileno()).st_mtime
            if error.errno in TAKEN or age < _STRAY_SECONDS:
                return False
        if sys.platform == "win32":  # it removes no file that is open
            file.close()
        path.unlink()
        return True
    return False


def remove_strays(folder: Path, depth: int = 0) -> int:
    """Remove what writes cut short by a crash left in ``folder``, and so deep in those inside it.

    Folders behind links are left alone, and so is what a live process writes at this moment.
    Returns how many files were removed.
    """
    try:
        entries = [] if is_link(folder) else list(folder.iterdir())
    except OSError:
        return 0
    count = sum(_remove_if_stray(path) for path in entries if _STRAY.fullmatch(path.name))
    if depth:
        count += sum(remove_strays(path, depth - 1) for path in entries if path.is_dir())
    return count
