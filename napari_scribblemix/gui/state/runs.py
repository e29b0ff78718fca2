"""The trainings of a project, read from their run folders for a list.  No torch, no Qt."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_scribblemix import events as ev
from napari_scribblemix.data.wording import counted
from napari_scribblemix.gui.state.run_curves import dices_of
from napari_scribblemix.project.changes import file_hash
from napari_scribblemix.project.drawn import is_drawn_on
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.run_models import MODEL_NAME, models_of
from napari_scribblemix.resources import STARTER_NAME, bundled_models

_BEGAN = ("settings.json", "events.jsonl", MODEL_NAME)


@dataclass(frozen=True)
class RunSummary:
    """What the list of runs shows of one.

    Attributes:
        path: the folder of the run.
        method: as it was chosen.
        steps: how many were trained.
        dice: the last mean Dice of the main task against the masks of cases.
        model: the folder of the model to segment with, if there is one yet.
        resumable: whether it has a checkpoint.
        finished: whether its time or steps are used up.
        task_dices: the last mean Dice of each task, if there are several; the main one first.
        saved: when its model was last saved, in seconds.
    """

    path: Path
    method: str
    steps: int
    dice: float | None
    model: Path | None
    resumable: bool
    finished: bool
    task_dices: tuple[tuple[str, float | None], ...] = ()
    saved: float = 0.0

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def ready(self) -> bool:
        """Whether there is a model to segment with."""
        return self.model is not None

    @property
    def sentence(self) -> str:
        """Steps and Dice against masks, of several tasks each, and whether it is done."""
        dices = "; ".join(
            f"{task}: " + ("no Dice, it has no masks" if dice is None else f"Dice {dice:.3f}")
            for task, dice in self.task_dices
        )
        if not dices and self.dice is not None:
            dices = f"Dice {self.dice:.3f}"
        if self.dice is not None:
            dices += " (against the masks that came with the images)"
        state = "" if self.finished else ", unfinished"
        return f"{self.name}: {counted(self.steps, 'step')}{state}. {dices}".rstrip()


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _events(run: Path) -> Iterator[ev.Event]:
    """The events kept in a run folder; lines cut short by a crash are left out."""
    try:
        with (run / "events.jsonl").open("rb") as file:
            for line in file:
                with contextlib.suppress(ValidationError):
                    yield ev.parse_event(line)
    except OSError:
        return


def read_events(run: Path) -> list[ev.Event]:
    """The events kept in a run folder; lines cut short by a crash are left out."""
    return list(_events(run))


def _main_task(run: Path) -> str:
    """The task that a run of several is for, as it said at its start."""
    started = next((e for e in _events(run) if isinstance(e, ev.Started)), None)
    return started.tasks[0] if started is not None and started.tasks else ""


def model_of(run: Path) -> Path | None:
    """The folder of the model of a run: the run's own, of several tasks that of the main one."""
    found = [weights.parent for weights in models_of(run)]
    if len(found) > 1:
        main = _main_task(run)
        found = [folder for folder in found if folder.name == main]
    return found[0] if found else None


def _last_dices(events: Sequence[ev.Event], tasks: Sequence[str]) -> dict[str, float]:
    """The last mean Dice told of each task; without several tasks that of the name ``""``."""
    known: dict[str, float] = {}
    for event in events:
        if isinstance(event, ev.Validation):
            known |= dices_of(event, tasks)
        elif isinstance(event, ev.Finished):
            ends = {result.task: result.mean_dice for result in event.tasks}
            ends = ends or {tasks[0] if tasks else "": event.mean_dice}
            known |= {task: dice for task, dice in ends.items() if dice is not None}
    return known


def _step(event: ev.Event) -> int:
    kinds = ev.Progress | ev.Finished | ev.Checkpoint
    return event.step if isinstance(event, kinds) else 0


def _saved(run: Path) -> float:
    """When the newest model of a run was saved, in seconds; 0 without one."""
    return max((path.stat().st_mtime for path in models_of(run)), default=0.0)


def summarise(run: Path) -> RunSummary:
    """What the list shows of one run."""
    events = read_events(run)
    started = next((e for e in events if isinstance(e, ev.Started)), None)
    tasks = started.tasks if started is not None else []
    dices = _last_dices(events, tasks)
    last = next((e for e in reversed(events) if isinstance(e, ev.Finished | ev.Failed)), None)
    return RunSummary(
        path=run,
        method=started.method if started is not None else "",
        steps=max(map(_step, events), default=0),
        dice=dices.get(tasks[0] if tasks else ""),
        model=model_of(run),
        resumable=(run / "checkpoint" / "state.pt").is_file(),
        finished=isinstance(last, ev.Finished) and not last.stopped,
        task_dices=tuple((task, dices.get(task)) for task in tasks),
        saved=_saved(run),
    )


def list_runs(project: Project) -> list[RunSummary]:
    """All runs of a project that began, sorted by name; what failed before that left a folder."""
    return [
        summarise(run) for run in project.runs() if any((run / name).exists() for name in _BEGAN)
    ]


def best_run(runs: Sequence[RunSummary]) -> RunSummary | None:
    """The run with the highest Dice; ``None`` where none was measured."""
    # One that found nothing at all is the best of none.
    measured = [run for run in runs if run.dice and run.ready]
    return max(measured, key=lambda run: run.dice or 0.0, default=None)


def model_choices(runs: Sequence[RunSummary]) -> list[tuple[str, Path]]:
    """What one can segment with, name and path: runs, the newest first, then bundled models."""
    best = best_run(runs)
    newest = sorted(runs, key=lambda run: run.saved, reverse=True)
    named = [
        (f"run {run.name}" + (" (highest Dice)" if run is best else ""), run.model)
        for run in newest
        if run.model is not None
    ]
    bundled = sorted(bundled_models(), key=lambda name: name != STARTER_NAME)
    return [*named, *((name, Path(name)) for name in bundled)]


def trained_cases(project: Project, run: Path) -> frozenset[str]:
    """The cases of the project that took part in a run, as its record says.

    Runs of earlier versions name none: of them the scribbled cases count whose images are among the
    salted hashes of the model's card.
    """
    events = read_events(run)
    if not any(_step(event) for event in events):
        return frozenset()
    started = [event for event in events if isinstance(event, ev.Started)]
    named = {case for event in started for case in event.scribbled}
    if not named:
        return _hashed_cases(project, run)
    named |= {event.case for event in events if isinstance(event, ev.ScribblesTaken)}
    return frozenset(record.id for record in project.cases if record.id in named)


def last_trained(project: Project) -> frozenset[str]:
    """The cases that took part in the newest training that made a step."""
    for run in sorted(project.runs(), key=_last_told, reverse=True):
        if cases := trained_cases(project, run):
            return cases
    return frozenset()


def _last_told(run: Path) -> float:
    try:
        return (run / "events.jsonl").stat().st_mtime
    except OSError:
        return 0.0


def _hashed_cases(project: Project, run: Path) -> frozenset[str]:
    card = read_json((model_of(run) or run) / "model.json")
    hashes, salt = set(card.get("case_hashes", ())), str(card.get("case_salt", ""))
    if not hashes:
        return frozenset()
    return frozenset(
        record.id
        for record in project.cases
        if is_drawn_on(project, record.id)
        and project.image_path(record.id).is_file()
        and file_hash(project.image_path(record.id), salt) in hashes
    )
