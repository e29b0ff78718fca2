"""Masks that a person wants to see no more: laid aside, not deleted, so that they can come back.

    predictions/forgotten/ID.nii.gz, ID.json, ID_uncertainty.nii.gz

Of each case the last one is kept.  What a person accepted or corrected is no business of this: a
mask with such slices is not forgotten.
"""

from __future__ import annotations

from pathlib import Path

from napari_scribblemix.data.links import inside
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.project.corrections import whole_slices
from napari_scribblemix.project.project import Project


def _files(project: Project, case_id: str) -> list[Path]:
    """The mask first: what is said of a mask that is gone is said of nothing."""
    mask = project.prediction_path(case_id)
    return [mask, mask.with_name(f"{case_id}.json"), project.uncertainty_path(case_id)]


def _aside(path: Path) -> Path:
    return path.parent / "forgotten" / path.name


def reason_against(project: Project, case_id: str) -> str | None:
    """Why the mask of a case cannot be forgotten, to be put behind "Not now:"; ``None`` if it can.

    Raises as ``read_review`` and ``read_corrected``.
    """
    if not project.prediction_path(case_id).is_file():
        return "there is no mask yet."
    if project.read_review(case_id).get("accepted_slices"):
        return "slices of it are accepted; take that back first."
    corrected = project.read_corrected(case_id)
    if corrected is not None and whole_slices(corrected, corrected.shape):
        return "slices of it were corrected by hand."
    return None


def can_come_back(project: Project, case_id: str) -> bool:
    """Whether a forgotten mask is there, and no other in its place."""
    mask = project.prediction_path(case_id)
    return _aside(mask).is_file() and not mask.is_file()


def forget_mask(project: Project, case_id: str) -> None:
    """Lay the mask of a case aside; ``ProjectError`` if a person decided on slices of it."""
    project.require_lock()
    if reason := reason_against(project, case_id):
        raise ProjectError(f"The mask of {case_id} was not forgotten: {reason}")
    for path in _files(project, case_id):
        _move(project, path, _aside(path))


def bring_back(project: Project, case_id: str) -> None:
    """Undo ``forget_mask``; ``ProjectError`` if there is nothing, or a newer mask in its place."""
    project.require_lock()
    if not can_come_back(project, case_id):
        raise ProjectError(
            f"No forgotten mask of {case_id} can come back: expected one, and no newer one."
        )
    # The mask last: with it there, all that is said of it is there.
    for path in reversed(_files(project, case_id)):
        _move(project, _aside(path), path)


def _move(project: Project, old: Path, new: Path) -> None:
    """``new`` is what ``old`` was; not there if that was not there."""
    inside(project.folder, new)
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        if old.is_file():
            old.replace(new)
        else:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{old} could not be moved to {new.parent} ({error.strerror}).") from error
