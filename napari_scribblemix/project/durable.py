"""What keeps a project whole: durable writes, the lock of its one writer, the journal of strokes.

The lock is the operating system's, so it falls with the process that holds it, however that ends.
The journal only grows: a record is on the disk when ``append`` returns, and a record cut short by a
crash is noticed by its checksum and left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import zlib
from pathlib import Path
from typing import IO, Any

from napari_scribblemix.data.durable import (
    atomic_path,
    atomic_write,
    open_to_append,
    sync_folder,
)
from napari_scribblemix.data.links import names_of, open_own
from napari_scribblemix.data.locking import TAKEN, lock, unlock
from napari_scribblemix.errors import FileError, ProjectLocked

__all__ = ["FileLock", "Journal", "atomic_path", "atomic_write", "end_line"]


class FileLock:
    """An exclusive lock on ``path``, held from construction to ``release``.

    ``ProjectLocked`` names the holder if somebody has it; ``FileError`` if ``path`` cannot be
    opened for writing or is a link.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Not inherited by child processes, so a worker never keeps its parent's lock alive.
            self._file: IO[bytes] = open_own(path)
        except OSError as error:
            raise FileError(f"{path} could not be written ({error.strerror}).") from error
        try:
            lock(self._file)
        except OSError as error:
            if error.errno not in TAKEN:
                self._file.close()
                raise FileError(
                    f"{path.parent} cannot be locked ({error.strerror}); its disk knows no locks: "
                    "move the project to another."
                ) from error
            self._file.seek(0)
            holder = self._file.read(200).decode(errors="replace").strip() or "another program"
            self._file.close()
            raise ProjectLocked(
                f"{path.parent} is being written to by {holder}; close it there, or open it here "
                "read-only."
            ) from error
        self._name(f"process {os.getpid()} on {socket.gethostname()}")

    def _name(self, holder: str) -> None:
        """Say who holds the lock, but not in a file that is somebody else's by another name."""
        with contextlib.suppress(OSError):
            if names_of(self._file) == 1:
                self._file.truncate(0)
                self._file.write(holder.encode())
                self._file.flush()

    def release(self) -> None:
        """Give the lock back; the file stays, since removing it would race with the next holder."""
        if not self._file.closed:
            self._name("")
            with contextlib.suppress(OSError):
                unlock(self._file)
            self._file.close()


def end_line(file: IO[bytes]) -> None:
    """End a last line that a crash cut short, so that it spoils not the next one too."""
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


class Journal:
    """JSON records appended to ``path``, one a line, each behind its checksum."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: dict[str, Any]) -> None:
        """Put ``record`` on the disk; it is there when this returns. ``FileError`` if it cannot."""
        body = json.dumps(record, separators=(",", ":")).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new = not self.path.exists()
            with open_to_append(self.path) as file:
                end_line(file)
                file.write(b"%08x " % zlib.crc32(body) + body + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise FileError(
                f"{self.path} could not be written ({error.strerror}); free space, or check the "
                "permissions."
            ) from error

    def records(self) -> list[dict[str, Any]]:
        """All whole records, oldest first; what a crash or a bad disk damaged is left out.

        ``FileError`` if it cannot be read, or if somebody else wrote what is no record.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FileError(f"{self.path} could not be read ({error.strerror}).") from error
        whole = []
        for line in lines:
            checksum, _, body = line.partition(b" ")
            if body and checksum == b"%08x" % zlib.crc32(body):
                whole.append(self._record(body))
        return whole

    def _record(self, body: bytes) -> dict[str, Any]:
        """The record of a line that is as it was written."""
        try:
            record = json.loads(body)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise FileError(
                f"{self.path} holds a line that is no record of this program; restore the file "
                "from a copy, or move it away: what is in the saved file stays."
            )
        return record

    def clear(self) -> None:
        """Forget all records: what they say has been saved."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise FileError(f"{self.path} could not be removed ({error.strerror}).") from error
