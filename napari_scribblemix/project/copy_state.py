"""Whether a working copy is what was written: whole, gone, damaged, or changed by somebody."""

from __future__ import annotations

import math
from enum import Enum
from pathlib import Path

from napari_scribblemix.data.described import checksum_of, read_description
from napari_scribblemix.data.durable import put_aside
from napari_scribblemix.data.links import is_taken
from napari_scribblemix.data.nifti_files import open_header
from napari_scribblemix.errors import FileError, ScribbleMixError


class State(Enum):
    """What became of a copy."""

    WHOLE = "whole"
    GONE = "gone"
    DAMAGED = "damaged"
    """It cannot be read, or its end is missing."""
    CHANGED = "changed"
    """It can be read, and is another file than was written."""


def state_of(path: Path, sha256: str | None, *, thorough: bool = True) -> State:
    """The state of the copy at ``path``, which had that checksum, if one was written down.

    All of it is read only if ``thorough``; else a changed copy counts as whole.
    """
    if not is_taken(path):
        return State.GONE
    try:
        image = open_header(path)
        voxels = math.prod(image.shape) * image.get_data_dtype().itemsize
        needed = image.header.get_data_offset() + voxels
        if path.stat().st_size < needed:
            return State.DAMAGED
        if thorough and sha256 is not None and checksum_of(path) != sha256:
            return State.CHANGED
    except (ScribbleMixError, OSError):
        return State.DAMAGED
    return State.WHOLE


def is_told(path: Path) -> bool:
    """Whether the file beside the copy, with its times, is there and can be read."""
    try:
        return read_description(path.with_suffix(".json")) is not None
    except FileError:
        return False


def make_way(path: Path, was: State | None) -> str | None:
    """Make way for a copy that is made again, and say so.

    ``None`` for one that is made the first time, or is whole.  What a person may have changed is
    kept under another name.  ``FileError`` if the disk refuses.
    """
    if was is None or was is State.WHOLE:
        return None
    if was is State.CHANGED:
        kept = put_aside(path, "changed")
        return (
            f"The working copy {path.name} was changed; it was made again, and the other is kept "
            f"as {kept.name}."
        )
    return f"The working copy {path.name} was {was.value}; it was made again."
