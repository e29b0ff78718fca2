"""DICOM SEG: the mask of one phase, on the images it was drawn on.

One file holds one phase: a segmentation over a whole cine is refused by highdicom and shown over
every phase by viewers.  Where each slice is a series of its own, there is still one file, whose
``ReferencedSeriesSequence`` names all of them: the heart is one volume.

highdicom is given stand-ins for the images, one classic single-frame image a slice in one series,
with nothing but what is needed and valid; the references are then turned to the true images and
frames.  So classic and Enhanced images, one series or several, take one way.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix import __version__
from napari_scribblemix.data.dicom.needed import damaged, silent
from napari_scribblemix.data.dicom.planes import Plane
from napari_scribblemix.data.dicom.references import (
    Source,
    refer_to,
    sources_of,
    stand_in_uid,
)
from napari_scribblemix.data.dicom.segments import PROGRAM, Maker, describe_segments
from napari_scribblemix.data.dicom.source_header import new_uid, read_header, taken_over
from napari_scribblemix.data.dicom.syntaxes import MR_IMAGE
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.geometry import format_shape
from napari_scribblemix.data.labels import UNLABELLED, LabelScheme
from napari_scribblemix.errors import FileError, GeometryError, LabelError

if TYPE_CHECKING:
    from pydicom import Dataset

SUFFIX = ".seg.dcm"
_SERIES_NUMBER = 9000


@dataclass(frozen=True)
class Phase:
    """The images of one phase: ``planes[z]`` is the image of slice ``z`` of the mask.

    ``number`` counts the phases from 0; ``of`` is how many there are.  ``anchor`` is the image
    whose study and frame of reference count for all phases of a series; without it the first of
    ``planes``.
    """

    planes: tuple[Plane, ...]
    number: int = 0
    of: int = 1
    anchor: Plane | None = None


def write_segmentation(
    path: Path,
    labels: NDArray[np.uint8],
    scheme: LabelScheme,
    phase: Phase,
    *,
    maker: Maker | None,
    series_uid: str,
) -> tuple[str, ...]:
    """Write the mask of one phase, class indices (Z, Y, X), as DICOM SEG; durably.

    ``maker`` is ``None`` where it is not recorded who made the mask.  Returns what was mended of
    the images' headers on the copy.  The file bears the name and the
    numbers of the patient, as its images do, for it is filed with them.  ``GeometryError`` if the
    mask does not fit the images, ``LabelError`` if it is not full, ``FileError`` if an image is
    gone or is another one now.
    """
    _check(labels, phase)
    with silent():
        anchored = phase.anchor or phase.planes[0]
        # An Enhanced file holds many slices: it is read once.
        read = {path: read_header(path) for path in {p.path for p in (*phase.planes, anchored)}}
        headers, anchor = [read[plane.path] for plane in phase.planes], read[anchored.path]
        sources, notes = sources_of(headers, phase.planes)
        common, mended = taken_over(headers[0], headers[1:], anchor)
        try:
            data = _encode(labels, scheme, phase, common, sources, maker, series_uid)
        except damaged() as error:
            raise FileError(
                f"The images of {path.name} cannot be named in a DICOM segmentation "
                f"({type(error).__name__}); export NIfTI instead."
            ) from error
    atomic_write(path, data)
    return tuple(dict.fromkeys((*mended, *notes)))


def _check(labels: NDArray[np.uint8], phase: Phase) -> None:
    if (labels == UNLABELLED).any():
        raise LabelError("Got unlabelled pixels in a full mask; export scribbles as NIfTI instead.")
    shapes = {plane.shape for plane in phase.planes}
    if shapes != {labels.shape[1:]} or len(phase.planes) != len(labels):
        shown = " and ".join(format_shape(shape) for shape in sorted(shapes))
        raise GeometryError(
            f"Got a mask of {format_shape(labels.shape)} for {len(phase.planes)} DICOM images of "
            f"{shown}; segment these images again."
        )


def _stand_in(common: Dataset, plane: Plane, z: int, step_mm: float) -> Dataset:
    """A classic image with the place of ``plane`` and nothing that could be invalid."""
    from pydicom import Dataset
    from pydicom.uid import UID

    image = Dataset()
    image.update(common)
    image.SOPClassUID, image.SOPInstanceUID = UID(MR_IMAGE), UID(stand_in_uid(z))
    image.SeriesInstanceUID, image.Modality = UID("2.25.9"), "MR"
    image.Rows, image.Columns = plane.shape
    image.ImagePositionPatient = [f"{value:.10g}" for value in plane.position]
    image.ImageOrientationPatient = [
        f"{value:.10g}" for value in (*plane.along_row, *plane.along_column)
    ]
    image.PixelSpacing = [f"{value:.10g}" for value in plane.pixel]
    image.SliceThickness = f"{plane.thickness or step_mm:.10g}"
    if step_mm > 0:
        image.SpacingBetweenSlices = f"{step_mm:.10g}"
    image.InstanceNumber = z + 1
    return image


def _step(planes: Sequence[Plane]) -> float:
    """The distance between neighbouring slices in mm, 0 where it differs or there is one alone."""
    if len(planes) < 2:
        return 0.0
    normal = np.cross(planes[0].along_row, planes[0].along_column)
    steps = np.abs(np.diff([float(normal @ np.array(plane.position)) for plane in planes]))
    return float(steps[0]) if np.allclose(steps, steps[0], rtol=0.01) else 0.0


def _encode(
    labels: NDArray[np.uint8],
    scheme: LabelScheme,
    phase: Phase,
    common: Dataset,
    sources: list[Source],
    maker: Maker | None,
    series_uid: str,
) -> bytes:
    from highdicom.seg import Segmentation

    step = _step(phase.planes)
    images = [_stand_in(common, plane, z, step) for z, plane in enumerate(phase.planes)]
    told = f"phase {phase.number + 1} of {phase.of}" if phase.of > 1 else "heart"
    result = Segmentation(
        source_images=images,
        pixel_array=labels,
        segmentation_type="BINARY",
        segment_descriptions=describe_segments(scheme, maker),
        series_instance_uid=series_uid,
        series_number=_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=phase.number + 1,
        manufacturer=PROGRAM,
        manufacturer_model_name=PROGRAM,
        software_versions=__version__,
        device_serial_number="0",
        content_label="HEART",
        content_description=f"Segmentation, {told}",
    )
    result.SeriesDescription = f"Segmentation ({PROGRAM})"
    refer_to(result, sources)
    buffer = io.BytesIO()
    result.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
