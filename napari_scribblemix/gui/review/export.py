"""The masks of a project as files for others.

Files that are there already are never written over unasked, and never what the project was made
from.  Whom to ask is the control's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.links import is_taken
from napari_scribblemix.project.exporting import MaskToExport, check_target, masks_of_project
from napari_scribblemix.project.mask_files import MaskWriter
from napari_scribblemix.project.project import Project


@dataclass(frozen=True)
class Planned:
    """A mask to export and whether its file is there already."""

    mask: MaskToExport
    path: Path
    there: bool


def plan_export(
    project: Project, case_ids: Sequence[str], folder: Path, writer: MaskWriter
) -> list[Planned]:
    """Where the masks go that there are; ``ProjectError`` without any.

    ``FileError`` or ``SettingsError`` at a source; ``FileError`` too if the format of ``writer``
    cannot be had for one of them.  Nothing is written yet.
    """
    masks = masks_of_project(project, case_ids)
    check_target(folder, project.source_files(), project)
    planned = []
    for mask in masks:
        writer.check(mask.name, mask.image)
        path = writer.path(folder, mask.name)
        planned.append(Planned(mask, path, is_taken(path)))
    return planned


def export_mask(planned: Planned, writer: MaskWriter) -> tuple[str, ...]:
    """Write one mask on the image's own grid, durably; returns what is to be told of it."""
    return writer.write(planned.path, planned.mask.read())
