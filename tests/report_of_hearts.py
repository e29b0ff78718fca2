"""Drawn hearts of known size, and the report of them."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.cli import app
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.nifti import read_geometry
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from phantoms import write_cine, write_file

# mm; the phantoms' spacing is 8 x 1.5 x 1.5.
WALL = 9.0


SLICES = 6


STARTER = {"kind": "bundled", "model": "starter", "step": 5}


def heart(inner: float, scar: bool = False) -> NDArray[np.uint8]:
    """Cylinders of known radius, wall and height; a right ventricle beside; empty end slices."""
    y, x = np.mgrid[:64, :64] * 1.5
    far = np.hypot(y - 48, x - 54)
    plane = np.zeros((64, 64), np.uint8)
    plane[(np.hypot(y - 48, x - 30) < inner) & (far >= inner + WALL)] = 1
    plane[far < inner + WALL] = 2
    if scar:
        plane[(far < inner + WALL) & (x > 54) & (y > 48)] = 5
    plane[far < inner] = 3
    stack = np.repeat(plane[None], SLICES + 2, axis=0)
    stack[[0, -1]] = 0
    return stack


def picture(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    noise = np.random.default_rng(0).normal(0, 5, mask.shape)
    return (np.array([20, 200, 90, 220, 150, 250])[mask] + noise).astype(np.float32)


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    """Masks of ten frames of one cine, their 4-D image and its times."""
    radii = 20 - 6 * np.sin(np.pi * (np.arange(10) - 1) / 10) ** 2
    masks = [heart(radius) for radius in radii]
    for number, mask in enumerate(masks):
        write_file(tmp_path / "masks" / f"a_frame{number:02d}.nii.gz", mask)
    write_cine(tmp_path / "images" / "a.nii.gz", [picture(mask) for mask in masks])
    times = {"trigger_ms": [100.0 * n for n in range(10)]}
    (tmp_path / "images" / "a.json").write_text(json.dumps(times))
    return tmp_path


def run(*words: object) -> int:
    return app.main(["report", *map(str, words)])


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "measures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cylinder_ml(radius: float) -> float:
    return math.pi * radius**2 * SLICES * 8.0 / 1000.0


def project_of(folder: Path, makers: dict[str, dict[str, object]]) -> Project:
    project = Project.create(folder / "p.scribblemix", CARDIAC)
    for name, radius in (("a_frame01", 20.0), ("a_frame09", 14.0)):
        mask = heart(radius)
        path = folder / "images" / f"{name}.nii.gz"
        write_file(path, picture(mask))
        project.add_case(CaseFiles(name, path))
        project.write_prediction(name, mask, read_geometry(path), makers[name])
    return project
