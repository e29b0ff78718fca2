"""What a training can be told: of a project, and of the starter model."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from napari_scribblemix.settings.options import (
    Device,
    Duration,
    Method,
    Precision,
    PresetName,
    Seed,
    Settings,
    Threads,
    UnlabelledValue,
)


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
