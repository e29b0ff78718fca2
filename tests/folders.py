"""Folders of small images, strokes and masks under the names a test wants."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_scribblemix.project.layouts import survey
from phantoms import write_file

SHAPE = (3, 12, 12)
STROKES = np.full(SHAPE, 4, np.uint8)
STROKES[1, 2:5, 2:5] = [[0, 1, 2], [3, 0, 1], [2, 3, 0]]
MASK = np.where(STROKES == 4, 0, STROKES).astype(np.uint8)


def fill(folder: Path, *names: str) -> Path:
    """An image each; strokes where the name ends with ``:s``, a full mask for ``:m``."""
    for seed, entry in enumerate(names):
        name, _, kind = entry.partition(":")
        image = np.random.default_rng(seed).normal(100, 20, SHAPE).astype(np.float32)
        array = {"s": STROKES, "m": MASK, "": image}[kind]
        write_file(folder / f"{name}.nii.gz", array)
    return folder


def found(folder: Path) -> list[tuple[str, str, str | None, str | None]]:
    """Case, image, scribble and mask, without the ending."""

    def shown(path: Path | None) -> str | None:
        return None if path is None else path.relative_to(folder).as_posix()[: -len(".nii.gz")]

    return [
        (case.id, str(shown(case.image)), shown(case.scribble), shown(case.mask))
        for case in survey(folder).cases
    ]


def touch(folder: Path, *names: str) -> Path:
    """Empty files of these names, where only names count."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder
