"""What several tests of the widget do with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.project.project import Project

STARTED = ev.Started(
    run="r", method="cyclemix", preset="fast", device="cpu", precision="32-true", cases=3,
    scribbled_cases=2, slices=8, scribbled_slices=8, validation_cases=0, parameters=10,
)  # fmt: skip


def open_folder(widget: ScribbleMixWidget, folder: Path) -> None:
    widget.open_path(folder)
    widget.cases.finish_adding()


def project_of(widget: ScribbleMixWidget) -> Project:
    return widget.session.the_project()


def predict(widget: ScribbleMixWidget, value: int) -> None:
    case = widget.session.the_case()
    mask = np.full(case.image.array.shape, value, np.uint8)
    doubt = np.zeros(mask.shape, np.float32)
    doubt[3] = 0.9
    project_of(widget).write_prediction(case.id, mask, case.image.geometry, {}, doubt)
    widget.session.follow(ev.Preview(case=case.id, file="f", step=value))
