"""Stored pixel values of files, as the numbers they stand for before they are rescaled.

Uncompressed pixels are read where they lie.  Compressed ones are decoded in a process of their own
(``decoding``): the libraries that do it are written in C++, and a hostile file can end the process
they run in, or take any memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.needed import damaged
from napari_scribblemix.data.dicom.planes import Storage
from napari_scribblemix.data.dicom.syntaxes import NATIVE
from napari_scribblemix.errors import FileError

SENT = np.dtype("<i8")
"""The kind of number in which the other process sends pixels."""

_SECONDS, _SECONDS_A_FRAME = 60.0, 1.0


@dataclass(frozen=True)
class Wanted:
    """Frames of one file."""

    path: Path
    storage: Storage
    frames: tuple[int, ...]


def decoded(wanted: Sequence[Wanted]) -> Iterator[NDArray[Any]]:
    """The pixels (rows, columns) of all frames in order; ``FileError`` if they cannot be read.

    To be called within ``needed.silent``.
    """
    packed = [each for each in wanted if each.storage.length is None]
    apart = _apart(packed) if packed else iter(())
    try:
        for each in wanted:
            if each.storage.length is not None:
                yield from _native(each)
            else:
                for _ in each.frames:
                    yield next(apart)
    except damaged() as error:
        raise _unreadable() from error


def _unreadable() -> FileError:
    """What to tell of pixels that cannot be decoded; no file is named, whose name may be a name."""
    return FileError(
        "The pixels of a DICOM file could not be read; expected a complete file in a common "
        "transfer syntax: export the study again."
    )


def _native(wanted: Wanted) -> Iterator[NDArray[Any]]:
    storage = wanted.storage
    order = NATIVE[storage.syntax][1]
    size = storage.rows * storage.columns
    kind = np.dtype(f"{order}u{storage.allocated // 8}")
    with wanted.path.open("rb") as file:
        for frame in wanted.frames:
            file.seek(storage.offset + frame * size * kind.itemsize)
            stored = np.frombuffer(file.read(size * kind.itemsize), kind)
            yield as_stored(stored.reshape(storage.rows, storage.columns), storage)


def as_stored(values: NDArray[Any], storage: Storage) -> NDArray[Any]:
    """The bits that count, with their sign: others of a pixel may hold an overlay."""
    if storage.stored == storage.allocated:
        kind = f"{'i' if storage.signed else 'u'}{storage.allocated // 8}"
        plain: NDArray[Any] = values.astype(values.dtype.newbyteorder("=")).view(kind)
        return plain
    shift = storage.high + 1 - storage.stored
    bits: NDArray[Any] = (values.astype(np.int64) >> shift) & (2**storage.stored - 1)
    if storage.signed:
        half = 2 ** (storage.stored - 1)
        bits = (bits ^ half) - half
    return bits


def _apart(wanted: Sequence[Wanted]) -> Iterator[NDArray[Any]]:
    """The frames as another process decodes them; ``EOFError`` if it ends before all are there."""
    request = [
        {"path": str(each.path), "storage": asdict(each.storage), "frames": each.frames}
        for each in wanted
    ]
    count, flags = sum(len(each.frames) for each in wanted), 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    with subprocess.Popen(
        # -P: whatever lies in the current folder is not to be imported.
        [sys.executable, "-P", "-m", "napari_scribblemix.data.dicom.decoding"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
    ) as process:
        guard = threading.Timer(_SECONDS + count * _SECONDS_A_FRAME, process.kill)
        guard.start()
        try:
            yield from _received(process, json.dumps(request).encode(), wanted)
        finally:
            guard.cancel()
            process.kill()


def _received(
    process: subprocess.Popen[bytes], request: bytes, wanted: Sequence[Wanted]
) -> Iterator[NDArray[Any]]:
    sent, back = process.stdin, process.stdout
    if sent is None or back is None:
        raise EOFError("no way to the other process")
    with sent:
        sent.write(request)
    for each in wanted:
        for _ in each.frames:
            yield _array(back, each.storage)


def _array(back: IO[bytes], storage: Storage) -> NDArray[Any]:
    size = storage.rows * storage.columns * SENT.itemsize
    data = back.read(size)
    if len(data) < size:
        raise EOFError("the other process ended")
    return np.frombuffer(data, SENT).reshape(storage.rows, storage.columns)
