"""Which cases a training draws from, whose scribbles it uses and what it is validated on.

Masks are never trained on.  A case with a mask is validated on; where the folder holds masked cases
without scribbles, only those count, because a Dice on a case whose strokes were seen flatters, and
they are held out of the training altogether.  A case whose scribbles ``--scribbled`` leaves aside
is a case without scribbles: held out if it has a mask, else unlabelled.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.channels import describe_channels
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.links import real
from napari_scribblemix.errors import FileError, LabelError, TrainingError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.project.changes import case_hash
from napari_scribblemix.project.layouts import find_cases, survey
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.run_models import checkpoint_path
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.choosing import (
    matches,
    select,
    without_cines,
    without_left_out,
)

_REASONS = 2


@dataclass(frozen=True)
class TrainingCases:
    """Cases to train on (scribbled or not) and to validate on, one label scheme for all."""

    scheme: LabelScheme
    training: list[Case]
    validation: list[Case]
    warnings: list[str]
    salt: str
    hashes: list[str]

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels that every case has; empty for single images."""
        return self.training[0].image.channels

    @property
    def in_channels(self) -> int:
        """How many there are."""
        return len(self.training[0].image.arrays)


def _as_meant(files: Sequence[CaseFiles], settings: TrainSettings) -> list[CaseFiles]:
    """``files``, whose scribbles mean by their values what the settings say."""
    return [dataclasses.replace(item, unlabelled=settings.unlabelled) for item in files]


def _only_if_chosen(item: CaseFiles, patterns: str) -> CaseFiles:
    if matches(item.id, patterns):
        return item
    return dataclasses.replace(item, scribble=None, journal=None, accepted=None)


def _validation_files(
    settings: TrainSettings, training: Sequence[CaseFiles]
) -> tuple[list[CaseFiles], list[str]]:
    if settings.validations == 0:
        return [], []
    if settings.validation is not None:
        found = survey(settings.validation)
        files = [item for item in found.cases if item.mask is not None and not item.left_out]
        if not files:
            raise TrainingError(
                f"Got --validation {settings.validation} without any mask; expected images/ and "
                "masks/ with the same case names."
            )
        files, cines = without_cines(_as_meant(files, settings))
        return files, [*found.warnings, *cines]
    masked = [item for item in training if item.mask is not None]
    unseen = [item for item in masked if not item.scribbled]
    if masked and not unseen:
        return masked, ["Every case with a mask is also scribbled: the Dice shown flatters."]
    return unseen, []


def _no_scribble(folder: Path, warnings: Sequence[str]) -> TrainingError:
    # What was left out is most likely why.
    reasons = " ".join(warnings[:_REASONS])
    return TrainingError(
        f"Got no scribbled case in {folder}; expected at least one: draw some strokes. "
        f"{reasons}".rstrip()
    )


def check_some_scribbled(settings: TrainSettings, chosen: ChosenCases) -> None:
    """``TrainingError`` if there is no file with strokes; one that is there may hold none."""
    if not any(item.scribbled for item in chosen.files):
        raise _no_scribble(settings.folder, chosen.warnings)


def _one_scheme(cases: Sequence[Case], folder: Path, warnings: Sequence[str]) -> LabelScheme:
    schemes = {case.scheme.names: case.scheme for case in cases if case.scribble is not None}
    if len(schemes) > 1:
        first, second = list(schemes)[:2]
        raise LabelError(
            f"Got scribbles of different label schemes ({', '.join(first)}; {', '.join(second)}); "
            "expected one: train them as separate folders."
        )
    if not schemes:
        raise _no_scribble(folder, warnings)
    return next(iter(schemes.values()))


def _check_channels(cases: Sequence[Case]) -> None:
    """``TrainingError`` if the channels are not those of the first case in every one."""
    first = cases[0]
    for case in cases:
        if case.image.channels != first.image.channels:
            raise TrainingError(
                f"Got {describe_channels(case.image.channels)} in {case.id} and "
                f"{describe_channels(first.image.channels)} in {first.id}; expected the same in "
                "every case: add what is missing, or choose cases by --cases."
            )


