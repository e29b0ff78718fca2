"""Killed while it saves, at each named point and at random moments, and while it trains."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fork import POINTS, kill_after, kill_at, strays
from scenes import (
    CPU,
    SCENES,
    CheckpointScene,
    ModelScene,
    PredictionScene,
    ReviewScene,
    step_of_checkpoint,
    train_saving_each_step,
)
from tries import Place

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.inference.model import load_model
from phantoms import write_folder

# How many different saves each kind can tell apart.
KINDS = {ModelScene: 50, CheckpointScene: 50, PredictionScene: 3, ReviewScene: 4}
LONGEST = 0.5
LONGEST_TRAINING = 2.0
WITHOUT_END = 10_000


def _wrong(scene: Any, allowed: range, place: Place) -> str:
    """What is wrong with what a kill left."""
    try:
        found = scene.found()
    except (ScribbleMixError, KeyError) as error:
        return f"{type(scene).__name__}: {error}"
    place.measures["kills that left a stray"] += bool(strays(scene.folder))
    scene.start_again()
    if found not in allowed:
        return f"{type(scene).__name__}: got {found} of {allowed}"
    left = strays(scene.folder)
    return f"{type(scene).__name__}: {left} strays after the next start" if left else ""


def _at_points(kind: type, place: Place) -> Iterator[str]:
    """Before and after each call in turn: the old one is found, from some point on the new."""
    for point in POINTS:
        switched, number, died = False, 0, True
        while died:
            number += 1
            for after in (False, True):
                folder = place.folder / kind.__name__
                shutil.rmtree(folder, ignore_errors=True)
                scene: Any = kind(folder)
                scene.save(1)
                died = kill_at(point, number, after=after, work=lambda s=scene: s.save(2))
                wrong = _wrong(scene, range(2 if switched or not died else 1, 3), place)
                switched = switched or (not wrong and scene.found() == 2)
                yield wrong and f"{point} {number}: {wrong}"


def _save_without_end(scene: Any, steps: int) -> None:
    number = 1
    while True:
        number = number % steps + 1
        scene.save(number)


def _at_a_moment(scene: Any, steps: int, place: Place) -> str:
    kill_after(place.rng.uniform(0.0, LONGEST), lambda: _save_without_end(scene, steps))
    wrong = _wrong(scene, range(1, steps + 1), place)
    scene.save(1)  # an unusable one would be counted again and again
    return wrong


def _in_training(study: Path, run: Path, place: Place) -> str:
    """A training, gone on with wherever it was killed before."""
    before = step_of_checkpoint(run)

    def train() -> None:
        for _ in train_saving_each_step(study, run, WITHOUT_END, resume=before is not None):
            pass

    if not kill_after(place.rng.uniform(0.0, LONGEST_TRAINING), train):
        return "the training ended before it was killed"
    try:
        step = step_of_checkpoint(run)
        if (step or 0) < (before or 0):
            return f"the checkpoint went back from step {before} to {step}"
        if step is not None and (run / "model.safetensors").is_file():
            load_model(run, CPU)
    except (ScribbleMixError, RuntimeError, EOFError) as error:
        return f"training: {error}"
    place.highest("steps the training came to", step or 0)
    return ""


def attack(place: Place) -> Iterator[str]:
    """Each point of each save once, then random moments without end."""
    for kind in SCENES:
        yield from _at_points(kind, place)
    scenes = {}
    for kind, steps in KINDS.items():
        scene: Any = kind(place.folder / f"moments-{kind.__name__}")
        scene.save(1)
        scenes[scene] = steps
    study, run = write_folder(place.folder / "study"), place.folder / "run"
    while True:
        for scene, steps in scenes.items():
            yield _at_a_moment(scene, steps, place)
        yield _in_training(study, run, place)
