"""Masks as files for other programs: NIfTI, 3D Slicer's NRRD, DICOM SEG.

DICOM SEG names the DICOM images that it lies on.  So it can be had only of images that came from
DICOM, whose working copies know where they came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.contents import Stack
from napari_scribblemix.data.dicom.segmentation import (
    SUFFIX,
    Phase,
    write_segmentation,
)
from napari_scribblemix.data.dicom.segments import Maker
from napari_scribblemix.data.dicom.source_header import new_uid
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.matching import same_place
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.data.seg_nrrd import SUFFIX as SEG_NRRD
from napari_scribblemix.data.seg_nrrd import write_seg_nrrd
from napari_scribblemix.errors import FileError, GeometryError
from napari_scribblemix.project.copy_sources import copies_in
from napari_scribblemix.project.working_copies import FoundStacks, source_stack
from napari_scribblemix.settings import MaskFormat

ENDINGS: dict[MaskFormat, str] = {"nifti": ".nii.gz", "nrrd": SEG_NRRD, "dicom-seg": SUFFIX}


@dataclass(frozen=True, eq=False)
class FullMask:
    """A mask to write: ``labels`` are class indices (Z, Y, X) on ``geometry``.

    ``image`` is the file it was made on, ``frame`` which of its frames, if it has several;
    ``by_hand`` whether a person accepted or corrected some of it; ``recorded`` whether it is
    written down that a model of this program made this very mask.
    """

    labels: NDArray[np.uint8]
    scheme: LabelScheme
    geometry: Geometry
    image: Path | None = None
    frame: int | None = None
    by_hand: bool = False
    recorded: bool = False

    @property
    def maker(self) -> Maker | None:
        """What a DICOM segmentation says of its making; ``None`` where nobody recorded it."""
        if not self.recorded:
            return None
        return "SEMIAUTOMATIC" if self.by_hand else "AUTOMATIC"


def came_from_dicom(image: Path) -> bool:
    """Whether the image is a working copy of a DICOM stack; no DICOM file is looked at."""
    return image.name in copies_in(image.parent)


class MaskWriter:
    """Writes the masks of one export; its DICOM files of one stack are one series."""

    def __init__(self, form: MaskFormat) -> None:
        self._form = form
        self._stacks: dict[Path, tuple[Stack, str]] = {}
        self._found: FoundStacks = {}

    def path(self, folder: Path, name: str) -> Path:
        """Where the mask called ``name`` goes."""
        return folder / f"{name}{ENDINGS[self._form]}"

    def check(self, name: str, image: Path | None) -> None:
        """``FileError`` if the format cannot be had for a mask of ``image``."""
        if self._form == "dicom-seg" and (image is None or not came_from_dicom(image)):
            raise FileError(
                f"{name} does not come from DICOM files, which a DICOM segmentation must name; "
                "export NIfTI or NRRD (3D Slicer) instead."
            )

    def write(self, path: Path, mask: FullMask) -> tuple[str, ...]:
        """Write one mask, durably; returns what is to be told of it.

        Raises as ``check``, ``write_labels``, ``write_seg_nrrd`` and ``write_segmentation``, and
        ``GeometryError`` for a mask that does not lie on its DICOM images.
        """
        self.check(path.name.removesuffix(ENDINGS[self._form]), mask.image)
        if self._form == "nifti":
            write_labels(path, mask.scheme.encode_mask(mask.labels), mask.geometry)
        elif self._form == "nrrd":
            write_seg_nrrd(path, mask.labels, mask.scheme, mask.geometry)
        elif mask.image is not None:
            return self._write_dicom(path, mask, mask.image)
        return ()

    def phase(self, image: Path, frame: int) -> Phase:
        """The DICOM images of a frame of the working copy ``image``; ``FileError`` if gone."""
        if image not in self._stacks:
            self._stacks[image] = source_stack(image, self._found), new_uid()
        stack = self._stacks[image][0]
        if frame >= stack.frames:
            raise FileError(
                f"Got frame {frame} of {image.name}, whose DICOM files have {stack.frames}; import "
                "the study again."
            )
        # Files of one series must name one frame of reference, even if their images do not.
        return Phase(stack.images[frame], frame, stack.frames, anchor=stack.images[0][0])

    def _write_dicom(self, path: Path, mask: FullMask, image: Path) -> tuple[str, ...]:
        phase = self.phase(image, mask.frame or 0)
        stack, series = self._stacks[image]
        if not same_place(mask.geometry, stack.geometry):
            raise GeometryError(
                f"{path.name.removesuffix(SUFFIX)} has another grid, or lies elsewhere, than the "
                "DICOM images it should be on; segment these images again."
            )
        return write_segmentation(
            path, mask.labels, mask.scheme, phase, maker=mask.maker, series_uid=series
        )
