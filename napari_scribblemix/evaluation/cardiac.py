"""What the heart measures: volumes in ml, ejection fraction, myocardial mass.

Volumes are counted voxels times the voxel volume, on the image's own grid; no contour is smoothed
and no slice is filled in.  End-diastole (ED) and end-systole (ES) are those that somebody chose,
else found by the names of the cases, and among numbered frames by the volume of the left ventricle.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.errors import InputError
from napari_scribblemix.evaluation.cycle import check_systole, find_extremes, is_cine, steady_slices

MYOCARDIAL_DENSITY = 1.05
"""g per ml; the value used in cardiac MR reporting."""

_PHASE = re.compile(r"^(?P<patient>.+?)[_-]?(?P<phase>ED|ES)$", re.IGNORECASE)
_FRAME = re.compile(r"^(?P<patient>.+?)_frame(?P<number>\d+)$", re.IGNORECASE)


# Volumes of two frames of the left ventricle that are so alike tell no phase alone.
_ALIKE = 0.1


@dataclass(frozen=True)
class Phases:
    """Two cases of one patient: end-diastole and end-systole; ``notes`` say what is odd."""

    patient: str
    ed: str
    es: str
    notes: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Chosen:
    """The frames of a patient's cine that a person took for ED and ES; ``None``: found out."""

    ed: int | None = None
    es: int | None = None


Phase = Literal["ED", "ES"]


def volumes_ml(
    labels: NDArray[np.integer], scheme: LabelScheme, voxel_volume_ml: float
) -> dict[str, float]:
    """Volume in ml of each structure, by name, without the background.

    ``labels`` are class indices of any shape; ``voxel_volume_ml`` as ``Geometry`` gives it.
    """
    counts = np.bincount(labels.ravel(), minlength=scheme.classes)
    return {
        name: float(counts[index]) * voxel_volume_ml
        for index, name in enumerate(scheme.names)
        if index > 0
    }


def slices_ml(
    labels: NDArray[np.integer], scheme: LabelScheme, voxel_volume_ml: float
) -> NDArray[np.float64]:
    """Volume in ml of the left ventricle in each slice of ``labels`` (Z, Y, X)."""
    left = scheme.find("left ventricle")
    if left is None:
        return np.zeros(len(labels))
    volumes: NDArray[np.float64] = (labels == left).sum(axis=(1, 2)) * voxel_volume_ml
    return volumes


def ejection_fraction(ed_ml: float, es_ml: float) -> float:
    """Share of the end-diastolic volume that is ejected, in percent; NaN without such a volume."""
    return 100.0 * (ed_ml - es_ml) / ed_ml if ed_ml > 0 else math.nan


def myocardial_mass(myocardium_ml: float) -> float:
    """Mass in g of a myocardial volume in ml (at end-diastole, by convention)."""
    return myocardium_ml * MYOCARDIAL_DENSITY


def frame_of(case: str) -> tuple[str, int] | None:
    """Patient and frame number of a case ``NAME_frameNN``; ``None`` for another name."""
    match = _FRAME.match(case)
    return (match["patient"], int(match["number"])) if match else None


