"""What several tests of the widget do with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.project.project import Project

STARTED = ev.Started(
    run="r", method="cyclemix", preset="fast", device="cpu", precision="32-true", cases=3,
    scribbled_cases=2, slices=8, scribbled_slices=8, validation_cases=0, parameters=10,
)  # fmt: skip


RUN = {"kind": "run", "model": "cyclemix", "step": 540}


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


def show_mask(widget: ScribbleMixWidget, case_id: str, origin: dict[str, object]) -> None:
    """A mask of ``origin`` is written for a case, and the worker says so."""
    project = widget.session.the_project()
    geometry = project.read_image(case_id).geometry
    project.write_prediction(case_id, np.ones(geometry.shape, np.uint8), geometry, origin)
    widget.session.follow(ev.Segmented(case=case_id, file="f", number=1, of=1))


def mask_arrives(session: Session, value: int) -> None:
    """A mask of one value is written for the open case, and read."""
    case = session.the_case()
    mask = np.full(case.image.array.shape, value, np.uint8)
    session.the_project().write_prediction(case.id, mask, case.image.geometry, {"step": value})
    session.reread_masks(case.id)
