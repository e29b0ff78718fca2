"""What a DICOM SEG takes over of its images' headers, mended where it is invalid.

The images stay as they are.  What is not valid there (a birth date of 00000000, a UID with a letter
in it) would make the segmentation invalid too: it is left out or replaced on the copy, and told,
without its value, for that may be a person's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribblemix.data.dicom.needed import damaged
from napari_scribblemix.data.dicom.tags import word
from napari_scribblemix.errors import FileError

if TYPE_CHECKING:
    from pydicom import Dataset

# Patient and study; the segmentation is filed with its images by these.
_TAKEN = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize",
    "PatientWeight", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName", "StudyDescription",
)  # fmt: skip
# Must be there, if only empty.
_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "StudyID", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
HEADER = ("SpecificCharacterSet", "StudyInstanceUID", "FrameOfReferenceUID", *_TAKEN)
"""All keywords that ``taken_over`` looks at."""

_OWN_TAGS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "NumberOfFrames", *HEADER)

_NAMESPACE = uuid.UUID("0b0c5f8e-6d3e-4d6a-9b8c-1c1f1d5a7e21")


def read_header(path: Path) -> Dataset:
    """What of an image's header names it, its patient and its study.

    ``FileError`` if it cannot be read.
    """
    from pydicom import dcmread

    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=list(_OWN_TAGS), force=True)
    except damaged() as error:
        raise FileError(
            # Without its name, which may be a person's.
            "A DICOM image of the mask cannot be read any more; put the DICOM files back where "
            "they were."
        ) from error


def valid_uid(uid: str) -> bool:
    """Whether ``uid`` keeps to the standard: digits and dots, no leading noughts, 64 at most."""
    from pydicom.uid import UID

    return bool(uid) and UID(uid).is_valid


def new_uid() -> str:
    """A UID that nothing else has."""
    return f"2.25.{uuid.uuid4().int}"


def mended_uid(uid: str, *others: str) -> str:
    """``uid`` if it is valid, else a valid one, always the same for the same words."""
    if valid_uid(uid):
        return uid
    return f"2.25.{uuid.uuid5(_NAMESPACE, chr(0).join((uid, *others))).int}"


def _is_valid(data: Dataset, keyword: str) -> bool:
    """Whether the value keeps to what the standard says of its kind."""
    from pydicom import config
    from pydicom.datadict import dictionary_VR
    from pydicom.valuerep import validate_value

    kind, text = dictionary_VR(keyword), word(data, keyword)
    if kind == "DA":
        return _is_date(text)
    if keyword == "PatientSex":
        return text in ("M", "F", "O")
    try:
        validate_value(kind, text, config.RAISE)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    if len(text) != 8 or not text.isdecimal():
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def taken_over(
    first: Dataset, others: Iterable[Dataset], anchor: Dataset
) -> tuple[Dataset, list[str]]:
    """A dataset with the patient of ``first``, study and frame of reference of ``anchor``.

    Also what was mended.  ``others``: the headers of the other images, which may name another frame
    of reference.  ``anchor`` is the same for all segmentations of a series, which must agree in
    these.
    """
    from pydicom import Dataset

    result, notes = Dataset(), []
    result.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _TAKEN:
        text = word(first, keyword)
        if text and _is_valid(first, keyword):
            setattr(result, keyword, text)
        elif text:
            notes.append(
                f"The images' {keyword} is not valid in DICOM; the segmentation goes without it."
            )
    for keyword in _EMPTY:
        if keyword not in result:
            setattr(result, keyword, "")
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"):
        uid = word(anchor, keyword)
        mended = mended_uid(uid, keyword, word(anchor, "SOPInstanceUID"))
        setattr(result, keyword, mended)
        if uid != mended:
            what = "is not valid in DICOM" if uid else "is missing"
            notes.append(f"The images' {keyword} {what}; the segmentation has a new one.")
    if any(
        word(other, "FrameOfReferenceUID") != word(anchor, "FrameOfReferenceUID")
        for other in (first, *others)
    ):
        notes.append(
            "The images name several frames of reference; the segmentation has the first one's."
        )
    return result, notes
