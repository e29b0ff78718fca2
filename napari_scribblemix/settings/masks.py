"""What making masks and measuring them can be told."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from napari_scribblemix.settings.options import (
    BodySize,
    Device,
    MaskFormat,
    Settings,
    StackNames,
    StudyName,
    Threads,
    Uneven,
)


class SegmentSettings(Settings):
    """Segment images with a trained model: one mask per image, on the image's own grid."""

    model: Path = Field(
        description="starter, a run folder or a model file (.safetensors).",
        json_schema_extra={"cli": "argument"},
    )
    images: list[Path] = Field(
        description="NIfTI files, or folders of them; the channels of a case (NAME_C0, NAME_LGE, "
        "NAME_T2, or NAME_0000 and on) give one mask. Or DICOM: a folder, a DICOMDIR, files; "
        "working copies go into OUTPUT/images.",
        json_schema_extra={"cli": "argument"},
    )
    output: Path = Field(
        description="Folder for the masks; file names are those of the images, with several "
        "channels those of the cases."
    )
    frame: int | None = Field(
        None,
        ge=0,
        description="Which frame of a 4-D cine, from 0. [every frame, a mask each: NAME_frame00]",
    )
    device: Device = "auto"
    threads: Threads = None
    mirror: bool | None = Field(
        None, description="Average over mirrored images. [if the model was trained with mirrors]"
    )
    upright: bool = Field(
        True,
        description="Find out which way up a volume lies, for models that know hearts the right "
        "way up only (starter, and what was trained from it).",
    )
    find_heart: bool = Field(True, description="Look a second time, at a window about the heart.")
    neighbours: float = Field(
        0.0, ge=0.0, le=1.0, description="Weight of the slices above and below each slice."
    )
    largest_component: bool = Field(
        True,
        description="Keep one connected piece of each structure, without islands and holes.",
    )
    phases: bool = Field(
        True,
        description="Let the phases of a patient (NAME_ED and NAME_ES, the frames of a cine) agree "
        "on the volume of the heart's muscle, which does not change.",
    )
    probabilities: bool = Field(
        False, description="Also write the probability of each structure (NAME_probability_*)."
    )
    entropy: bool = Field(False, description="Also write the uncertainty, 0-1 (NAME_entropy).")
    resume: bool = Field(
        False,
        description="Go on where a stop left off: masks that are there, made by this model with "
        "these options from these images, stay.",
    )
    overwrite: bool = Field(False, description="Replace masks that are already in the folder.")
    study_name: StudyName = None
    stacks: StackNames = Field(default_factory=list)
    uneven: Uneven = False
    body_size: BodySize = False


class EvaluateSettings(Settings):
    """Measure masks against reference masks: Dice, HD, HD95, ASSD, volumes, ejection fraction."""

    predictions: Path = Field(
        description="Folder of predicted masks, or one file.",
        json_schema_extra={"cli": "argument"},
    )
    masks: Path = Field(
        description="Folder of reference masks, or one file; paired by case name.",
        json_schema_extra={"cli": "argument"},
    )
    per_case: bool = Field(
        False,
        description="Also print each case: distances and volume of each structure, and the "
        "ejection fraction.",
    )
    json_file: Path | None = Field(
        None, description="Write everything to this file.", json_schema_extra={"cli": "--json"}
    )
    csv_file: Path | None = Field(
        None,
        description="Write a line for each case and structure to this file.",
        json_schema_extra={"cli": "--csv"},
    )


class ExportSettings(Settings):
    """Write masks for other programs: NIfTI, 3D Slicer's .seg.nrrd, or DICOM SEG."""

    masks: Path = Field(
        description="A project, a folder of masks or one mask.",
        json_schema_extra={"cli": "argument"},
    )
    output: Path = Field(description="Folder for the files; names are those of the cases.")
    form: MaskFormat = Field(
        "nrrd",
        description="nifti; nrrd: .seg.nrrd with names and colours; dicom-seg: DICOM SEG, for "
        "images that came from DICOM. It bears the patient's name, as its images do.",
        json_schema_extra={"cli": "--format"},
    )
    images: Path | None = Field(
        None,
        description="Of masks that lie in no project: the folder of the images they belong to, "
        "which dicom-seg needs. [images/ beside the masks, where segment puts those of DICOM]",
    )
    overwrite: bool = Field(False, description="Replace files that are already in the folder.")
