"""The headers that a scanner writes with each drawn image: person, study, series, place and time.

Everything is made from a seed, UIDs included (2.25 and a number of 128 bits), so that the same
sample has the same headers.  Nobody is called as these people are.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom import Dataset

_NAMESPACE = uuid.UUID("6f1d8a70-3d59-4cf7-9a0b-52c1e3b7d84f")
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Person:
    """Whom the headers speak of; ``key`` makes the UIDs (the seed and the person's number)."""

    key: str
    name: str
    identifier: str
    sex: str
    birth: str
    height_m: float
    weight_kg: float

    def uid(self, *parts: object) -> str:
        """A valid UID for a thing of this person: the same parts give the same."""
        text = ".".join(map(str, (self.key, *parts)))
        return f"2.25.{uuid.uuid5(_NAMESPACE, text).int}"


@dataclass(frozen=True)
class SeriesHeader:
    """What the images of one series share; ``rr_ms`` is the length of a heart beat in it."""

    number: int
    description: str
    image_type: tuple[str, ...]
    rr_ms: float
    beginning: str
    """Time of day, HHMMSS."""
    late: bool = False


def placed(affine: NDArray[np.float64], z: int) -> tuple[list[str], list[str], list[str]]:
    """Position, orientation and pixel spacing of slice ``z``, as header strings (mm, LPS)."""
    lps = _TO_LPS @ affine
    position = lps[:3, 3] + lps[:3, 2] * z
    columns, rows = (float(np.linalg.norm(lps[:3, axis])) for axis in (0, 1))
    orientation = (*lps[:3, 0] / columns, *lps[:3, 1] / rows)
    return (
        [f"{value:.8g}" for value in position],
        [f"{value:.10g}" for value in orientation],
        [f"{rows:.6g}", f"{columns:.6g}"],
    )


def general(person: Person, series: SeriesHeader) -> Dataset:
    """Patient, study, series and equipment: what classic and enhanced images both have."""
    from pydicom import Dataset

    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 192"
    header.InstanceCreationDate = header.StudyDate = "20240306"
    header.SeriesDate = header.AcquisitionDate = header.ContentDate = "20240306"
    header.StudyTime = "091500"
    header.SeriesTime = header.AcquisitionTime = header.ContentTime = series.beginning
    header.InstanceCreationTime = series.beginning
    header.AccessionNumber = ""
    header.Modality = "MR"
    header.Manufacturer = "Drawn"
    header.InstitutionName = "Hospital of Drawn Hearts"
    header.ReferringPhysicianName = "Drawn^Doctor"
    header.StudyDescription = "Heart"
    header.SeriesDescription = header.ProtocolName = series.description
    header.ManufacturerModelName = "Generator"
    header.DeviceSerialNumber = "1"
    header.SoftwareVersions = "1"
    header.PatientName = person.name
    header.PatientID = person.identifier
    header.PatientBirthDate = person.birth
    header.PatientSex = person.sex
    header.PatientAge = f"{2024 - int(person.birth[:4]):03d}Y"
    header.PatientSize = f"{person.height_m:.2f}"
    header.PatientWeight = f"{person.weight_kg:.0f}"
    header.PatientPosition = "HFS"
    header.StudyInstanceUID = person.uid("study")
    header.SeriesInstanceUID = person.uid("series", series.number)
    header.FrameOfReferenceUID = person.uid("frame of reference")
    header.StudyID = "1"
    header.SeriesNumber = series.number
    header.PositionReferenceIndicator = ""
    return header


def acquired(header: Dataset, series: SeriesHeader, frames: int, thickness: float) -> None:
    """Add to a classic ``header`` how the image was taken."""
    header.ImageType = list(series.image_type)
    header.ScanningSequence = ["IR", "GR"] if series.late else "GR"
    header.SequenceVariant = "SK"
    header.ScanOptions = ""
    header.MRAcquisitionType = "2D"
    header.SequenceName = "*tfi2d1" if series.late else "*tfi2d15"
    header.SliceThickness = f"{thickness:g}"
    header.RepetitionTime = f"{series.rr_ms / max(frames, 1):.2f}"
    header.EchoTime = "1.22"
    if series.late:
        header.InversionTime = "310"
    header.NumberOfAverages = "1"
    header.ImagingFrequency = "63.67"
    header.MagneticFieldStrength = "1.5"
    header.EchoTrainLength = 1
    header.FlipAngle = "20" if series.late else "58"
    header.NominalInterval = round(series.rr_ms)
    header.HeartRate = round(60000.0 / series.rr_ms)
    header.CardiacNumberOfImages = frames


def pixels(header: Dataset, image: NDArray[np.int16]) -> None:
    """Add the pixels, (H, W) or (frames, H, W), as 12 bits of 16, and how to show them."""
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME2"
    if image.ndim == 3:
        header.NumberOfFrames = len(image)
    header.Rows, header.Columns = image.shape[-2:]
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 12, 11
    header.PixelRepresentation = 0
    bright = float(np.percentile(image, 99.0)) or 1.0
    header.WindowCenter, header.WindowWidth = f"{bright / 2:.0f}", f"{bright:.0f}"
    header.PixelData = image.astype("<u2").tobytes()
    header["PixelData"].VR = "OW"
