"""Stored pixel values of one file, as the numbers they stand for before they are rescaled.

Uncompressed pixels are read where they lie.  Compressed ones are decoded by gdcm (JPEG lossless,
JPEG-LS, JPEG 2000) or pydicom (RLE), after their own size was held against the header's: a small
file could unpack to any size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.headers import NATIVE
from napari_scribblemix.data.dicom.needed import damaged, mute_decoders
from napari_scribblemix.data.dicom.planes import Storage
from napari_scribblemix.errors import FileError

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}


def decoded(path: Path, storage: Storage, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
    """The pixels (rows, columns) of each of ``frames``; ``FileError`` if they cannot be read.

    To be called within ``needed.silent``.
    """
    try:
        if storage.length is not None:
            yield from _native(path, storage, frames)
        else:
            yield from _packed(path, storage, frames)
    except damaged() as error:
        raise FileError(
            "The pixels of a DICOM file could not be read; expected a complete file in a common "
            "transfer syntax: export the study again."
        ) from error


def _native(path: Path, storage: Storage, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
    order = NATIVE[storage.syntax][1]
    size = storage.rows * storage.columns
    kind = np.dtype(f"{order}u{storage.allocated // 8}")
    with path.open("rb") as file:
        for frame in frames:
            file.seek(storage.offset + frame * size * kind.itemsize)
            stored = np.frombuffer(file.read(size * kind.itemsize), kind)
            yield _as_stored(stored.reshape(storage.rows, storage.columns), storage)


def _as_stored(values: NDArray[Any], storage: Storage) -> NDArray[Any]:
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


def _packed(path: Path, storage: Storage, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
    from pydicom import dcmread
    from pydicom.encaps import generate_frames
    from pydicom.pixels.decoders.base import get_decoder

    mute_decoders()
    data = dcmread(path, force=True)
    coded = list(generate_frames(data.PixelData, number_of_frames=storage.frames))
    decoder = get_decoder(storage.syntax)
    for frame in frames:
        _check_coded(coded[frame], storage)
        array, meta = decoder.as_array(data, index=frame, raw=True)
        if array.shape != (storage.rows, storage.columns):
            raise ValueError("another size than the header's")
        del meta
        yield _as_stored(_unsigned(array, storage), storage)


def _unsigned(array: NDArray[Any], storage: Storage) -> NDArray[Any]:
    """Decoded pixels as they would be stored in an uncompressed file."""
    return array.astype(f"u{storage.allocated // 8}")


def _check_coded(coded: bytes, storage: Storage) -> None:
    """``ValueError`` if a compressed image states another size than its header."""
    size = _jpeg_2000_size(coded) or _jpeg_size(coded)
    if size is not None and size != (storage.rows, storage.columns):
        raise ValueError("another size than the header's")


def _jpeg_2000_size(coded: bytes) -> tuple[int, int] | None:
    """Rows and columns by the first segment of a JPEG 2000 stream; ``None`` for another stream."""
    start = coded.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(coded) < start + 24:
        return None
    numbers = [int.from_bytes(coded[start + at : start + at + 4], "big") for at in (8, 12, 16, 20)]
    return numbers[1] - numbers[3], numbers[0] - numbers[2]


def _jpeg_size(coded: bytes) -> tuple[int, int] | None:
    """Rows and columns by the frame segment of a JPEG or JPEG-LS stream."""
    if coded[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(coded) and coded[at] == 0xFF:
        if coded[at + 1] in _JPEG_FRAMES:
            found = coded[at + 5 : at + 9]
            return int.from_bytes(found[:2], "big"), int.from_bytes(found[2:], "big")
        at += 2 + int.from_bytes(coded[at + 2 : at + 4], "big")
    raise ValueError("no size in a JPEG stream")
