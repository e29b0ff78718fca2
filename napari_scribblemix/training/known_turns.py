"""Which way up cases lie, as far as it was found before: a search takes seconds a case.

Kept in a small file: in the ``runs`` of a project, where every later training finds it, or in the
run folder of a training on plain folders, for its resumption.  An answer belongs to the very voxels
and header of an image and to the very weights of a model; of another one of either nothing is
known.  The file may be removed at any time, and one that cannot be read is as good as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.links import inside
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.orientation import Turn
from napari_scribblemix.project.project import PROJECT_FILE

FILE_NAME = "ways_up.json"

_Stored = tuple[Annotated[int, Field(ge=0, le=3)], bool]


class _Content(BaseModel):
    """What stands in the file: quarters and mirrored, by model and image."""

    turns: dict[str, _Stored] = {}


class KnownTurns:
    """The answers of a file, and those found since."""

    def __init__(self, file: Path | None = None) -> None:
        """Read ``file``; without one, or if it is damaged, nothing is known yet."""
        self.file = file
        self._turns: dict[str, _Stored] = {}
        self._new = False
        if file is not None and file.is_file():
            try:
                self._turns = _Content.model_validate_json(file.read_bytes()).turns
            except (OSError, ValidationError):
                self._new = True

    @classmethod
    def of_training(cls, folder: Path, run: Path) -> KnownTurns:
        """Those of the project ``folder``, or of the ``run`` if it is a plain folder.

        ``FileError`` if the runs of the project lie behind a link.
        """
        if (folder / PROJECT_FILE).is_file():
            return cls(inside(folder, folder / "runs" / FILE_NAME))
        return cls(run / FILE_NAME)

    def find(self, model: Model, image: Volume, look: Callable[[], Turn]) -> Turn:
        """The turn of ``image`` for ``model``: as known, else what ``look`` finds."""
        key = f"{model.card.sha256}:{_fingerprint(image)}"
        if key in self._turns:
            quarters, mirrored = self._turns[key]
            return Turn(quarters, mirrored)
        turn = look()
        if model.card.sha256:  # weights in training have none, and change
            self._turns[key] = (turn.quarters, turn.mirrored)
            self._new = True
        return turn

    def save(self) -> None:
        """Write the file, if anything was found; ``FileError`` if that cannot be done."""
        if self.file is not None and self._new:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self.file, _Content(turns=self._turns).model_dump_json().encode())
            self._new = False


def _fingerprint(image: Volume) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(image.geometry.affine).tobytes())
    for array in image.arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
