"""A cine as cases: each of its frames is one, all of one heart, by their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from napari_scribblemix.data.nifti import number_of_frames
from napari_scribblemix.errors import ImageError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.patients import frame_case


def frame_of_cine(files: CaseFiles, frame: int) -> CaseFiles:
    """The case of one frame (from 0) of the cine ``files``; labels of a cine are of no frame."""
    return dataclasses.replace(
        files, id=frame_case(files.id, frame), frame=frame, scribble=None, mask=None
    )


def frames_of(files: CaseFiles, wanted: Sequence[int] = ()) -> tuple[CaseFiles, ...]:
    """A case for each frame of ``files``, or for those ``wanted``; ``files`` if it is no cine.

    ``FileError`` if the image cannot be read, ``ImageError`` for a frame that it has not.
    """
    if files.frame is not None or files.further:
        return (files,)
    count = number_of_frames(files.image)
    if count == 1:
        return (files,)
    if beyond := [frame for frame in wanted if not 0 <= frame < count]:
        raise ImageError(
            f"Got frame {beyond[0]} of {files.id}, a cine of {count} frames; expected 0 to "
            f"{count - 1}."
        )
    numbers = sorted(set(wanted)) if wanted else range(count)
    return tuple(frame_of_cine(files, number) for number in numbers)


def labels_left(files: CaseFiles, frames: Sequence[CaseFiles]) -> tuple[str, ...]:
    """A line if there are labels of ``files`` that none of its ``frames`` can take."""
    if files in frames or (files.scribble is None and files.mask is None):
        return ()
    line = (
        "Its labels are left out: the image is a cine, and nothing says of which frame they are; "
        "give that frame as an image of its own."
    )
    return (line,)
