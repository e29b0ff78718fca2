"""Tiny drawn hearts for tests: a bright disc in a dark ring beside a bright blob, with strokes.

Not anatomy (``synthesis`` is): just enough for a network to learn in seconds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.project.cases import Case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project

SHAPE = (4, 48, 48)
SPACING = (8.0, 1.5, 1.5)


def draw(seed: int, shape: tuple[int, int, int] = SHAPE) -> tuple[NDArray, NDArray, NDArray]:
    """Image float32, mask and scribble uint8 (255 unlabelled), all ``shape`` (Z, Y, X)."""
    rng = np.random.default_rng(seed)
    _, height, width = shape
    cy, cx = height / 2 + rng.uniform(-3, 3), width / 2 + 4 + rng.uniform(-3, 3)
    y, x = np.mgrid[:height, :width]
    far = np.hypot(y - cy, x - cx)
    plane = np.zeros((height, width), np.uint8)
    plane[np.hypot((y - cy) / 1.2, x - cx + 13) < 6] = 1
    plane[far < 9] = 2
    plane[far < 5] = 3
    strokes = np.full((height, width), 255, np.uint8)
    strokes[np.abs(far - 7) < 0.7] = 2
    strokes[far < 2] = 3
    strokes[np.hypot(y - cy, x - cx + 14) < 2] = 1
    ring = np.hypot(y - cy, x - cx + 4)
    strokes[np.abs(ring - 19) < 1.2] = 0
    mask = np.broadcast_to(plane, shape).copy()
    image = np.array([80.0, 140.0, 30.0, 220.0], np.float32)[mask]
    image += rng.normal(0, 12, shape).astype(np.float32)
    return image, mask, np.broadcast_to(strokes, shape).copy()


def write_file(path: Path, array: NDArray) -> None:
    """``array`` (Z, Y, X) as a NIfTI file with the phantoms' spacing."""
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([SPACING[2], SPACING[1], SPACING[0], 1.0])
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array.transpose(2, 1, 0)), affine), path)


def write_cine(path: Path, frames: list[NDArray]) -> Path:
    """``frames``, each (Z, Y, X), as one 4-D NIfTI file; returns ``path``."""
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.stack([frame.transpose(2, 1, 0) for frame in frames], axis=-1)
    affine = np.diag([SPACING[2], SPACING[1], SPACING[0], 1.0])
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return path


def write_folder(
    folder: Path,
    scribbled: int = 2,
    unlabelled: int = 0,
    masked: int = 1,
    *,
    negative: bool = False,
    dense: bool = False,
) -> Path:
    """``folder`` with images/, scribbles/ and masks/ of that many cases of each kind.

    ``negative``: dark is bright and bright is dark, as in another sequence.  ``dense``: every pixel
    is scribbled on.
    """
    for number in range(scribbled + unlabelled + masked):
        image, mask, strokes = draw(number)
        image = 255 - image if negative else image
        name = f"case{number:02d}"
        write_file(folder / "images" / f"{name}.nii.gz", image)
        if number < scribbled:
            encoded = CARDIAC.encode(mask if dense else strokes)
            write_file(folder / "scribbles" / f"{name}_scribble.nii.gz", encoded)
        if number >= scribbled + unlabelled:
            write_file(folder / "masks" / f"{name}_gt.nii.gz", mask)
    return folder


CHANNELS = ("C0", "LGE", "T2")


def write_channels(
    folder: Path, scribbled: int = 2, masked: int = 1, channels: tuple[str, ...] = CHANNELS
) -> Path:
    """As ``write_folder``, with an image for each channel: the same heart, other grey values."""
    for number in range(scribbled + masked):
        image, mask, strokes = draw(number)
        name = f"case{number:02d}"
        for place, channel in enumerate(channels):
            write_file(folder / "images" / f"{name}_{channel}.nii.gz", image * (place + 1) + place)
        if number < scribbled:
            encoded = CARDIAC.encode(strokes)
            write_file(folder / "scribbles" / f"{name}_scribble.nii.gz", encoded)
        else:
            write_file(folder / "masks" / f"{name}_gt.nii.gz", mask)
    return folder


def make_case(folder: Path, seed: int, *, scribbled: bool = True, masked: bool = False) -> Case:
    """A loaded case; its image file is written into ``folder``."""
    image, mask, strokes = draw(seed)
    path = folder / f"phantom{seed}.nii.gz"
    write_file(path, image)
    return Case(
        id=f"phantom{seed}",
        image=read_image(path),
        scribble=strokes if scribbled else None,
        mask=mask if masked else None,
        scheme=CARDIAC,
        notes=(),
    )


def make_project(folder: Path, scribbled: int = 1, unlabelled: int = 1) -> Project:
    """A new project in ``folder``, open for writing, of that many cases (``case00``, ...)."""
    source = write_folder(folder / "source", scribbled, unlabelled, masked=0)
    project = Project.create(folder / "p.scribblemix")
    for files in find_cases(source):
        project.add_case(files)
    return project
