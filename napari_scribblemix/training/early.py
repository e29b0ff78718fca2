"""What of a training can be refused before PyTorch is imported and an image is read.  No torch.

Options that contradict, folders and models that are not there, names of cases that match none: who
typed them wrong is told at once, and not after a minute of reading.
"""

from __future__ import annotations

from pathlib import Path

from napari_scribblemix.errors import FileError, SettingsError, TrainingError
from napari_scribblemix.inference.card import ModelCard, read_card
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.resources import STARTER_NAME, find_model
from napari_scribblemix.settings import StarterSettings, TrainSettings
from napari_scribblemix.training.cases import check_some_scribbled, choose_cases
from napari_scribblemix.training.folders import is_finished_model, settings_of_tasks, task_names
from napari_scribblemix.training.recipe import STARTER, Recipe, check_companions, resolve


def check_training(settings: TrainSettings) -> None:
    """The errors of ``scribble_job.prepare`` that need no network and no image."""
    check_companions(settings)
    recipe = resolve(settings)
    for path in settings.companions:
        found = find_model(path)
        if not found.exists():
            raise FileError(
                f"Got --with {path}, which is not there; choose a folder with scribbles or a "
                "finished model."
            )
        if is_finished_model(path):
            check_companion(path, read_card(found), recipe)
    each = settings_of_tasks(settings)
    if settings.method == "modelmix":
        task_names([own.folder for own in each])
    for own in each:
        check_some_scribbled(own, choose_cases(own))
    if recipe.start != "scratch":
        path = find_model(Path(settings.start or STARTER_NAME))
        check_start(path, read_card(path), recipe)


def check_starter(settings: StarterSettings) -> None:
    """The same for the training of a starter; ``SettingsError`` for two budgets."""
    if settings.time is not None and settings.steps is not None:
        raise SettingsError("Got --time and --steps; expected one budget: choose one of them.")
    for text in settings.measure:
        name, _, folder = text.partition("=")
        masked_cases(name, folder)
    if settings.start is not None:
        check_start(settings.start, read_card(settings.start), STARTER)


def masked_cases(name: str, folder: str) -> list[CaseFiles]:
    """The cases of a folder to measure a starter on; ``TrainingError`` if none has a mask."""
    files = [item for item in find_cases(Path(folder)) if item.mask is not None]
    if not files:
        raise TrainingError(
            f"Got --measure {name}={folder} without any mask; expected images/ and masks/ with the "
            "same case names."
        )
    return files


def check_start(path: Path, card: ModelCard, recipe: Recipe) -> None:
    """``SettingsError`` if a training cannot begin with the model of this card."""
    if card.network != recipe.network:
        raise SettingsError(
            f"Got --start {path}, a network {card.network!r}; the training has a network "
            f"{recipe.network!r}: choose another --preset, or --start scratch."
        )
    if card.intensity != recipe.intensity:
        raise SettingsError(
            f"Got --start {path}, which sees grey values by the rule {card.intensity}; the "
            f"training by {recipe.intensity}: choose another --preset, or --start scratch."
        )


def check_companion(path: Path, card: ModelCard, recipe: Recipe) -> None:
    """``SettingsError`` if the model of this card cannot be mixed in."""
    if card.network != recipe.network:
        raise SettingsError(
            f"Got --with {path}, a network {card.network!r}; the training has a network "
            f"{recipe.network!r}, and only equal ones can be mixed: choose another --preset or "
            "companion."
        )
