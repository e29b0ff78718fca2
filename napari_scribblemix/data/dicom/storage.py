"""How the pixels of a file are kept, as its header states it, held against file and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_scribblemix.data.dicom import limits
from napari_scribblemix.data.dicom.planes import Storage
from napari_scribblemix.data.dicom.syntaxes import NATIVE
from napari_scribblemix.data.dicom.tags import whole, word

if TYPE_CHECKING:
    from pydicom import Dataset


class Unusable(Exception):
    """Why a file is left out, in words that follow its name."""


def storage_of(data: Dataset, start: bytes, end: int, size: int) -> Storage:
    """The storage that the header ``data`` states; ``Unusable`` if it cannot be so.

    ``start`` of the file, in which the pixels' element begins at ``end``; ``size`` of the file.
    """
    rows, columns = whole(data, "Rows") or 0, whole(data, "Columns") or 0
    frames = whole(data, "NumberOfFrames") or 1
    allocated = whole(data, "BitsAllocated") or 0
    stored = whole(data, "BitsStored") or allocated
    high = whole(data, "HighBit")
    high = stored - 1 if high is None else high
    if "Rows" not in data:
        raise Unusable("cut off or no image: it does not say how large it is")
    if not (0 < rows <= limits.MOST_SIDE and 0 < columns <= limits.MOST_SIDE):
        raise Unusable(f"{rows} x {columns} pixels; expected 1 to {limits.MOST_SIDE} a side")
    if not 0 < frames <= limits.MOST_PLANES:
        raise Unusable(f"{frames} frames in one file; expected 1 to {limits.MOST_PLANES}")
    if (
        allocated not in (8, 16, 32)
        or not 0 < stored <= allocated
        or not stored - 1 <= high < allocated
    ):
        raise Unusable(f"pixels of {stored} bits in {allocated}; expected 8, 16 or 32")
    # A file without its first part is implicit little endian, as all old ones are.
    syntax = word(getattr(data, "file_meta", None), "TransferSyntaxUID") or next(iter(NATIVE))
    length = rows * columns * frames * (allocated // 8) if syntax in NATIVE else None
    offset = _pixels_at(start, end, syntax)
    if length is not None and offset + length > size:
        raise Unusable("cut off: it is shorter than its header says")
    if length is None and not 0 < size - offset <= limits.MOST_PACKED_BYTES:
        raise Unusable(f"compressed pixels of {size} bytes; expected 1 GB at most")
    return Storage(
        syntax, offset, length, rows, columns, frames, allocated, stored, high,
        signed=whole(data, "PixelRepresentation") == 1,
        inverted=word(data, "PhotometricInterpretation") == "MONOCHROME1",
    )  # fmt: skip


def _pixels_at(start: bytes, end: int, syntax: str) -> int:
    """Where the value of the pixels' element begins, whose tag is at ``end``."""
    names_kind, order = NATIVE.get(syntax, (True, "<"))
    tag = b"\x7f\xe0\x00\x10" if order == ">" else b"\xe0\x7f\x10\x00"
    if start[end : end + 4] != tag:
        long = len(start) > limits.HEADER_BYTES
        raise Unusable("a header of more than 32 MB" if long else "cut off: it has no pixels")
    return end + (12 if names_kind else 8)
