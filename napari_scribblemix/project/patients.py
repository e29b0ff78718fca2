"""Whose case it is, by its name, and in which order names are shown."""

from __future__ import annotations

import re

_PHASE = re.compile(r"^(?P<patient>.+?)[_-]?(?P<phase>ED|ES|frame\d+)$", re.IGNORECASE)


def patient_and_phase(case_id: str) -> tuple[str, str]:
    """The patient a case is of, and which frame or phase it is; "" for a case that is no phase.

    ``NAME_ED`` and ``NAME_ES``, and ``NAME_frameNN`` of ACDC and of opened cines.
    """
    match = _PHASE.match(case_id)
    return (match["patient"], match["phase"]) if match else (case_id, "")


def frame_case(case_id: str, frame: int) -> str:
    """The name of the case that is one frame of a cine."""
    return f"{case_id}_frame{frame:02d}"


def other_frame(case_id: str, frame: int) -> str:
    """The name of another frame of the cine that ``case_id`` is a frame of, or of ``case_id``."""
    return frame_case(case_id.rpartition("_frame")[0] or case_id, frame)


def same_heart(case_id: str, other: str) -> bool:
    """Whether both are frames or phases of one patient; a case is its own, even if it is none."""
    (patient, phase), (theirs, its) = patient_and_phase(case_id), patient_and_phase(other)
    return case_id == other or bool(phase and its and patient == theirs)


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts names as people count: ``frame2`` before ``frame10``."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(p)) if p.isdecimal() else (1, p.casefold()) for p in parts)
