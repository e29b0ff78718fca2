"""Which folders a training learns from, and what its tasks are called.  Paths only, no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_scribblemix.data.links import real
from napari_scribblemix.errors import SettingsError
from napari_scribblemix.project.run_models import models_of
from napari_scribblemix.resources import find_model
from napari_scribblemix.settings import TrainSettings


def is_finished_model(path: Path) -> bool:
    """Whether a companion is a model and not a folder to learn from."""
    found = find_model(path)
    return found.suffix == ".safetensors" or bool(models_of(found))


def settings_of_tasks(settings: TrainSettings) -> list[TrainSettings]:
    """The settings as they hold for each folder: first the one to train, then its companions."""
    own: dict[str, Any] = {
        "companions": [],
        "companions_scribbled": [],
        "cases": None,
        "validation": None,
    }
    chosen = list(settings.companions_scribbled)
    chosen += [""] * (len(settings.companions) - len(chosen))
    others = [
        settings.model_copy(update=own | {"folder": path, "scribbled": scribbled or None})
        for path, scribbled in zip(settings.companions, chosen, strict=True)
        if not is_finished_model(path)
    ]
    return [settings, *others]


def task_names(folders: Sequence[Path]) -> list[str]:
    """What the tasks are called: by their folders, with as many parents as tell them apart.

    ``SettingsError`` if two folders are the same.
    """
    parts = [[p.removesuffix(".scribblemix") for p in real(folder).parts] for folder in folders]
    twice = [name for name, count in Counter(map(tuple, parts)).items() if count > 1]
    if twice:
        raise SettingsError(
            f"Got the folder {twice[0][-1]} twice; expected another one as a companion: choose a "
            "different --with."
        )
    length = 1
    while len({tuple(part[-length:]) for part in parts}) < len(parts):
        length += 1
    return ["_".join(p.strip("/\\:") for p in part[-length:]) for part in parts]
