"""What several commands have: the base of their models, and options with range and help, once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

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


@dataclass(frozen=True)
class Unit:
    """The unit a form shows a number in: its ``name``, and its ``size`` in the field's own."""

    name: str
    size: float = 1.0


Duration = Annotated[float, BeforeValidator(parse_duration), Unit("min", 60.0)]


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
MaskFormat = Literal["nifti", "nrrd", "dicom-seg"]
"""What masks are exported as."""
Unlabelled = Literal["auto", "0", "4"]
UnlabelledValue = Annotated[
    Unlabelled,
    Field(
        description="Which value of scribble files means 'not labelled': 4 (ACDC, MSCMRseg; 0 is "
        "background), 0 (ITK-SNAP, Slicer, MONAI Label; 4 is the pen for background), auto: found "
        "out for each file."
    ),
]
StudyName = Annotated[
    str | None,
    Field(
        description="Of DICOM: what the cases of the study are called; never a patient's name. "
        "[study01, study02, ...]"
    ),
]
StackNames = Annotated[
    list[str],
    Field(
        description="Of DICOM: a stack to take, by the name that inspect prints; may be repeated. "
        "[the likely one: the short-axis cine, else LGE]",
        json_schema_extra={"cli": "--stack"},
    ),
]
Uneven = Annotated[
    bool,
    Field(
        description="Of DICOM: take slices that are not evenly spaced as if they were. [refused]"
    ),
]
BodySize = Annotated[
    bool,
    Field(
        description="Of DICOM: keep the patient's height and weight beside the image, for a "
        "report. [nothing of the patient is kept]"
    ),
]
Seed = Annotated[int, Field(ge=0, description="Seed of every random choice.")]


class Settings(BaseModel):
    """Base: unknown names are refused, assignments are checked."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)
