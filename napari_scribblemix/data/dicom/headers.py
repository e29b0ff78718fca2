"""What is read of one DICOM file: its image planes, without a pixel.

The file is opened once; no more of it is taken than ``HEADER_BYTES``, and what the header states is
held against the size of the file and the limits before anything else is believed.
``Unusable`` says why a file is no picture of a heart; it is not an error of the program.
"""

from __future__ import annotations

import io
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribblemix.data.dicom import limits
from napari_scribblemix.data.dicom.enhanced import plane_of_frame
from napari_scribblemix.data.dicom.files import PREAMBLE, starts_as_dicom
from napari_scribblemix.data.dicom.needed import damaged
from napari_scribblemix.data.dicom.planes import Plane, Storage, digest, hints_in, part_of
from napari_scribblemix.data.dicom.storage import Unusable, storage_of
from napari_scribblemix.data.dicom.syntaxes import DEFLATED, ENHANCED_MR_IMAGE, MR_IMAGE
from napari_scribblemix.data.dicom.tags import (
    directions,
    number,
    numbers,
    seconds,
    vector,
    whole,
    word,
    words,
)

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Unusable", "read_planes"]

_CLASSES = {
    MR_IMAGE,
    ENHANCED_MR_IMAGE,
    "1.2.840.10008.5.1.4.1.1.4.4",
}
_NO_IMAGE = {
    "1.2.840.10008.1.3.10": "a table of contents (DICOMDIR)",
    "1.2.840.10008.5.1.4.1.1.66.4": "a segmentation, not an image",
    "1.2.840.10008.5.1.4.1.1.66.7": "a segmentation, not an image",
    "1.2.840.10008.5.1.4.1.1.66": "raw data, not an image",
    "1.2.840.10008.5.1.4.1.1.4.2": "a spectrum, not an image",
    "1.2.840.10008.5.1.4.1.1.104.1": "a document, not an image",
}
_NOWHERE, _NO_WAY = (math.nan, math.nan, math.nan), (0.0, 0.0, 0.0)
_SCREEN = "a screenshot or derived picture, not a scan"

TAGS = [
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID",
    "SeriesInstanceUID", "PatientID", "Modality", "ImageType", "SeriesDescription", "ProtocolName",
    "SequenceName",
    "ScanningSequence", "InversionTime", "EchoTime", "ComplexImageComponent", "Rows", "Columns",
    "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PixelSpacing", "ImagePositionPatient",
    "ImageOrientationPatient", "SliceThickness", "SpacingBetweenSlices", "TriggerTime",
    "TemporalPositionIdentifier", "AcquisitionTime", "AcquisitionDate", "AcquisitionDateTime",
    "SeriesTime", "InstanceNumber", "SeriesNumber", "NominalInterval", "HeartRate",
    "RescaleSlope", "RescaleIntercept", "PatientSize", "PatientWeight",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "ModalityLUTSequence",
]  # fmt: skip
"""All that is read; each other value is passed over."""


class _Counted(io.BytesIO):
    """The start of a file; ``Unusable`` for a header of more parts than any scanner writes."""

    _reads = 0

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or what is left."""
        self._reads += 1
        if self._reads > limits.MOST_READS:
            raise Unusable("a header of more parts than any scanner writes")
        return super().read(size)


def read_planes(path: Path) -> list[Plane]:
    """The image planes of the file at ``path``; ``Unusable`` if it has none for us.

    To be called within ``needed.silent``.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            start = file.read(min(size, limits.HEADER_BYTES + 1))
    except OSError as error:
        raise Unusable(f"cannot be read ({error.strerror or 'the disk refuses'})") from error
    if not starts_as_dicom(start):
        raise Unusable("no DICOM")
    try:
        data, end = _parsed(start)
        return _planes(path, data, start, end, size)
    except damaged() as error:
        raise Unusable("damaged: its header cannot be read") from error


def _parsed(start: bytes) -> tuple[Dataset, int]:
    """The header, and the place in the file where its pixels' element begins."""
    from pydicom import dcmread

    # Unpacked, it could be a thousand times as large.
    if DEFLATED.encode() in start[: PREAMBLE + 4096]:
        raise Unusable("a deflated file, which is not read")
    buffer = _Counted(start)
    bare = start[PREAMBLE : PREAMBLE + 4] != b"DICM"
    data = dcmread(buffer, stop_before_pixels=True, force=bare, specific_tags=TAGS)
    return data, buffer.tell()


