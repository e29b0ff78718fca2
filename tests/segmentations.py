"""Drawn studies and masks on them, written as DICOM segmentations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, config, dcmread

from napari_scribblemix.data.dicom.segmentation import Phase, write_segmentation
from napari_scribblemix.data.dicom.source_header import new_uid
from napari_scribblemix.data.dicom.stacks import Stack, find_stacks
from napari_scribblemix.data.dicom.written_headers import SeriesHeader
from napari_scribblemix.data.dicom.written_images import write_classic, write_enhanced
from napari_scribblemix.data.labels import CARDIAC, LabelScheme
from napari_scribblemix.synthesis.dicom_study import person
from napari_scribblemix.synthesis.studies import draw_cine

SLICES = 4


PHASE = 3


WHO = person(1, 1)


def header(number: int) -> SeriesHeader:
    return SeriesHeader(number, "cine_sax", ("ORIGINAL", "PRIMARY", "M"), 800.0 + number, "091500")


@pytest.fixture(scope="module")
def drawn() -> tuple[Any, NDArray[np.uint8]]:
    return draw_cine(1, 1, slices=SLICES)


@pytest.fixture(scope="module")
def one_series(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    write_classic(folder, WHO, header(1), drawn[0])
    return folder


@pytest.fixture(scope="module")
def series_a_slice(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    for z in range(SLICES):
        write_classic(folder / str(z), WHO, header(z + 1), drawn[0].slice_at(z))
    return folder


@pytest.fixture(scope="module")
def enhanced(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enhanced")
    write_enhanced(folder / "IM0001.dcm", WHO, header(1), drawn[0])
    return folder


FOLDERS = ["one_series", "series_a_slice", "enhanced"]


def stack_in(folder: Path) -> Stack:
    (stack,) = find_stacks(folder).stacks
    return stack


def mask_on(stack: Stack, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The true labels (Z, Y, X) in the order of the stack's slices."""
    images = stack.images[PHASE]
    axis = np.cross(images[0].along_row, images[0].along_column)
    places = [float(axis @ np.array(plane.position)) for plane in images]
    # Drawn from base to apex, which runs against the normal.
    return labels[::-1].copy() if places[0] < places[-1] else labels


def write(
    path: Path, stack: Stack, mask: NDArray[np.uint8], scheme: LabelScheme = CARDIAC, **more: Any
) -> tuple[str, ...]:
    phase = Phase(stack.images[PHASE], PHASE, stack.frames)
    settings = {"maker": "AUTOMATIC", "series_uid": new_uid()} | more
    return write_segmentation(path, mask, scheme, phase, **settings)


def changed(source: Path, target: Path, values_of: Callable[[int], dict[str, str]]) -> Path:
    """The files of ``source`` with other values in their headers, valid or not, by number."""
    target.mkdir()
    for number, path in enumerate(sorted(source.iterdir())):
        data = dcmread(path)
        with config.disable_value_validation():
            for keyword, value in values_of(number).items():
                data[keyword].value = value
            data.save_as(target / path.name)
    return target


def places(dataset: Dataset, path: list[str]) -> list[Dataset]:
    """All items at ``path``, of sequences that are there."""
    found = [dataset]
    for keyword in path:
        found = [item for place in found for item in place.get(keyword, ())]
    return found


def uids_of(dataset: Dataset) -> list[str]:
    found: list[str] = []
    for element in dataset.iterall():
        if element.VR == "UI" and element.value:
            found.append(str(element.value))
    return found
