"""The masks of a project as files for others.

Files that are there already are never written over unasked, and never what the project was made
from.  Whom to ask is the control's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.links import identity, is_taken, real
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.gui.state.open_case import shown_mask
from napari_scribblemix.project.project import Project


@dataclass(frozen=True)
class Planned:
    """A mask to export and whether its file is there already."""

    case_id: str
    path: Path
    there: bool


def plan_export(project: Project, case_ids: Sequence[str], folder: Path) -> list[Planned]:
    """Where the masks go that there are; ``ProjectError`` without any, ``FileError`` at a source.

    Nothing is written yet.
    """
    with_mask = [case_id for case_id in case_ids if project.prediction_path(case_id).is_file()]
    if not with_mask:
        raise ProjectError("There is no mask to export yet; train or segment first.")
    planned = []
    sources = {identity(path) for path in project.source_files()} - {None}
    for case_id in with_mask:
        path = folder / f"{case_id}.nii.gz"
        if identity(path) in sources or real(folder).is_relative_to(real(project.folder)):
            raise FileError(
                f"Got {folder}, where the images or the project lie; a mask would replace what is "
                "there: choose another folder."
            )
        planned.append(Planned(case_id, path, is_taken(path)))
    return planned


def export_mask(project: Project, planned: Planned) -> None:
    """Write one mask on the image's own grid, durably."""
    mask = shown_mask(project, planned.case_id)
    if mask is not None:
        geometry = project.read_image(planned.case_id).geometry
        write_labels(planned.path, project.labels.encode_mask(mask), geometry)