def pair_phases(
    left_ventricle_ml: Mapping[str, float],
    right_ventricle_ml: Mapping[str, float] | None = None,
    *,
    slices_ml: Mapping[str, NDArray[np.floating]] | None = None,
    chosen: Mapping[str, Chosen] | None = None,
    trigger_ms: Mapping[str, Sequence[float]] | None = None,
    frames_of: Mapping[str, int] | None = None,
) -> list[Phases]:
    """The ED and ES cases among ``left_ventricle_ml`` (case name to volume), sorted by patient.

    ``NAME_ED`` goes with ``NAME_ES``.  Of the cases ``NAME_frameNN`` of a whole cine ED and ES are
    the extremes of the left ventricle's curve, see ``cycle``; of some frames (two in ACDC) the one
    with the largest left ventricle is ED, the one with the smallest ES, and both ventricles decide
    where two are alike.  Names that fit neither, and patients with one phase only, are left out.

    ``slices_ml`` are the volumes of the left ventricle by slice, by which a cine's phases are found
    where they are known; ``chosen``, ``trigger_ms`` (of each frame of the file, from 0) and
    ``frames_of`` (how many frames the file has) are by patient.  ``InputError`` for a chosen frame
    that is not there.
    """
    named: dict[str, dict[str, str]] = defaultdict(dict)
    frames: dict[str, dict[int, str]] = defaultdict(dict)
    for case in sorted(left_ventricle_ml):
        if match := _PHASE.match(case):
            named[match["patient"]][match["phase"].upper()] = case
        elif found := frame_of(case):
            frames[found[0]][found[1]] = case
    pairs = [Phases(p, c["ED"], c["ES"]) for p, c in named.items() if len(c) == 2]
    right = right_ventricle_ml or {}
    for patient, cases in frames.items():
        if len(cases) > 1:
            wanted = (chosen or {}).get(patient, Chosen())
            times, count = (trigger_ms or {}).get(patient), (frames_of or {}).get(patient)
            curve = _curve(cases, left_ventricle_ml, right, slices_ml or {}, count)
            pairs.append(_of_frames(patient, cases, curve, wanted, times, count))
    return sorted(pairs, key=lambda pair: pair.patient)


def _curve(
    cases: Mapping[int, str],
    left: Mapping[str, float],
    right: Mapping[str, float],
    slices: Mapping[str, NDArray[np.floating]],
    of: int | None,
) -> NDArray[np.float64]:
    """What tells the phases of the frames ``cases`` (number to name), in their order."""
    numbers = sorted(cases)
    volumes = np.array([left[cases[number]] for number in numbers])
    if len(numbers) == 2 and abs(volumes[0] - volumes[1]) < _ALIKE * volumes.max():
        return volumes + [right.get(cases[number], 0.0) for number in numbers]
    known = [slices[cases[number]] for number in numbers if cases[number] in slices]
    if (
        is_cine(numbers, of)
        and len(known) == len(numbers)
        and len({len(own) for own in known}) == 1
    ):
        return steady_slices(np.stack(known))
    return volumes


def _of_frames(
    patient: str,
    cases: Mapping[int, str],
    curve: NDArray[np.float64],
    wanted: Chosen,
    times: Sequence[float] | None,
    of: int | None,
) -> Phases:
    """The phases of one patient whose frames are ``cases`` (number to name)."""
    numbers = sorted(cases)
    for what, number in (("ED", wanted.ed), ("ES", wanted.es)):
        if number is not None and number not in cases:
            whole = is_cine(numbers)
            named = f"{numbers[0]} to {numbers[-1]}" if whole else ", ".join(map(str, numbers))
            raise InputError(
                f"Got frame {number} for {what} of {patient}; its masks are of the frames {named}: "
                "choose one of them."
            )
    here = None
    if times is not None and numbers[-1] < len(times):
        here = [times[number] for number in numbers]
    found = find_extremes(curve, numbers, here, of)
    ed = numbers[found.ed] if wanted.ed is None else wanted.ed
    es = numbers[found.es] if wanted.es is None else wanted.es
    if ed == es:
        raise InputError(f"Got frame {ed} of {patient} for both ED and ES; choose two frames.")
    notes = found.notes
    if wanted != Chosen() and is_cine(numbers, of):
        notes = check_systole(numbers.index(ed), numbers.index(es), len(numbers), here)
    elif None not in (wanted.ed, wanted.es):
        notes = ()
    return Phases(patient, cases[ed], cases[es], notes)


def phases_of(left_ventricle_ml: Mapping[str, float]) -> dict[str, Phase]:
    """The phase of each case of which it is known, by ``pair_phases`` or by its name alone."""
    known: dict[str, Phase] = {}
    for case in left_ventricle_ml:
        if match := _PHASE.match(case):
            known[case] = "ED" if match["phase"].upper() == "ED" else "ES"
    for pair in pair_phases(left_ventricle_ml):
        known[pair.ed], known[pair.es] = "ED", "ES"
    return known
