"""The phases of one patient: which come after which, and which slice of one is where in another."""

from __future__ import annotations

import numpy as np

from napari_scribblemix.data.geometry import Geometry, states_a_place
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.project.patients import natural_key, same_heart
from napari_scribblemix.project.project import Project


def next_phase(project: Project, case_id: str, phases: tuple[str, str] | None = None) -> str:
    """The phase or frame of the same patient after ``case_id``; after the last comes the first.

    Where the cases of end-diastole and end-systole are known (``phases``), it is the one of them
    that is not shown, and end-diastole from all other frames.  ``ProjectError`` if the patient has
    no other.
    """
    of_patient = sorted((r.id for r in project.cases if same_heart(case_id, r.id)), key=natural_key)
    if len(of_patient) < 2:
        raise ProjectError(
            f"{case_id} is the only case of its patient; expected another phase beside it, as "
            "NAME_ED and NAME_ES or NAME_frame01 and NAME_frame12: open that too."
        )
    if phases is not None and set(phases) <= set(of_patient):
        return phases[1] if case_id == phases[0] else phases[0]
    return of_patient[(of_patient.index(case_id) + 1) % len(of_patient)]


def same_place(number: int, own: Geometry, other: Geometry) -> int:
    """The slice of ``other`` (from 0) nearest to the middle of the slice ``number`` of ``own``.

    By the place in the patient where both headers state one, else the same number; in any case one
    that ``other`` has.
    """
    return min(max(_number_at(number, own, other), 0), other.shape[0] - 1)


def slices_at(own: Geometry, other: Geometry) -> list[int | None]:
    """For each slice of ``own`` the one of ``other`` at the same place; ``None`` where none is."""
    found = (_number_at(number, own, other) for number in range(own.shape[0]))
    return [number if 0 <= number < other.shape[0] else None for number in found]


def _number_at(number: int, own: Geometry, other: Geometry) -> int:
    if states_a_place(own) and states_a_place(other):
        middle = (np.array((*own.file_shape, 1)[:3]) - 1) / 2
        middle[own.slice_axis] = number
        place = own.affine @ (*middle, 1.0)
        number = round(float((np.linalg.inv(other.affine) @ place)[other.slice_axis]))
    return number
