"""A training killed and gone on with again and again: losses and weights of one never killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from fork import POINTS, in_child, kill_after, kill_at, strays
from scenes import step_of_checkpoint, train_saving_each_step
from tries import Place

from napari_scribblemix.training.checkpoint import checkpoint_path
from phantoms import write_folder

STEPS = 8
LONGEST = 3.0
MOST_CALLS = 24
Losses = dict[int, list[tuple[float, dict[str, float]]]]


def _train(study: Path, run: Path, *, resume: bool = False) -> None:
    for _ in train_saving_each_step(study, run, STEPS, resume=resume):
        pass


def _losses(run: Path) -> Losses:
    """Each loss that was told of a step: of one done again after a kill, several."""
    told: Losses = {}
    path = run / "events.jsonl"
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # cut short by a kill
        if event["event"] == "progress":
            told.setdefault(event["step"], []).append((event["loss"], event["terms"]))
    return told


def _other_losses(run: Path, expected: Losses) -> str:
    for step, found in _losses(run).items():
        for each in found:
            if each != expected[step][0]:
                return f"step {step}: got {each}, expected {expected[step][0]}"
    return ""


def _other_end(run: Path, whole: Path, expected: Losses) -> str:
    if _losses(run).keys() != expected.keys():
        return f"got losses of the steps {sorted(_losses(run))}"
    first, second = (
        torch.load(checkpoint_path(folder), weights_only=True) for folder in (whole, run)
    )
    for part in ("method", "averaged"):
        if not all(torch.equal(first[part][key], second[part][key]) for key in first[part]):
            return f"other weights in the end ({part})"
    return f"{strays(run)} strays" if strays(run) else ""


def _killed(place: Place, work: Callable[[], None]) -> bool:
    """Half at a moment, half at a point of a save."""
    if place.rng.random() < 0.5:
        return kill_after(place.rng.uniform(0.0, LONGEST), work)
    point, after = place.rng.choice(POINTS), place.rng.random() < 0.5
    return kill_at(point, place.rng.randint(1, MOST_CALLS), after=after, work=work)


def attack(place: Place) -> Iterator[str]:
    """Each kill is a try; a training that has come to its end is compared as a whole, and anew."""
    study, whole = write_folder(place.folder / "study"), place.folder / "whole"
    if in_child(lambda: _train(study, whole)) != 0:
        raise RuntimeError("The training that is not killed failed.")
    expected = _losses(whole)
    run = place.folder / "run"
    while True:
        resume = step_of_checkpoint(run) is not None
        if _killed(place, lambda r=resume: _train(study, run, resume=r)):
            place.measures["kills after a step"] += bool(_losses(run))
            yield _other_losses(run, expected)
        if step_of_checkpoint(run) == STEPS:
            failed = in_child(lambda: _train(study, run, resume=True)) != 0
            place.measures["trainings brought to their end"] += 1
            if wrong := "could not be gone on with" * failed or _other_end(run, whole, expected):
                yield wrong
            shutil.rmtree(run)
