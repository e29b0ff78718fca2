"""Who makes a mask of a project: a model at a step, and what is written of that beside the mask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix import __version__
from napari_scribblemix.data.links import real
from napari_scribblemix.project.project import Project
from napari_scribblemix.resources import bundled_models, find_model


@dataclass(frozen=True)
class Maker:
    """What makes a mask: a bundled model, a run of the project or a model from elsewhere."""

    kind: Literal["bundled", "run", "model"]
    name: str
    step: int
    live: bool = False
    """Whether it followed the strokes on the very case, see ``training.live``."""

    def record(self, entropy: NDArray[np.float32]) -> dict[str, Any]:
        """The origin of a mask made now; ``entropy`` (Z, Y, X) is 0 to 1."""
        unsure = [round(float(value), 5) for value in entropy.mean(axis=(1, 2))]
        return self.named() | {"uncertainty": unsure} | ({"live": True} if self.live else {})

    def named(self) -> dict[str, Any]:
        """What says who makes a mask now: model, step, version of the program and time."""
        return {
            "kind": self.kind,
            "model": self.name,
            "step": self.step,
            "version": __version__,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }


def maker_of(path: Path, step: int, project: Project | None = None) -> Maker:
    """The model at ``path`` (or bundled under that name) that was trained for ``step`` steps.

    A model of the project's own is that of its run, whichever its task.
    """
    found = find_model(path)
    if project is not None:
        runs = real(project.folder / "runs")
        if runs in real(found).parents:
            return Maker("run", real(found).relative_to(runs).parts[0], step)
    name = found.stem if found.suffix == ".safetensors" else found.name
    return Maker("bundled" if found in bundled_models().values() else "model", name, step)
