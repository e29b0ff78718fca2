"""A project of a drawn DICOM study with masks."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.written_headers import SeriesHeader
from napari_scribblemix.data.dicom.written_images import write_classic
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.working_copies import unpack
from napari_scribblemix.synthesis.dicom_study import person
from napari_scribblemix.synthesis.studies import draw_cine

SLICES = 3


FRAMES = (3, 7)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    cine, _ = draw_cine(2, 1, slices=SLICES)
    for z in range(SLICES):
        series = SeriesHeader(z + 1, "cine_sax", ("ORIGINAL", "PRIMARY"), 800.0 + z, "091500")
        write_classic(folder / str(z), person(2, 1), series, cine.slice_at(z))
    return folder


def some_mask(shape: tuple[int, ...], seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 4, shape, dtype=np.uint8)


@pytest.fixture
def project(study: Path, tmp_path: Path) -> Path:
    """Two frames of a cine that came from DICOM; slices of the second were accepted."""
    folder = tmp_path / "a.scribblemix"
    with Project.create(folder) as made:
        (copy,) = unpack(study, folder / "images", name="heart")
        for frame in FRAMES:
            name = f"{copy.id}_frame{frame:02d}"
            made.add_case(CaseFiles(name, copy.path, frame=frame))
            geometry = made.read_image(name).geometry
            mask = some_mask(geometry.shape, frame)
            made.write_prediction(name, mask, geometry, {"model": "m"})
        made.write_review(name, [0, 1], "me")
    return folder


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def copied(study: Path, folder: Path) -> Path:
    """A study of one's own, which may be moved."""
    return Path(shutil.copytree(study, folder))
