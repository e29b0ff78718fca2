"""The trainings of a project, read from their run folders for a list.  No torch, no Qt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from napari_scribblemix import events as ev
from napari_scribblemix.project.cases import file_hash
from napari_scribblemix.project.project import Project
from napari_scribblemix.resources import STARTER_NAME, bundled_models


@dataclass(frozen=True)
class RunSummary:
    """``dice``: the last mean Dice told; ``ready``: there is a model to segment with."""

    path: Path
    method: str
    steps: int
    dice: float | None
    ready: bool
    resumable: bool
    finished: bool

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def read_events(run: Path) -> list[ev.Event]:
    """The events kept in a run folder; lines cut short by a crash are left out."""
    try:
        lines = (run / "events.jsonl").read_bytes().splitlines()
    except OSError:
        return []
    events = []
    for line in lines:
        try:
            events.append(ev.parse_event(line))
        except ValidationError:
            continue
    return events


def summarise(run: Path) -> RunSummary:
    """What the list shows of one run."""
    events = read_events(run)
    method = next((e.method for e in events if isinstance(e, ev.Started)), "")
    steps = [e.step for e in events if isinstance(e, ev.Progress | ev.Finished | ev.Checkpoint)]
    dices = [e.mean_dice for e in events if isinstance(e, ev.Validation | ev.Finished)]
    known = [dice for dice in dices if dice is not None]
    last = next((e for e in reversed(events) if isinstance(e, ev.Finished | ev.Failed)), None)
    return RunSummary(
        path=run,
        method=method,
        steps=max(steps, default=0),
        dice=known[-1] if known else None,
        ready=(run / "model.safetensors").is_file(),
        resumable=(run / "checkpoint" / "state.pt").is_file(),
        finished=isinstance(last, ev.Finished) and not last.stopped,
    )


def list_runs(project: Project) -> list[RunSummary]:
    """All runs of a project, sorted by name."""
    return [summarise(run) for run in project.runs()]


def best_run(runs: Sequence[RunSummary]) -> RunSummary | None:
    """The run with the highest Dice; ``None`` where none was measured."""
    measured = [run for run in runs if run.dice is not None and run.ready]
    return max(measured, key=lambda run: run.dice or 0.0, default=None)


def model_choices(runs: Sequence[RunSummary]) -> list[tuple[str, Path]]:
    """What one can segment with, name and path: runs, the best first, then bundled models."""
    best = best_run(runs)
    ready = sorted((run for run in runs if run.ready), key=lambda run: run is not best)
    named = [(f"run {r.name}" + (" (best)" if r is best else ""), r.path) for r in ready]
    bundled = sorted(bundled_models(), key=lambda name: name != STARTER_NAME)
    return [*named, *((name, Path(name)) for name in bundled)]


def trained_cases(project: Project, run: Path) -> frozenset[str]:
    """The scribbled cases that a run was trained on, found by their salted hashes in its card."""
    card = _json(run / "model.json")
    hashes, salt = set(card.get("case_hashes", ())), str(card.get("case_salt", ""))
    if not hashes:
        return frozenset()
    return frozenset(
        record.id
        for record in project.cases
        if project.scribble_path(record.id).is_file()
        and project.image_path(record.id).is_file()
        and file_hash(project.image_path(record.id), salt) in hashes
    )
