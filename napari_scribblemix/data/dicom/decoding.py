"""The process in which compressed pixels are decoded: ``python -m`` this module.

It reads from its input which frames of which files are wanted (JSON) and writes their pixels to its
output, 64-bit integers, one frame after the other.  gdcm decodes JPEG, JPEG-LS and JPEG 2000,
pydicom RLE.  The size that a compressed image states for itself is held against the header's before
it is unpacked, and the process may take no more than ``MEMORY_BYTES``.  If it ends early, nobody is
harmed but itself.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from napari_scribblemix.data.dicom.needed import damaged, mute_decoders, silent
from napari_scribblemix.data.dicom.pixels import SENT, as_stored
from napari_scribblemix.data.dicom.planes import Storage

MEMORY_BYTES = 4 * 2**30
"""Of this process, where the system can hold it to that (not Windows)."""

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}


def frames_of(path: Path, storage: Storage, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
    """The pixels (rows, columns) of each of ``frames``; raises one of ``needed.damaged``."""
    from pydicom import dcmread
    from pydicom.encaps import generate_frames
    from pydicom.pixels.decoders.base import get_decoder

    data = dcmread(path, force=True)
    coded = list(generate_frames(data.PixelData, number_of_frames=storage.frames))
    decoder = get_decoder(storage.syntax)
    for frame in frames:
        check_coded(coded[frame], (storage.rows, storage.columns))
        array, _ = decoder.as_array(data, index=frame, raw=True)
        if array.shape != (storage.rows, storage.columns):
            raise ValueError("another size than the header's")
        yield as_stored(array.astype(f"u{storage.allocated // 8}"), storage)


def check_coded(coded: bytes, size: tuple[int, int]) -> None:
    """``ValueError`` if a compressed image states another ``size`` (rows, columns)."""
    stated = _jpeg_2000_size(coded) or _jpeg_size(coded)
    if stated is not None and stated != size:
        raise ValueError("another size than the header's")


def _jpeg_2000_size(coded: bytes) -> tuple[int, int] | None:
    """By the first segment of a JPEG 2000 stream; ``None`` for another stream."""
    start = coded.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(coded) < start + 24:
        return None
    numbers = [int.from_bytes(coded[start + at : start + at + 4], "big") for at in (8, 12, 16, 20)]
    return numbers[1] - numbers[3], numbers[0] - numbers[2]


def _jpeg_size(coded: bytes) -> tuple[int, int] | None:
    """By the frame segment of a JPEG or JPEG-LS stream; ``None`` for another stream."""
    if coded[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(coded) and coded[at] == 0xFF:
        if coded[at + 1] in _JPEG_FRAMES:
            found = coded[at + 5 : at + 9]
            return int.from_bytes(found[:2], "big"), int.from_bytes(found[2:], "big")
        at += 2 + int.from_bytes(coded[at + 2 : at + 4], "big")
    raise ValueError("no size in a JPEG stream")


def _hold_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    # What a system refuses stays as it is there.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main(request: IO[bytes], answer: IO[bytes]) -> int:
    """Answer one request; 0, or 1 if a file could not be decoded."""
    wanted = json.loads(request.read())
    with silent():
        mute_decoders()
        try:
            for each in wanted:
                storage = Storage(**each["storage"])
                for array in frames_of(Path(each["path"]), storage, each["frames"]):
                    answer.write(array.astype(SENT).tobytes())
        except damaged():
            return 1
    answer.flush()
    return 0


if __name__ == "__main__":
    _hold_memory()
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
