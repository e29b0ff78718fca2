"""What the masks of a project say of the heart: volumes, mass, ejection fraction.

A mask is the prediction of a case with the slices somebody accepted as they were accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.cine_times import OTHER_VIEW, read_cine_times, shows_other_view
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.data.nifti import read_geometry
from napari_scribblemix.errors import InputError, ProjectError
from napari_scribblemix.evaluation.cardiac import (
    Chosen,
    Phases,
    ejection_fraction,
    myocardial_mass,
    pair_phases,
    slices_ml,
    volumes_ml,
)
from napari_scribblemix.evaluation.plausible import check_phases, check_prediction
from napari_scribblemix.gui.state.case_states import Stamp, stamp
from napari_scribblemix.gui.state.cycle import Cycle, cycle_of
from napari_scribblemix.gui.state.open_case import (
    OpenCase,
    accepted_slices,
    corrected_slices,
)
from napari_scribblemix.project.chosen_phases import ChosenPhases, read_chosen_phases
from napari_scribblemix.project.patients import patient_and_phase, same_heart
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.provenance import Origin, comparison, origin_of

_NAMES = {"LV": "left ventricle", "RV": "right ventricle", "wall": "myocardium"}


def siblings(project: Project, case_id: str) -> list[str]:
    """Cases of the same patient that have a mask, this one included."""
    return [
        record.id
        for record in project.cases
        if same_heart(case_id, record.id) and project.prediction_path(record.id).is_file()
    ]


def _described(volumes: dict[str, float], scheme: LabelScheme) -> str:
    short = dict(zip(scheme.names, scheme.abbreviations or scheme.names, strict=True))
    return ", ".join(f"{short[name]} {value:.0f} ml" for name, value in volumes.items())


@dataclass(frozen=True)
class _Measured:
    """Volumes in ml by structure, of the left ventricle by slice, and who made the mask."""

    volumes: dict[str, float]
    origin: Origin
    slices: NDArray[np.floating]


@dataclass(frozen=True)
class Found:
    """What is shown of a case: lines, and its cycle where the patient has frames with masks."""

    lines: tuple[str, ...] = ()
    cycle: Cycle | None = None


class Measures:
    """Volumes and ejection fraction of the case on screen; remembers the other phases' volumes.

    A mask is measured again only when its files have changed: the case on screen gets a new one
    every few seconds while it is trained on.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, _Measured | None]] = {}

    def look(self, project: Project, case: OpenCase) -> Found:
        """Lines on ``case``, and the cycle that it is a frame of."""
        if case.prediction is None:
            return Found()
        scheme = project.labels
        voxel = case.image.geometry.voxel_volume_ml
        volumes = volumes_ml(case.prediction, scheme, voxel)
        of_slices = slices_ml(case.prediction, scheme, voxel)
        of_cases = {case.id: _Measured(volumes, origin_of_case(case), of_slices)}
        for other in siblings(project, case.id):
            if other != case.id and (found := self._measured(project, other)) is not None:
                of_cases[other] = found
        lines, cycle = [f"Volumes: {_described(volumes, scheme)}."], None
        if set(_NAMES.values()) <= set(scheme.names):
            more, cycle = _of_phases(project, case, of_cases)
            lines += more
        lines += check_prediction(case.prediction, case.image.geometry, scheme)
        if shows_other_view(project.image_path(case.id)):
            lines.append(OTHER_VIEW)
        return Found(tuple(lines), cycle)

    def volumes(self, project: Project, case_id: str) -> str:
        """The volumes of the mask of a case in a line; empty without a mask."""
        found = None
        if project.prediction_path(case_id).is_file():
            found = self._measured(project, case_id)
        if found is None:
            return ""
        return f"Volumes: {_described(found.volumes, project.labels)}."

    def _measured(self, project: Project, case_id: str) -> _Measured | None:
        path = project.prediction_path(case_id)
        now = stamp(
            path,
            path.with_name(f"{case_id}.json"),
            project.accepted_path(case_id),
            project.accepted_path(case_id).with_name(f"{case_id}.json"),
            project.corrected_path(case_id),
        )
        known = self._known.get(path)
        if known is None or known[0] != now:
            known = self._known[path] = (now, _measure(project, case_id))
        return known[1]


