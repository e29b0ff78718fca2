"""One settings model per command: default, range, unit and help in one place.

The command-line options, the GUI form, the run record and the model card are generated from these
models, so an option exists once.  ``json_schema_extra={"cli": "argument"}`` makes a field a
positional argument, ``{"cli": False}`` keeps it off the command line.  Nothing heavy is imported
here: ``--help`` reads this file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Method = Literal["cyclemix", "modelmix", "partial"]
PresetName = Literal["fast", "best", "paper"]
NetworkName = Literal["fast", "residual", "unet+"]

NETWORKS: dict[PresetName, NetworkName] = {"fast": "fast", "best": "residual", "paper": "unet+"}
"""The network of each preset; only models of the same network can be mixed or begun with."""

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?\s*$")
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, None: 60.0}


def parse_duration(value: Any) -> Any:
    """Seconds from ``90s``, ``10m``, ``1.5h``; a bare number in a string means minutes."""
    if not isinstance(value, str):
        return value
    match = _DURATION.match(value)
    if match is None:
        raise ValueError(f"got {value!r}; expected a time such as 90s, 10m or 1.5h")
    return float(match.group(1)) * _SECONDS[match.group(2)]


Duration = Annotated[float, BeforeValidator(parse_duration)]

# Options that several commands have: their range and help, once.


def _check_device(name: str) -> str:
    if not re.fullmatch(r"auto|(cpu|cuda|mps)(:\d+)?", name):
        raise ValueError(f"got {name!r}, expected auto, cpu, cuda, cuda:N or mps")
    return name


Device = Annotated[
    str,
    AfterValidator(_check_device),
    Field(description="auto, cpu, cuda, cuda:1 or mps."),
]
Precision = Annotated[
    Literal["auto", "32-true", "bf16-mixed"],
    Field(
        description="auto: bfloat16 on a GPU that has it and on a CPU with AVX512-BF16 or AMX, "
        "else 32 bit."
    ),
]
Threads = Annotated[int | None, Field(ge=1, description="CPU threads. [all cores]")]
Unlabelled = Literal["auto", "0", "4"]
UnlabelledValue = Annotated[
    Unlabelled,
    Field(
        description="Which value of scribble files means 'not labelled': 4 (ACDC, MSCMRseg; 0 is "
        "background), 0 (ITK-SNAP, Slicer, MONAI Label; 4 is the pen for background), auto: found "
        "out for each file."
    ),
]
Seed = Annotated[int, Field(ge=0, description="Seed of every random choice.")]


class Settings(BaseModel):
    """Base: unknown names are refused, assignments are checked."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class TrainSettings(Settings):
    """Train a segmentation model from scribbles."""

    folder: Path = Field(
        description="A project, or a folder with images/ and scribbles/ (masks/ for validation).",
        json_schema_extra={"cli": "argument"},
    )
    method: Method = Field(
        "cyclemix",
        description="cyclemix: mixed images and consistency (Zhang and Zhuang, CVPR 2022); "
        "modelmix: with the help of other tasks, its companions (Zhang and Patel, MICCAI 2024); "
        "partial: cross-entropy on the scribbled pixels alone.",
    )
    companions: list[Path] = Field(
        [],
        description="What modelmix learns together with, any number of times: another project or "
        "folder with scribbles, which gets a model of its own, or a finished model (starter, a run "
        "or a .safetensors file), which stays as it is.",
        json_schema_extra={"cli": "--with"},
    )
    companions_scribbled: list[str] = Field(
        [],
        description="As --scribbled, for each --with in turn.",
        json_schema_extra={"cli": "--with-scribbled"},
    )
    preset: PresetName = Field(
        "fast",
        description="fast: useful within minutes on a CPU; best: accuracy, for a GPU or a night; "
        "paper: the published settings exactly.",
    )
    time: Duration | None = Field(
        None, gt=0, description="Stop after this time, e.g. 90s, 10m, 2h. [fast: 5m, best: 1h]"
    )
    steps: int | None = Field(None, ge=1, description="Stop after this many optimiser steps.")
    epochs: int | None = Field(
        None, ge=1, description="Stop after this many passes over the slices. [paper: 1000]"
    )
    device: Device = "auto"
    precision: Precision = "auto"
    threads: Threads = None
    seed: Seed = 0
    start: str | None = Field(
        None,
        description="What to begin with: starter (a bundled model that knows drawn hearts), "
        "scratch, or a run folder or model file. [fast: starter; else, and with several channels, "
        "scratch]",
    )
    output: Path | None = Field(
        None,
        description="Folder of the run. [a new runs/FOLDER-METHOD; in a project: in its runs/; "
        "with --resume: the newest of these that can go on]",
    )
    resume: bool = Field(False, description="Go on from the checkpoint in the run folder.")
    validation: Path | None = Field(
        None, description="Folder with images/ and masks/ to validate on. [the folder's own masks/]"
    )
    validations: int = Field(
        5, ge=0, le=1000, description="How often to validate during the training, where masks are."
    )
    cases: str | None = Field(
        None, description="Only these cases take part: names or patterns, separated by commas."
    )
    scribbled: str | None = Field(
        None,
        description="Only the scribbles of these cases are used. The others are unlabelled; "
        "those of them with a mask are held out to validate on.",
    )
    unlabelled: UnlabelledValue = "auto"
    enclosure_rule: bool | None = Field(
        None,
        description="All outside a closed ring of background strokes is background. "
        "[on; paper: off]",
    )
    without: str | None = Field(
        None,
        description="Switch off terms, by commas; cyclemix: mix, global, occlusion, local; "
        "modelmix: inv, vicinal-sup, vicinal-reg, own-encoders.",
    )
    drawn: float | None = Field(
        None,
        ge=0.0,
        le=2.0,
        description="Drawn hearts in each batch, as a share of its scans, so that what is known of "
        "hearts is kept. [with a model to start from: 0.5; else 0]",
    )
    teacher: float | None = Field(
        None,
        ge=0.0,
        le=1.0,
        description="Weight of pixels without a stroke that a teacher is sure of, against 1 for "
        "those of a stroke; the teacher is the model to start from, or without one the averaged "
        "network. 0: no teacher. [with a model to start from: 0.1; else 0]",
    )
    spacing: float | None = Field(
        None, ge=0.5, le=5.0, description="Pixel size of the working grid in mm. [by preset]"
    )
    crop: int | None = Field(
        None, ge=32, le=512, description="Side of the training crops in pixels. [by preset]"
    )
    batch: int | None = Field(
        None, ge=2, le=512, multiple_of=2, description="Slices in a step. [by preset]"
    )
    learning_rate: float | None = Field(None, gt=0, le=1, description="Peak. [by preset]")
    json_events: bool = Field(
        False,
        description="Print the events as JSON, one a line, instead of a progress bar.",
        json_schema_extra={"cli": "--json"},
    )


