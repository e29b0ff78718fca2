"""What a NIfTI header may state, looked at before memory is taken or a voxel is read.

nibabel sets small faults of a header right and tells its log, without the file's name; here they
become notes of the volume.  It does not look whether the file is as long as the header says, and a
damaged size would have gigabytes set aside for nothing.  The rules of spacing are in ``geometry``.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.imageglobals import logger
from nibabel.nifti1 import Nifti1Pair

from napari_scribblemix.data.limits import MOST_FRAMES, check_size
from napari_scribblemix.errors import GeometryError

SCALING_NOTE = (
    "The header's scaling (scl_slope) is no finite number: the values are used as stored, unscaled."
)

REPAIRED = "repaired"
"""Where an image that was opened keeps what nibabel set right, in ``image.extra``."""

# Deflate makes nothing smaller than a 1032nd of itself.
_PACKED = 1032
# What nibabel says of other fields changes nothing that is used here.
_PLACING = ("pixdim[1,2,3]", "qform_code", "sform_code")


class _Heard(logging.Handler):
    """Keeps what is logged in this thread."""

    def __init__(self) -> None:
        super().__init__()
        self.thread, self.said = threading.get_ident(), list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.said.append(record.getMessage())


@contextmanager
def heard() -> Iterator[list[str]]:
    """What nibabel logs on a header's place in space, in a list instead of on the screen.

    Overflow in a header's own numbers is silent too: what comes of it is checked by ``geometry``.
    """
    handler, notes = _Heard(), list[str]()
    propagated, handlers = logger.propagate, logger.handlers
    logger.propagate, logger.handlers = False, [handler]
    try:
        with np.errstate(all="ignore"):
            yield notes
    finally:
        logger.propagate, logger.handlers = propagated, handlers
        notes += [
            f"A fault of the header was set right in reading: {text}."
            for text in handler.said
            if text.startswith(_PLACING)
        ]


def unlike_numbers(stored: np.dtype[Any]) -> str:
    """What is wrong with voxels that are no plain numbers, and what to do."""
    if stored.names:
        colours = "".join(stored.names)
        return f"colours ({colours}); expected one number per voxel: convert it to grey values"
    if stored.kind == "c":
        return "complex numbers; expected one number per voxel: save their magnitude"
    return f"values of the kind {stored}; expected one number per voxel: convert it to numbers"


def scaling_note(image: Nifti1Pair, start: bytes) -> str | None:
    """What to tell if the slope in ``start``, the first bytes of the header, cannot be applied.

    nibabel takes such a slope for none and forgets it, so it is read from the file itself.
    """
    stored: Any = image.header.structarr.dtype.fields
    kind, place = stored["scl_slope"][:2]
    slope = float(np.frombuffer(start, kind, 1, place)[0])
    return None if math.isfinite(slope) else SCALING_NOTE


def check_header(image: Nifti1Pair) -> None:
    """See whether the file can hold what the header of ``image`` states; nothing is read.

    Raises:
        ValueError: the file is too short for it; the header or the file is damaged.
        GeometryError: no volume, or a larger one than any scan.
    """
    shape = tuple(map(int, image.shape))
    if len(shape) < 2 or min(shape) < 1:
        raise GeometryError(
            f"Got an array of {' x '.join(map(str, shape)) or 'no size'}; expected two sizes or "
            "more, each at least 1: copy or download the file again, or save it as a 3-D image."
        )
    check_size((*shape, 1)[:3])
    frames = math.prod(shape[3:])
    if frames > MOST_FRAMES:
        raise GeometryError(
            f"Got {frames} frames; expected at most {MOST_FRAMES}: save the ones you need as a "
            "file of their own."
        )
    # nibabel's ArrayProxy, which knows where in the file the voxels begin.
    proxy: Any = image.dataobj
    offset = int(proxy.offset)
    stated = offset + math.prod(shape) * int(image.get_data_dtype().itemsize)
    file = Path(str(image.file_map["image"].filename))
    size = file.stat().st_size
    most = size * _PACKED if file.suffix.lower() == ".gz" else size
    if offset < 0 or stated > most:
        raise ValueError(f"the header states {stated} bytes, the file has {size}")
