"""Which cases a training draws from, whose scribbles it uses and what it is validated on.

Masks are never trained on.  A case with a mask is validated on; where the folder holds masked cases
without scribbles, only those count, because a Dice on a case whose strokes were seen flatters.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.errors import LabelError, SettingsError, TrainingError
from napari_scribblemix.project.cases import Case, CaseFiles, case_hash, load_case
from napari_scribblemix.project.layouts import find_cases, survey
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.settings import TrainSettings


@dataclass(frozen=True)
class TrainingCases:
    """Cases to train on (scribbled or not) and to validate on, one label scheme for all."""

    scheme: LabelScheme
    training: list[Case]
    validation: list[Case]
    warnings: list[str]
    salt: str
    hashes: list[str]


def _matches(case_id: str, patterns: str | None) -> bool:
    wanted = [part.strip() for part in (patterns or "").split(",") if part.strip()]
    return not wanted or any(fnmatchcase(case_id, pattern) for pattern in wanted)


def _only_if_chosen(item: CaseFiles, patterns: str) -> CaseFiles:
    return item if _matches(item.id, patterns) else dataclasses.replace(item, scribble=None)


def _select(files: Sequence[CaseFiles], option: str, patterns: str | None) -> list[CaseFiles]:
    chosen = [item for item in files if _matches(item.id, patterns)]
    if not chosen:
        shown = ", ".join(item.id for item in files[:3])
        raise SettingsError(
            f"Got {option} {patterns}, which matches none of {len(files)} cases ({shown}, ...)."
        )
    return chosen


def _validation_files(
    settings: TrainSettings, training: Sequence[CaseFiles]
) -> tuple[list[CaseFiles], list[str]]:
    if settings.validations == 0:
        return [], []
    if settings.validation is not None:
        files = [item for item in find_cases(settings.validation) if item.mask is not None]
        if not files:
            raise TrainingError(
                f"Got --validation {settings.validation} without any mask; expected images/ and "
                "masks/ with the same case names."
            )
        return files, []
    masked = [item for item in training if item.mask is not None]
    unseen = [item for item in masked if item.scribble is None]
    if masked and not unseen:
        return masked, ["Every case with a mask is also scribbled: the Dice shown flatters."]
    return unseen, []


def _one_scheme(cases: Sequence[Case]) -> LabelScheme:
    schemes = {case.scheme.names: case.scheme for case in cases if case.scribble is not None}
    if len(schemes) > 1:
        first, second = list(schemes)[:2]
        raise LabelError(
            f"Got scribbles of different label schemes ({', '.join(first)}; {', '.join(second)}); "
            "expected one: train them as separate folders."
        )
    if not schemes:
        raise TrainingError("Got no scribbled case; expected at least one: draw some strokes.")
    return next(iter(schemes.values()))


def load_training_cases(settings: TrainSettings) -> TrainingCases:
    """Read all cases the settings name; the errors name the case and what to do."""
    found = survey(settings.folder)
    files = _select(found.cases, "--cases", settings.cases)
    validation_files, warnings = _validation_files(settings, files)
    warnings = [*found.warnings, *warnings]
    if settings.scribbled is not None:
        _select(files, "--scribbled", settings.scribbled)
        files = [_only_if_chosen(item, settings.scribbled) for item in files]
    scribbled = [load_case(item) for item in files if item.scribble is not None]
    scheme = _one_scheme(scribbled)
    held_out = {item.id for item in validation_files} if settings.validation is None else set()
    unlabelled = [
        load_case(item, scheme)
        for item in files
        if item.scribble is None and item.id not in held_out
    ]
    training = sorted(scribbled + unlabelled, key=lambda case: case.id)
    notes = NoteList()
    for case in training:
        notes.add(case.id, case.notes)
    warnings += notes.lines()
    salt = secrets.token_hex(16)
    used = {item.id: item for item in files}
    return TrainingCases(
        scheme,
        training,
        [load_case(item, scheme) for item in validation_files],
        warnings,
        salt,
        [case_hash(used[case.id], salt) for case in training],
    )


def default_output(settings: TrainSettings) -> Path:
    """Where a run goes if the user names no place: a new folder, never an old one."""
    folder = settings.folder
    inside = folder / "runs" if (folder / "project.json").is_file() else Path("runs")
    named_after = "" if inside.parent == folder else f"{folder.resolve().name}-"
    stem = f"{named_after}{settings.method}"
    candidate, number = inside / stem, 2
    while candidate.exists():
        candidate, number = inside / f"{stem}-{number}", number + 1
    return candidate
