"""Which of the files found take part: by names and patterns, by what a person left out, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import SettingsError, TrainingError
from napari_scribblemix.project.case_files import CaseFiles, is_whole_cine

_NAMED = 5


def _parts(patterns: str | None) -> list[str]:
    return [part.strip() for part in (patterns or "").split(",") if part.strip()]


def matches(case_id: str, patterns: str | None) -> bool:
    """Whether ``patterns``, separated by commas, name the case; none of them name every case."""
    wanted = _parts(patterns)
    return not wanted or any(fnmatchcase(case_id, pattern) for pattern in wanted)


def select(files: Sequence[CaseFiles], option: str, patterns: str | None) -> list[CaseFiles]:
    """Those of ``files`` that the ``patterns`` of an ``option`` name.

    ``SettingsError`` if one of them names none.
    """
    if patterns and not _parts(patterns):
        raise SettingsError(
            f"Got {option} {patterns!r} without a name in it; expected names of cases, or leave "
            f"{option} out for all of them."
        )
    # Each by itself: one that was mistyped would leave its cases out, and nobody would know.
    for pattern in _parts(patterns):
        if not any(fnmatchcase(item.id, pattern) for item in files):
            shown = ", ".join(item.id for item in files[:_NAMED])
            more = ", …" if len(files) > _NAMED else ""
            raise SettingsError(
                f"Got {option} {patterns}, but {pattern} matches none of "
                f"{counted(len(files), 'case')}: {shown}{more}. Expected names of these, with "
                "commas between them; * stands for any letters."
            )
    return [item for item in files if matches(item.id, patterns)]


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{', '.join(ids[:_NAMED])}{more}"


def without_left_out(files: Sequence[CaseFiles], folder: Path) -> tuple[list[CaseFiles], list[str]]:
    """``files`` without those that a person left out of training, and a warning that names them.

    ``TrainingError`` if none is left.
    """
    out = [item.id for item in files if item.left_out]
    if not out:
        return list(files), []
    if len(out) == len(files):
        raise TrainingError(
            f"Got only cases that the project {folder} leaves out of training ({_named(out)}); "
            "expected at least one that takes part: take some in, in the list of cases."
        )
    warning = f"{_named(out)}: left out of training, as the list of cases says."
    return [item for item in files if not item.left_out], [warning]


def without_cines(files: Sequence[CaseFiles]) -> tuple[list[CaseFiles], list[str]]:
    """``files`` without the cines that nobody scribbled on, and a warning that names them.

    A scribbled one stays: leaving strokes out unasked would be worse than the error it gives.
    """
    cines = [item.id for item in files if not item.scribbled and is_whole_cine(item)]
    if not cines:
        return list(files), []
    warning = f"{_named(cines)}: left out, because training reads 3-D volumes and not 4-D cines."
    return [item for item in files if item.id not in cines], [warning]
