"""What making a report can be told."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from napari_scribblemix.settings.options import Settings

_RANGE = re.compile(r"(\d{1,4})-(\d{1,4})")


HEIGHT_CM, WEIGHT_KG, HEART_RATE = (30.0, 250.0), (1.0, 400.0), (20.0, 300.0)
"""What can be a person's: cm, kg, beats a minute."""


class ReportSettings(Settings):
    """Write a page for each patient and a table: volumes, ejection fraction, mass, wall, slices."""

    masks: Path = Field(
        description="A folder of masks, one file, or a project.",
        json_schema_extra={"cli": "argument"},
    )
    images: Path | None = Field(
        None,
        description="Folder of the images of a folder of masks. [images/ beside the masks, where "
        "segment puts those of DICOM; else slices without image]",
    )
    output: Path = Field(description="Folder for the pages (NAME.html) and measures.csv.")
    patients: Path | None = Field(
        None,
        description="A CSV table with the column patient and any of height_cm, weight_kg, "
        "heart_rate, ed, es, insertion. [nothing is known]",
    )
    height: float | None = Field(
        None,
        ge=HEIGHT_CM[0],
        le=HEIGHT_CM[1],
        description="Height of one patient, cm. [from NAME.json beside the image]",
    )
    weight: float | None = Field(
        None,
        ge=WEIGHT_KG[0],
        le=WEIGHT_KG[1],
        description="Weight of one patient, kg. [from NAME.json beside the image]",
    )
    heart_rate: float | None = Field(
        None,
        ge=HEART_RATE[0],
        le=HEART_RATE[1],
        description="Beats a minute of one patient, for the cardiac output. [from NAME.json beside "
        "the image, if it says so]",
    )
    ed: int | None = Field(
        None,
        ge=0,
        description="Frame of end-diastole of one patient, as its masks are numbered. [the largest "
        "left ventricle]",
    )
    es: int | None = Field(
        None, ge=0, description="Frame of end-systole. [the smallest left ventricle]"
    )
    insertion: float | None = Field(
        None,
        ge=0,
        le=360,
        description="Where the right ventricle is fixed to the anterior wall, degrees on the drawn "
        "slice: 0 right, 90 up. [from the masks]",
    )
    slices: str | None = Field(
        None,
        description="Slices of one patient that count, e.g. 2-10 (from 0): where to cut base and "
        "apex. [all]",
    )
    structured: bool = Field(
        False,
        description="Of images that came from DICOM: also write the measures as a DICOM structured "
        "report (NAME.sr.dcm), with the segmentations of both phases. They bear the patient's "
        "name, as the images do.",
        json_schema_extra={"cli": "--sr"},
    )
    overwrite: bool = Field(False, description="Replace pages that are already in the folder.")

    @field_validator("slices")
    @classmethod
    def _first_and_last(cls, value: str | None) -> str | None:
        found = None if value is None else _RANGE.fullmatch(value)
        if value is not None and (found is None or int(found[1]) > int(found[2])):
            raise ValueError(f"got {value!r}; expected the first and last slice, e.g. 2-10")
        return value

    @property
    def slice_range(self) -> tuple[int, int] | None:
        """The first and the last slice that count, from 0."""
        found = None if self.slices is None else _RANGE.fullmatch(self.slices)
        return (int(found[1]), int(found[2])) if found is not None else None