def _measure(project: Project, case_id: str) -> _Measured | None:
    found = project.read_prediction(case_id)
    if found is None:
        return None
    mask, record = found
    # The mask lies on the image's grid, so its header says how large a voxel is.
    voxel = read_geometry(project.prediction_path(case_id)).voxel_volume_ml
    origin = origin_of(
        record,
        accepted_slices(project, case_id),
        corrected_slices(project, case_id, mask.shape),
        len(mask),
    )
    volumes = volumes_ml(mask, project.labels, voxel)
    return _Measured(volumes, origin, slices_ml(mask, project.labels, voxel))


def origin_of_case(case: OpenCase) -> Origin:
    """Who made the mask of the case on screen."""
    return origin_of(case.origin, case.accepted, case.corrected, case.slices)


def _of_phases(
    project: Project, case: OpenCase, of_cases: Mapping[str, _Measured]
) -> tuple[list[str], Cycle | None]:
    """A line where both phases of the patient are there, and the cycle they are taken from."""
    patient, lines = patient_and_phase(case.id)[0], []
    chosen = ChosenPhases()
    try:
        chosen = read_chosen_phases(project).get(patient, chosen)
    except ProjectError as error:
        lines.append(str(error))
    times = read_cine_times(project.image_path(case.id), case.frames).trigger_ms
    frames = case.frames if case.frames > 1 else None
    try:
        pairs = _pairs(of_cases, patient, Chosen(chosen.ed, chosen.es), times, frames)
    except InputError as error:  # the mask of a chosen frame is gone, say
        lines.append(str(error))
        chosen = ChosenPhases()
        pairs = _pairs(of_cases, patient, Chosen(), times, frames)
    lines += [_phase_line(pair, of_cases[pair.ed], of_cases[pair.es]) for pair in pairs]
    volumes = {other: found.volumes for other, found in of_cases.items()}
    return lines, cycle_of(patient, pairs, volumes, chosen, times)


def _pairs(
    of_cases: Mapping[str, _Measured],
    patient: str,
    chosen: Chosen,
    times: tuple[float, ...] | None,
    frames: int | None,
) -> list[Phases]:
    left, right = (
        {other: found.volumes.get(_NAMES[side], 0.0) for other, found in of_cases.items()}
        for side in ("LV", "RV")
    )
    return pair_phases(
        left,
        right,
        slices_ml={other: found.slices for other, found in of_cases.items()},
        chosen={patient: chosen},
        trigger_ms={} if times is None else {patient: times},
        frames_of={} if frames is None else {patient: frames},
    )


def _phase_line(pair: Phases, ed: _Measured, es: _Measured) -> str:
    mass = f"myocardial mass {myocardial_mass(ed.volumes.get(_NAMES['wall'], 0.0)):.0f} g"
    allowed, told = comparison(ed.origin, es.origin, ("ED", "ES"))
    head = f"{pair.patient} (ED {pair.ed}, ES {pair.es})"
    if not allowed:
        return (
            f"{head}: no ejection fraction, because two models made the masks ({told}); make both "
            f"with one, by All. At ED {mass}."
        )
    fractions = [
        f"{side} EF {ejection_fraction(ed.volumes[_NAMES[side]], es.volumes[_NAMES[side]]):.0f} %"
        for side in ("LV", "RV")
        if ed.volumes.get(_NAMES[side], 0.0) > 0
    ]
    mark = f" Masks of different making: {told}." if told else ""
    odd = "".join(f" {line}" for line in (*pair.notes, *check_phases(ed.volumes, es.volumes)))
    return f"{head}: {', '.join([*fractions, mass])}.{mark}{odd}"
