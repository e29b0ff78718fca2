"""When in the heart cycle the frames of a cine were taken, from a JSON file beside the image.

It may say too whether the image shows the short axis of the heart at all.

``NAME.json`` beside ``NAME.nii.gz`` may say ``trigger_ms``, a time for each frame, ``heart_rate``,
beats a minute, and, where somebody asked for it, ``height_cm`` and ``weight_kg``.  Other programs
put other things there; what has no meaning as these is as if it were not said.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_scribblemix.data.described import as_json
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.file_names import split_name
from napari_scribblemix.settings.reports import HEART_RATE, HEIGHT_CM, WEIGHT_KG

OTHER_VIEW = (
    "It shows no short axis of the heart, by its header, and hearts are looked for in the short "
    "axis only: do not trust masks of it."
)
"""What to tell of an image of another view."""

_LARGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class CineTimes:
    """``trigger_ms`` of each frame in milliseconds, ``heart_rate`` a minute; ``None``: not told."""

    trigger_ms: tuple[float, ...] | None = None
    heart_rate: float | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    short_axis: bool | None = None


def shows_other_view(image: Path) -> bool:
    """Whether the file beside ``image`` says that it shows no short axis."""
    return read_cine_times(image, 1).short_axis is False


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _within(value: Any, low: float, high: float) -> float | None:
    number = _number(value)
    return number if number is not None and low <= number <= high else None


def times_beside(image: Path) -> Path:
    """Where the times of ``image`` are, or would be."""
    return image.with_name(f"{split_name(image.name)[0]}.json")


def read_cine_times(image: Path, frames: int) -> CineTimes:
    """What the file beside ``image``, of so many ``frames``, says."""
    path = times_beside(image)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return CineTimes()
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return CineTimes()
    if not isinstance(content, dict):
        return CineTimes()
    told = content.get("trigger_ms")
    times = [_number(value) for value in told] if isinstance(told, list) else []
    known = tuple(time for time in times if time is not None)
    return CineTimes(
        known if len(known) == len(times) == frames else None,
        _within(content.get("heart_rate"), *HEART_RATE),
        _within(content.get("height_cm"), *HEIGHT_CM),
        _within(content.get("weight_kg"), *WEIGHT_KG),
        axis if isinstance(axis := content.get("short_axis"), bool) else None,
    )


def copy_cine_times(image: Path, copied: Path, frames: int) -> None:
    """Put beside the copy ``copied`` of ``image`` what is understood of its times, if anything is.

    What other programs say in that file besides may name a person, and stays behind.
    """
    told = asdict(read_cine_times(image, frames))
    said = {name: value for name, value in told.items() if value is not None}
    if said:
        atomic_write(times_beside(copied), as_json(said))
