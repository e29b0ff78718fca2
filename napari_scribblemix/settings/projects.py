"""What the commands can be told that make projects and samples, or look at what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from napari_scribblemix.settings.options import (
    BodySize,
    Settings,
    StackNames,
    StudyName,
    Uneven,
    UnlabelledValue,
)


class ImportSettings(Settings):
    """Make a project of a folder of images with scribbles."""

    folder: Path = Field(
        description="A folder with images/ and scribbles/, or ACDC, MSCMRseg, MyoPS. Or DICOM: "
        "a folder or a DICOMDIR; working copies go into images/ of the project.",
        json_schema_extra={"cli": "argument"},
    )
    output: Path = Field(description="The new project folder, NAME.scribblemix.")
    copy_images: bool = Field(
        False,
        description="Copy the images into the project. [they stay where they are]",
        json_schema_extra={"cli": "--copy"},
    )
    frames: list[Annotated[int, Field(ge=0)]] = Field(
        default_factory=list,
        description="Of cines: a frame to take, from 0; may be repeated. [all frames, a case each]",
        json_schema_extra={"cli": "--frame"},
    )
    unlabelled: UnlabelledValue = "auto"
    study_name: StudyName = None
    stacks: StackNames = Field(default_factory=list)
    uneven: Uneven = False
    body_size: BodySize = False


class SampleSettings(Settings):
    """Write a sample to try things on: synthetic hearts with scribbles, and held-out cases."""

    kind: Literal["cine", "lge", "myops", "dicom"] = Field(
        description="cine: end-diastole and end-systole; lge: late gadolinium enhancement; myops: "
        "cine, LGE and T2 of one heart as three channels, with scar and oedema; dicom: two drawn "
        "people's studies as a scanner exports them.",
        json_schema_extra={"cli": "argument"},
    )
    output: Path = Field(
        description="Folder to write train/ and heldout/ into; for dicom, dicom/ and masks/."
    )
    seed: int | None = Field(
        None,
        ge=0,
        description="Draw new hearts from this seed. [the bundled ones are copied; dicom is drawn]",
    )


class InspectSettings(Settings):
    """Tell what is in a model, a project, a folder or an image, and what is wrong with it."""

    path: Path = Field(
        description="A run, a model file (.safetensors), a project, a folder, a NIfTI file or "
        "DICOM (a folder, a DICOMDIR, a file).",
        json_schema_extra={"cli": "argument"},
    )
    unlabelled: UnlabelledValue = "auto"
    accept_images: bool = Field(
        False,
        description="Of a project: take images that changed on the disk for those of their cases "
        "from now on. [they are named]",
    )
    file_names: bool = Field(
        False,
        description="Of DICOM: name the files that are left out; a name may be a patient's.",
    )
