"""The files of one case, before any of them is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.nifti import number_of_frames
from napari_scribblemix.settings import Unlabelled

WHOLE_CINE = (
    "The image holds several frames (4-D cine); train reads 3-D volumes and leaves it out: import "
    "makes a case of each frame, to draw in."
)
"""The note of a case for which ``is_whole_cine`` is true."""


@dataclass(frozen=True)
class CaseFiles:
    """The files of a case; ``frame`` (from 0) if the image is a 4-D cine.

    ``scheme``: what its scribbles mean, where that is written down (in a project).  ``journal``:
    strokes drawn there that are not in the scribble file yet.  ``accepted``: the labels of slices
    that a person accepted, written like scribbles, unlabelled in all other slices.  ``further``:
    the images of the other channels, where ``image`` is the first of several, whose names are
    ``channels``.  ``unlabelled``: the value of the scribble file that means so, see
    ``data.untouched``; what a project wrote (``scheme``) needs no such choice.  ``known``: the
    sha256 of each image when it was added to a project.  ``left_out``: a person wants no training
    to use the case.
    """

    id: str
    image: Path
    scribble: Path | None = None
    mask: Path | None = None
    frame: int | None = None
    scheme: LabelScheme | None = None
    journal: Path | None = None
    accepted: Path | None = None
    further: tuple[Path, ...] = ()
    channels: tuple[str, ...] = ()
    unlabelled: Unlabelled = "auto"
    known: tuple[str, ...] = ()
    left_out: bool = False

    @property
    def images(self) -> tuple[Path, ...]:
        """The image files of all channels, the first one first."""
        return (self.image, *self.further)

    @property
    def scribbled(self) -> bool:
        """Whether there are labels by hand: strokes, saved or in the journal, or accepted slices.

        It looks at no file: a scribble file may turn out to hold no stroke.
        """
        return any(path is not None for path in (self.scribble, self.journal, self.accepted))


def is_whole_cine(files: CaseFiles) -> bool:
    """Whether the image has several frames and none is chosen; ``FileError`` if unreadable."""
    return files.frame is None and number_of_frames(files.image) > 1