@dataclass(frozen=True)
class ChosenCases:
    """The files that a training reads, before it reads them."""

    files: list[CaseFiles]
    validation: list[CaseFiles]
    warnings: list[str]


def choose_cases(settings: TrainSettings) -> ChosenCases:
    """Which cases the settings name, to train and to validate on; of images the headers are read.

    Raises as ``survey``, and ``SettingsError`` for names that match none, ``TrainingError`` for a
    validation folder without masks.
    """
    found = survey(settings.folder)
    files = select(_as_meant(found.cases, settings), "--cases", settings.cases)
    files, left_out = without_left_out(files, settings.folder)
    if settings.scribbled is not None:
        select(files, "--scribbled", settings.scribbled)
        files = [_only_if_chosen(item, settings.scribbled) for item in files]
    files, cines = without_cines(files)
    validation, warnings = _validation_files(settings, files)
    return ChosenCases(files, validation, [*found.warnings, *left_out, *cines, *warnings])


def load_training_cases(settings: TrainSettings) -> TrainingCases:
    """Read all cases the settings name; the errors name the case and what to do."""
    chosen = choose_cases(settings)
    files, validation_files, warnings = chosen.files, chosen.validation, chosen.warnings
    scribbled = [load_case(item) for item in files if item.scribbled]
    scheme = _one_scheme(scribbled, settings.folder, warnings)
    held_out = {item.id for item in validation_files} if settings.validation is None else set()
    unlabelled = [
        load_case(item, scheme) for item in files if not item.scribbled and item.id not in held_out
    ]
    training = sorted(scribbled + unlabelled, key=lambda case: case.id)
    validation = [load_case(item, scheme) for item in validation_files]
    _check_channels([*scribbled, *unlabelled, *validation])
    notes = NoteList()
    for case in training:
        notes.add(case.id, case.notes)
    warnings += notes.lines()
    salt = secrets.token_hex(16)
    used = {item.id: item for item in files}
    return TrainingCases(
        scheme,
        training,
        validation,
        warnings,
        salt,
        [case_hash(used[case.id], salt) for case in training],
    )


def reload_case(settings: TrainSettings, case_id: str, scheme: LabelScheme) -> Case:
    """A case with its scribbles as they are on the disk now; errors as ``load_case``."""
    found = _as_meant(find_cases(settings.folder), settings)
    files = [item for item in found if item.id == case_id]
    if not files:
        raise FileError(f"Got the case {case_id}; {settings.folder} holds none of that name.")
    item = files[0]
    if item.left_out:
        raise TrainingError(
            f"{case_id} was left out of training; its new strokes take part once it is taken in."
        )
    if settings.scribbled is not None:
        item = _only_if_chosen(item, settings.scribbled)
    return load_case(item, scheme)


def _newest_run(folder: Path, stem: str) -> Path | None:
    """``stem`` or ``stem-N`` of the highest number in ``folder`` that can be gone on with."""
    numbered = re.compile(re.escape(stem) + r"(?:-(\d+))?")
    runs = {
        int(match[1] or 1): path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := numbered.fullmatch(path.name)) and checkpoint_path(path).is_file()
    }
    return runs[max(runs)] if runs else None


def default_output(settings: TrainSettings) -> Path:
    """Where a run goes if the user names no place: a new folder, never an old one.

    To resume it is the newest of these folders that holds a checkpoint, or, so that the error names
    the place where one was expected, the first.
    """
    folder = settings.folder
    inside = folder / "runs" if (folder / "project.json").is_file() else Path("runs")
    named_after = "" if inside.parent == folder else f"{real(folder).name}-"
    stem = f"{named_after}{settings.method}"
    if settings.resume:
        return _newest_run(inside, stem) or inside / stem
    candidate, number = inside / stem, 2
    while candidate.exists():
        candidate, number = inside / f"{stem}-{number}", number + 1
    return candidate
