"""The work of the child in this process, driven by answers to what it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_scribblemix.events import (
    Event,
)
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.project import Project
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.worker import previews
from napari_scribblemix.worker.child import training
from napari_scribblemix.worker.child import work as jobs
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import (
    Command,
    Job,
    Stop,
    TrainJob,
)
from phantoms import make_project

React = Callable[[Event], list[Command]]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as project:
        yield project


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "SHORTEST_GAP", 0.0)
    monkeypatch.setattr(previews, "SHARE", 1.0)
    monkeypatch.setattr(training, "_FRESH_SECONDS", 0.0)


class Script(Inbox):
    """An inbox that a function of the events fills: what the parent would send on seeing them."""

    def __init__(self, react: React) -> None:
        super().__init__(-1, self.tell)
        self.react = react
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        self.events.append(event)
        for command in self.react(event):
            self._put(command)


def stopped_in_the_middle(script: Script) -> Callable[..., None]:
    """In place of ``predict_case``: the stop comes before the network has looked at the case."""

    def predict(project: Project, case_id: str, model: Model, **_: object) -> None:
        script._put(Stop())
        segment_volume(model, project.read_image(case_id))
        raise AssertionError

    return predict


def work(project: Project, job: Job, react: React = lambda event: []) -> tuple[int, list[Event]]:
    script = Script(react)
    code = jobs.run(job, project.folder, script, script.tell)
    return code, script.events


def train_job(project: Project, **changes: Any) -> TrainJob:
    small = {"folder": project.folder, "method": "partial", "crop": 48, "batch": 4, "spacing": 1.5}
    small |= {"steps": 4, "device": "cpu", "start": "scratch", "learning_rate": 6e-3}
    settings = TrainSettings.model_validate(small | changes)
    return TrainJob(settings=settings, run=project.folder / "runs" / "r", preview_case="case01")


def of(kind: type, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


class Once:
    """Answers the first event of a kind, for which ``when`` holds."""

    def __init__(
        self, kind: type, *commands: Command, when: Callable[[Any], bool] = lambda event: True
    ) -> None:
        self.kind, self.when = kind, when
        self.commands: list[Command] = list(commands)

    def __call__(self, event: Event) -> list[Command]:
        if not isinstance(event, self.kind) or not self.when(event):
            return []
        commands, self.commands = self.commands, []
        return commands
