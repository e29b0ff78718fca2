"""DICOM files for tests, written one by one with pydicom: small, as odd as a test wants them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom")

from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR, ENHANCED = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"
ROWS, COLUMNS = 24, 20
PIXEL = (1.4, 1.3)
# Oblique, as a short axis is; each of length 1 and at right angles.
ROW = np.array([0.77038, 0.618446, 0.155046])
COLUMN = np.array([-0.15161, 0.41389, -0.897613])
NORMAL = np.cross(ROW, COLUMN)
ORIGIN = np.array([-98.0, -211.0, 142.0])
STUDY = generate_uid()

Change = Callable[[Dataset, int, int], Any]


def value(slice_number: int, frame: int) -> int:
    """What the first pixel of an image holds, so that each image is known again."""
    return 1000 + 100 * slice_number + frame


def pixels(slice_number: int, frame: int, rows: int = ROWS, columns: int = COLUMNS) -> Any:
    image = np.arange(rows * columns, dtype=np.int16).reshape(rows, columns) % 97
    image[0, 0] = value(slice_number, frame)
    return image


def dataset(kind: str = MR, syntax: str = ExplicitVRLittleEndian) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    data.PatientID, data.StudyInstanceUID, data.Modality = "p1", STUDY, "MR"
    data.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    data.Rows, data.Columns, data.SamplesPerPixel = ROWS, COLUMNS, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    return data


def image(
    slice_number: int,
    frame: int,
    *,
    series: str,
    at: float | None = None,
    row: Any = ROW,
    column: Any = COLUMN,
    spacing: float = 10.0,
    origin: Any = ORIGIN,
    period: float = 30.0,
) -> FileDataset:
    """One classic MR image; ``at``: its way along the normal, else ``spacing`` a slice."""
    data = dataset()
    place = at if at is not None else spacing * slice_number
    data.SeriesInstanceUID, data.SeriesNumber = series, 3
    data.ImageOrientationPatient = [f"{float(n):.8g}" for n in (*row, *column)]
    position = origin + place * np.cross(row, column)
    data.ImagePositionPatient = [f"{float(n):.8g}" for n in position]
    data.PixelSpacing = list(PIXEL)
    data.SliceThickness = 8
    data.EchoTime, data.ScanningSequence = 1.5, "GR"
    data.TriggerTime = period * frame + slice_number
    data.NominalInterval = 900
    data.AcquisitionTime, data.AcquisitionDate = "101500", "20120304"
    data.InstanceNumber = 1 + slice_number * 100 + frame
    data.PixelData = pixels(slice_number, frame).tobytes()
    return data


def write_cine(
    folder: Path,
    slices: int = 4,
    frames: int = 6,
    *,
    change: Change | None = None,
    per_slice: bool = False,
    stem: str = "im",
    **how: Any,
) -> list[Path]:
    """A cine of ``slices`` x ``frames`` files; ``change(data, slice, frame)`` spoils each.

    What ``change`` returns is written under its name if it is a path; ``False`` leaves it out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series = [generate_uid() for _ in range(slices)] if per_slice else [generate_uid()] * slices
    paths = []
    for number in range(slices):
        for frame in range(frames):
            data = image(number, frame, series=series[number], **how)
            if change is not None and change(data, number, frame) is False:
                continue
            path = folder / f"{stem}{number:02d}_{frame:02d}.dcm"
            data.save_as(path, enforce_file_format=True)
            paths.append(path)
    return paths


def write_enhanced(path: Path, slices: int = 3, frames: int = 4, *, drop: int = 0) -> Path:
    """All in one Enhanced MR file, slices within frames; ``drop`` leaves groups out at the end."""
    data = dataset(ENHANCED)
    data.SeriesInstanceUID, data.SeriesNumber, data.InstanceNumber = generate_uid(), 5, 1
    data.NumberOfFrames = slices * frames
    shared = Dataset()
    orientation = Dataset()
    orientation.ImageOrientationPatient = [f"{float(n):.8g}" for n in (*ROW, *COLUMN)]
    shared.PlaneOrientationSequence = Sequence([orientation])
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = list(PIXEL), 8
    shared.PixelMeasuresSequence = Sequence([measures])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    groups, stored = [], []
    for frame in range(frames):
        for number in range(slices):
            group, position, heart = Dataset(), Dataset(), Dataset()
            place = ORIGIN + 10.0 * number * NORMAL
            position.ImagePositionPatient = [f"{float(n):.8g}" for n in place]
            heart.NominalCardiacTriggerDelayTime, heart.RRIntervalTimeNominal = 30.0 * frame, 900.0
            group.PlanePositionSequence = Sequence([position])
            group.CardiacSynchronizationSequence = Sequence([heart])
            groups.append(group)
            stored.append(pixels(number, frame))
    data.PerFrameFunctionalGroupsSequence = Sequence(groups[: len(groups) - drop])
    data.PixelData = np.stack(stored).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path