def _check_kind(data: Dataset) -> None:
    """``Unusable`` for what is no slice of a scan."""
    kind, modality = word(data, "SOPClassUID"), word(data, "Modality")
    kinds = {each.strip().upper() for each in words(data, "ImageType")}
    if kind in _NO_IMAGE:
        raise Unusable(_NO_IMAGE[kind])
    if modality not in ("MR", ""):
        shown = modality if re.fullmatch("[A-Z]{2,16}", modality) else "another kind"
        raise Unusable(f"{shown}, not MR")
    if "MOSAIC" in kinds:
        raise Unusable("a mosaic: many slices drawn into one image")
    if kind.startswith("1.2.840.10008.5.1.4.1.1.7") or kinds & {"SCREEN SAVE", "CSA REPORT"}:
        raise Unusable(_SCREEN)
    if (whole(data, "SamplesPerPixel") or 1) != 1:
        raise Unusable(_SCREEN)
    if kind not in _CLASSES and not (kind == "" and modality == "MR"):
        raise Unusable("no image of a scanner")
    if "ModalityLUTSequence" in data:
        raise Unusable("its grey values need a table, which is not read")


def _planes(path: Path, data: Dataset, start: bytes, end: int, size: int) -> list[Plane]:
    _check_kind(data)
    storage = storage_of(data, start, end, size)
    base = _plane(path, data, storage)
    if "PerFrameFunctionalGroupsSequence" not in data:
        if storage.frames > 1:
            raise Unusable("several frames that do not say where they lie")
        return [_placed(base)]
    groups = data.PerFrameFunctionalGroupsSequence
    if len(groups) != storage.frames:
        raise Unusable(f"{storage.frames} frames, of which {len(groups)} are described")
    shared = data.get("SharedFunctionalGroupsSequence")
    first = shared[0] if shared else None
    return [
        _placed(plane_of_frame(base, number_in_file, own, first))
        for number_in_file, own in enumerate(groups)
    ]


def _placed(plane: Plane) -> Plane:
    """``plane`` if it says where it lies; else ``Unusable``."""
    if plane.along_row == plane.along_column or not all(map(math.isfinite, plane.position)):
        raise Unusable("it does not say where in space it lies")
    if not all(1e-3 < size < 1e3 for size in plane.pixel):
        raise Unusable("it does not say how large its pixels are")
    if any(abs(place) > 1e5 for place in plane.position):
        raise Unusable("it lies more than 100 m from the scanner")
    return plane


def _plane(path: Path, data: Dataset, storage: Storage) -> Plane:
    """The plane as a classic header has it; with empty places where it says nothing."""
    axes = directions(numbers(data, "ImageOrientationPatient")) or (_NO_WAY, _NO_WAY)
    place = vector(numbers(data, "ImagePositionPatient"))
    pixel = numbers(data, "PixelSpacing")
    hints = hints_in(
        *(word(data, name) for name in ("SeriesDescription", "ProtocolName", "SequenceName"))
    )
    taken = seconds(word(data, "AcquisitionTime") or word(data, "AcquisitionDateTime"))
    rate, cycle = number(data, "HeartRate"), number(data, "NominalInterval")
    if not cycle or cycle <= 0:
        cycle = 60000.0 / rate if rate and rate > 0 else None
    slope = number(data, "RescaleSlope")
    thickness = number(data, "SliceThickness") or number(data, "SpacingBetweenSlices")
    return Plane(
        path=path,
        frame=0,
        storage=storage,
        position=place or _NOWHERE,
        along_row=axes[0] if place else _NO_WAY,
        along_column=axes[1] if place else _NO_WAY,
        pixel=(pixel[0], pixel[1]) if len(pixel) == 2 else (0.0, 0.0),
        thickness=abs(thickness) if thickness else None,
        times=(
            number(data, "TriggerTime"),
            number(data, "TemporalPositionIdentifier"),
            taken,
            number(data, "InstanceNumber"),
        ),
        cycle_ms=cycle,
        part=part_of(words(data, "ImageType"), word(data, "ComplexImageComponent"), hints),
        inversion=(number(data, "InversionTime") or 0) > 0
        or "IR" in words(data, "ScanningSequence"),
        echo_ms=number(data, "EchoTime"),
        hints=hints,
        slope=slope if slope else 1.0,
        intercept=number(data, "RescaleIntercept") or 0.0,
        taken=(
            word(data, "AcquisitionDate") or word(data, "AcquisitionDateTime")[:8],
            taken or seconds(word(data, "SeriesTime")) or 0.0,
            number(data, "SeriesNumber") or 0.0,
        ),
        study=digest(word(data, "PatientID"), word(data, "StudyInstanceUID")),
        series=digest(word(data, "SeriesInstanceUID") or str(path.parent)),
        uid=digest(word(data, "SOPInstanceUID") or str(path)),
        height_m=number(data, "PatientSize"),
        weight_kg=number(data, "PatientWeight"),
    )
