"""A worker that follows strokes, as its parent would use it: what several tests need."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix.events import LEARNING, Event, Followed, Preparing
from napari_scribblemix.project.project import Project
from napari_scribblemix.training import live
from napari_scribblemix.worker.messages import Command, LiveJob, Stop

JOB = LiveJob(model=Path("starter"), case="case01", slice=1, device="cpu", threads=1)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STEPS", 2)


def draw_on(project: Project, case_id: str, number: int, value: int) -> None:
    """A square of strokes in the middle of a slice."""
    image = project.read_image(case_id)
    before = project.read_scribble(case_id, image.geometry)
    after = before.copy()
    after[number, 20:26, 20:26] = value
    project.record_stroke(case_id, before, after)


class Parent:
    """Sends the next commands after each answer for a whole case, and at last the end."""

    def __init__(self, *steps: list[Command]) -> None:
        self._steps = list(steps)

    def __call__(self, event: Event) -> list[Command]:
        done = isinstance(event, Followed) and event.words != LEARNING
        if isinstance(event, Preparing) or done:
            return self._steps.pop(0) if self._steps else [Stop()]
        return []
