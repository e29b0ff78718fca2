"""What can be made of the masks of a project: measures of the heart, and files for others.

A mask is the prediction of a case with the slices somebody accepted as they were accepted.  Files
that are there already are never written over unasked, and never an image.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.nifti import write_labels
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.evaluation.cardiac import (
    ejection_fraction,
    myocardial_mass,
    pair_phases,
    volumes_ml,
)
from napari_scribblemix.gui.open_case import OpenCase, shown_mask
from napari_scribblemix.project.project import Project

_PHASE = re.compile(r"[_-]?(ED|ES|frame\d+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Planned:
    """A mask to export and whether its file is there already."""

    case_id: str
    path: Path
    there: bool


def _siblings(project: Project, case_id: str) -> list[str]:
    """Cases of the same patient that have a mask, this one included."""
    patient = _PHASE.sub("", case_id)
    return [
        record.id
        for record in project.cases
        if _PHASE.sub("", record.id) == patient and project.prediction_path(record.id).is_file()
    ]


def _volumes(project: Project, case: OpenCase, other: str) -> dict[str, float]:
    if other == case.id and case.prediction is not None:
        geometry, mask = case.image.geometry, case.prediction
        return volumes_ml(mask, project.labels, geometry.voxel_volume_ml)
    found = shown_mask(project, other)
    if found is None:
        return {}
    geometry = project.read_image(other).geometry
    return volumes_ml(found, project.labels, geometry.voxel_volume_ml)


def _described(volumes: dict[str, float], scheme: LabelScheme) -> str:
    short = dict(zip(scheme.names, scheme.abbreviations or scheme.names, strict=True))
    return ", ".join(f"{short[name]} {value:.0f} ml" for name, value in volumes.items())


def measures(project: Project, case: OpenCase) -> list[str]:
    """Lines on the open case: its volumes, and what both phases of the patient give."""
    if case.prediction is None:
        return []
    scheme = project.labels
    of_cases = {other: _volumes(project, case, other) for other in _siblings(project, case.id)}
    lines = [f"Volumes: {_described(of_cases.get(case.id, {}), scheme)}."]
    names = {"left": "left ventricle", "right": "right ventricle", "wall": "myocardium"}
    if not set(names.values()) <= set(scheme.names):
        return lines
    left = {other: volumes.get(names["left"], 0.0) for other, volumes in of_cases.items()}
    for pair in pair_phases(left):
        ed, es = of_cases[pair.ed], of_cases[pair.es]
        fractions = [
            f"{side} EF {ejection_fraction(ed[names[key]], es[names[key]]):.0f} %"
            for side, key in (("LV", "left"), ("RV", "right"))
            if ed.get(names[key], 0.0) > 0
        ]
        mass = myocardial_mass(ed.get(names["wall"], 0.0))
        lines.append(
            f"{pair.patient} (ED {pair.ed}, ES {pair.es}): {', '.join(fractions)}, "
            f"myocardial mass {mass:.0f} g."
        )
    return lines


def plan_export(project: Project, case_ids: Sequence[str], folder: Path) -> list[Planned]:
    """Where the masks go that there are; ``ProjectError`` without any, ``FileError`` at an image.

    Nothing is written yet.
    """
    with_mask = [case_id for case_id in case_ids if project.prediction_path(case_id).is_file()]
    if not with_mask:
        raise ProjectError("There is no mask to export yet; train or segment first.")
    planned = []
    images = {project.image_path(record.id).resolve() for record in project.cases}
    for case_id in with_mask:
        path = folder / f"{case_id}.nii.gz"
        if path.resolve() in images or folder.resolve().is_relative_to(project.folder.resolve()):
            raise FileError(
                f"Got {folder}, where the images or the project lie; a mask would replace what is "
                "there: choose another folder."
            )
        planned.append(Planned(case_id, path, path.exists()))
    return planned


def export_mask(project: Project, planned: Planned) -> None:
    """Write one mask on the image's own grid, durably."""
    mask = shown_mask(project, planned.case_id)
    if mask is not None:
        geometry = project.read_image(planned.case_id).geometry
        write_labels(planned.path, project.labels.encode_mask(mask), geometry)
