"""Trainings of phantoms that take a second."""

from pathlib import Path

import pytest

from napari_scribblemix.events import (
    Event,
)
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.scribble_job import prepare
from phantoms import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("phantoms"), scribbled=2, unlabelled=1, masked=1)


def settings(folder: Path, **changes: object) -> TrainSettings:
    small = {"folder": folder, "crop": 48, "batch": 4, "spacing": 1.5, "steps": 4, "device": "cpu"}
    small |= {"start": "scratch"}
    return TrainSettings.model_validate(small | changes)


def training(settings: TrainSettings, run: Path, control: Control | None = None) -> Training:
    return Training(prepare(settings), run, control)


def run(settings: TrainSettings, run: Path, control: Control | None = None) -> list[Event]:
    return list(training(settings, run, control).events())