class StarterSettings(Settings):
    """Train the starter model on drawn hearts alone: no scan, no scribble."""

    output: Path = Field(description="Folder of the run.")
    start: Path | None = Field(
        None,
        description="Begin with the weights of a model, not with fresh ones: starter, a run folder "
        "or a model file.",
    )
    time: Duration | None = Field(
        None, gt=0, description="Stop after this time, e.g. 90s, 10m, 2h. [1h]"
    )
    steps: int | None = Field(None, ge=1, description="Stop after this many optimiser steps.")
    device: Device = "auto"
    precision: Precision = "auto"
    threads: Threads = None
    seed: Seed = 0
    resume: bool = Field(False, description="Go on from the checkpoint in the run folder.")
    validations: int = Field(
        5, ge=0, le=1000, description="How often to validate on drawn hearts never trained on."
    )
    measure: list[str] = Field(
        [],
        description="At the end also measure on the masked cases of a folder, and say so in the "
        "card: NAME=FOLDER, any number of them.",
    )
    json_events: bool = Field(
        False,
        description="Print the events as JSON, one a line, instead of a progress bar.",
        json_schema_extra={"cli": "--json"},
    )

    @field_validator("measure")
    @classmethod
    def _named(cls, value: list[str]) -> list[str]:
        for text in value:
            if not all(text.partition("=")[::2]):
                raise ValueError(f"got {text!r}; expected NAME=FOLDER")
        return value


class SegmentSettings(Settings):
    """Segment images with a trained model: one mask per image, on the image's own grid."""

    model: Path = Field(
        description="starter, a run folder or a model file (.safetensors).",
        json_schema_extra={"cli": "argument"},
    )
    images: list[Path] = Field(
        description="NIfTI files, or folders of them; the channels of a case (NAME_C0, NAME_LGE, "
        "NAME_T2, or NAME_0000 and on) give one mask.",
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
    probabilities: bool = Field(
        False, description="Also write the probability of each structure (NAME_probability_*)."
    )
    entropy: bool = Field(False, description="Also write the uncertainty, 0-1 (NAME_entropy).")
    overwrite: bool = Field(False, description="Replace masks that are already in the folder.")


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


class ImportSettings(Settings):
    """Make a project of a folder of images with scribbles."""

    folder: Path = Field(
        description="A folder with images/ and scribbles/, or ACDC, MSCMRseg, MyoPS.",
        json_schema_extra={"cli": "argument"},
    )
    output: Path = Field(description="The new project folder, NAME.scribblemix.")
    copy_images: bool = Field(
        False,
        description="Copy the images into the project. [they stay where they are]",
        json_schema_extra={"cli": "--copy"},
    )
    unlabelled: UnlabelledValue = "auto"


class SampleSettings(Settings):
    """Write a sample to try things on: synthetic hearts with scribbles, and held-out cases."""

    kind: Literal["cine", "lge", "myops"] = Field(
        description="cine: end-diastole and end-systole; lge: late gadolinium enhancement; myops: "
        "cine, LGE and T2 of one heart as three channels, with scar and oedema.",
        json_schema_extra={"cli": "argument"},
    )
    output: Path = Field(description="Folder to write train/ and heldout/ into.")
    seed: int | None = Field(
        None, ge=0, description="Draw new hearts from this seed. [the bundled ones are copied]"
    )


class InspectSettings(Settings):
    """Tell what is in a model, a project, a folder or an image, and what is wrong with it."""

    path: Path = Field(
        description="A run, a model file (.safetensors), a project, a folder or a NIfTI file.",
        json_schema_extra={"cli": "argument"},
    )
    unlabelled: UnlabelledValue = "auto"
    accept_images: bool = Field(
        False,
        description="Of a project: take images that changed on the disk for those of their cases "
        "from now on. [they are named]",
    )


class GuiSettings(Settings):
    """Open napari with the panel to draw, train and review."""

    path: Path | None = Field(
        None,
        description="A project, a folder of images or a NIfTI file to open. [nothing]",
        json_schema_extra={"cli": "argument"},
    )
    sample: Literal["cine", "lge", "myops"] | None = Field(
        None,
        description="Open a bundled sample: drawn hearts like cine or late-enhancement MR, or of "
        "three channels with scar and oedema.",
    )


class DoctorSettings(Settings):
    """Show versions and devices, and say what works on this machine and what is missing."""
