"""Images and their place in space written as a scanner writes them: classic and Enhanced MR.

For drawn studies: the sample and the tests.  A person's masks are written elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.syntaxes import ENHANCED_MR_IMAGE, MR_IMAGE
from napari_scribblemix.data.dicom.written_headers import (
    Person,
    SeriesHeader,
    acquired,
    general,
    pixels,
    placed,
)

if TYPE_CHECKING:
    from pydicom import Dataset

_FIRST_TRIGGER_MS = 22.5


@dataclass(frozen=True)
class ImageStack:
    """Images (T, Z, H, W) of parallel slices; ``affine`` takes voxel (x, y, z) to mm (RAS).

    ``thickness`` is that of a slice in mm; the distance of the slices is in the affine.
    """

    images: NDArray[np.int16]
    affine: NDArray[np.float64]
    thickness: float

    def slice_at(self, z: int) -> ImageStack:
        """The stack of this one slice, in its place."""
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, 2] * z
        return replace(self, images=self.images[:, z : z + 1], affine=affine)


def trigger_time(rr_ms: float, frame: int, frames: int) -> float:
    """Milliseconds from the R wave to a frame; it differs with the beat, so by series."""
    return _FIRST_TRIGGER_MS + frame * rr_ms / frames


def _write(path: Path, header: Dataset, sop_class: str, uid: str) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    header.SOPClassUID, header.SOPInstanceUID = UID(sop_class), UID(uid)
    header.file_meta = FileMetaDataset()
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)


def write_classic(
    folder: Path, who: Person, series: SeriesHeader, stack: ImageStack, *, first: int = 1
) -> None:
    """Write ``IM0001.dcm`` and on, slice by slice and frame by frame; numbers begin at ``first``.

    ``SpacingBetweenSlices`` is left out, as classic images do.
    """
    frames, slices = stack.images.shape[:2]
    for z in range(slices):
        for t in range(frames):
            number = first + z * frames + t
            header = general(who, series)
            acquired(header, series, frames, stack.thickness)
            place = placed(stack.affine, z)
            header.ImagePositionPatient, header.ImageOrientationPatient, spacing = place
            header.PixelSpacing = spacing
            header.SliceLocation = f"{_along(stack.affine, z):.6g}"
            header.TriggerTime = f"{trigger_time(series.rr_ms, t, frames):.6g}"
            header.AcquisitionNumber = z + 1
            header.InstanceNumber = number
            pixels(header, stack.images[t, z])
            uid = who.uid("instance", series.number, number)
            _write(folder / f"IM{number:04d}.dcm", header, MR_IMAGE, uid)


def _along(affine: NDArray[np.float64], z: int) -> float:
    """How far along the slices' normal, which points as the header's row and column say, in mm."""
    position, orientation, _ = placed(affine, z)
    row, column = np.array(orientation, dtype=float).reshape(2, 3)
    return float(np.cross(row, column) @ np.array(position, dtype=float))


def write_enhanced(path: Path, who: Person, series: SeriesHeader, stack: ImageStack) -> None:
    """Write a whole cine as one Enhanced MR file: slices outside, frames of the beat inside."""
    from pydicom import Dataset

    frames, slices = stack.images.shape[:2]
    header = general(who, series)
    header.ImageType = ["ORIGINAL", "PRIMARY", "CARDIAC", "NONE"]
    header.VolumetricProperties, header.VolumeBasedCalculationTechnique = "VOLUME", "NONE"
    header.PixelPresentation = "MONOCHROME"
    header.ComplexImageComponent, header.AcquisitionContrast = "MAGNITUDE", "UNKNOWN"
    header.ContentQualification = "RESEARCH"
    header.AcquisitionNumber = header.InstanceNumber = 1
    header.AcquisitionDateTime = f"20240306{series.beginning}"
    header.AcquisitionDuration = series.rr_ms * slices * 8
    header.MagneticFieldStrength = 1.5
    header.ResonantNucleus = "1H"
    header.KSpaceFiltering, header.BurnedInAnnotation = "NONE", "NO"
    header.LossyImageCompression, header.PresentationLUTShape = "00", "IDENTITY"
    header.CardiacSynchronizationTechnique, header.CardiacSignalSource = "RETROSPECTIVE", "ECG"
    header.CardiacRRIntervalSpecified = series.rr_ms
    header.HeartRate = round(60000.0 / series.rr_ms)
    _, orientation, spacing = placed(stack.affine, 0)
    plane, measures = Dataset(), Dataset()
    plane.ImageOrientationPatient = orientation
    measures.PixelSpacing, measures.SliceThickness = spacing, f"{stack.thickness:g}"
    measures.SpacingBetweenSlices = f"{np.linalg.norm(stack.affine[:3, 2]):.6g}"
    shared = Dataset()
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [plane], [measures]
    header.SharedFunctionalGroupsSequence = [shared]
    order = [(z, t) for z in range(slices) for t in range(frames)]
    header.PerFrameFunctionalGroupsSequence = [
        _frame_groups(stack, z, t, trigger_time(series.rr_ms, t, frames)) for z, t in order
    ]
    _dimensions(header, who)
    pixels(header, np.stack([stack.images[t, z] for z, t in order]))
    _write(path, header, ENHANCED_MR_IMAGE, who.uid("instance", series.number, 1))


def _frame_groups(stack: ImageStack, z: int, t: int, trigger_ms: float) -> Dataset:
    from pydicom import Dataset

    content, place, beat, groups = Dataset(), Dataset(), Dataset(), Dataset()
    content.StackID = "1"
    content.InStackPositionNumber, content.TemporalPositionIndex = z + 1, t + 1
    content.DimensionIndexValues = [1, z + 1, t + 1]
    place.ImagePositionPatient = placed(stack.affine, z)[0]
    beat.NominalCardiacTriggerDelayTime = trigger_ms
    groups.FrameContentSequence, groups.PlanePositionSequence = [content], [place]
    groups.CardiacSynchronizationSequence = [beat]
    return groups


def _dimensions(header: Dataset, who: Person) -> None:
    """Say that the frames are laid out by stack, position and time."""
    from pydicom import Dataset
    from pydicom.datadict import tag_for_keyword

    organisation = Dataset()
    organisation.DimensionOrganizationUID = who.uid("dimensions")
    header.DimensionOrganizationSequence = [organisation]
    items = []
    for keyword in ("StackID", "InStackPositionNumber", "TemporalPositionIndex"):
        item = Dataset()
        item.DimensionOrganizationUID = organisation.DimensionOrganizationUID
        item.DimensionIndexPointer = tag_for_keyword(keyword)
        item.FunctionalGroupPointer = tag_for_keyword("FrameContentSequence")
        items.append(item)
    header.DimensionIndexSequence = items
