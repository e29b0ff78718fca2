"""The frames of a patient's cine that have masks: their volumes, and the phases among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from napari_scribblemix.evaluation.cardiac import Phases, frame_of
from napari_scribblemix.evaluation.plausible import LEFT, RIGHT
from napari_scribblemix.project.chosen_phases import ChosenPhases

_LEAST = 3
"""Frames that are a curve."""


@dataclass(frozen=True)
class Cycle:
    """The frames of a patient that have a mask, and the phases among them.

    Attributes:
        patient: whose frames they are.
        cases: by the number of the frame, rising.
        volumes: in ml, by structure a value for each frame.
        ed: the number of the frame of end-diastole, chosen or found.
        es: that of end-systole.
        chosen: what a person chose.
        trigger_ms: when in the cycle each frame was taken, if that is known.
    """

    patient: str
    cases: Mapping[int, str]
    volumes: Mapping[str, tuple[float, ...]]
    ed: int
    es: int
    chosen: ChosenPhases
    trigger_ms: tuple[float, ...] | None


def cycle_of(
    patient: str,
    pairs: Sequence[Phases],
    volumes: Mapping[str, Mapping[str, float]],
    chosen: ChosenPhases,
    trigger_ms: Sequence[float] | None,
) -> Cycle | None:
    """The cycle of the patient's numbered frames; ``None`` with fewer than three.

    ``volumes`` in ml by case and structure; ``trigger_ms`` of each frame of the file, from 0.
    """
    numbered = {found[1]: case for case in volumes if (found := frame_of(case)) is not None}
    cases = dict(sorted(numbered.items()))
    ends = [frame_of(end) for pair in pairs[:1] for end in (pair.ed, pair.es)]
    ed, es = (end[1] if end is not None else None for end in ends) if ends else (None, None)
    if len(cases) < _LEAST or ed is None or es is None:
        return None
    curves = {name: tuple(volumes[case][name] for case in cases.values()) for name in (LEFT, RIGHT)}
    here = trigger_ms if trigger_ms is not None and max(cases) < len(trigger_ms) else None
    own = None if here is None else tuple(here[number] for number in cases)
    return Cycle(patient, cases, curves, ed, es, chosen, own)
