"""What the heart measures: volumes in ml, ejection fraction, myocardial mass.

Volumes are counted voxels times the voxel volume, on the image's own grid; no contour is smoothed
and no slice is filled in.  End-diastole (ED) and end-systole (ES) are found by the names of the
cases, and among numbered frames by the volume of the left ventricle.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import LabelScheme

MYOCARDIAL_DENSITY = 1.05
"""g per ml; the value used in cardiac MR reporting."""

_PHASE = re.compile(r"^(?P<patient>.+?)[_-]?(?P<phase>ED|ES)$", re.IGNORECASE)
_FRAME = re.compile(r"^(?P<patient>.+?)_frame(?P<number>\d+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Phases:
    """Two cases of one patient: end-diastole and end-systole."""

    patient: str
    ed: str
    es: str


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


def ejection_fraction(ed_ml: float, es_ml: float) -> float:
    """Share of the end-diastolic volume that is ejected, in percent; NaN without such a volume."""
    return 100.0 * (ed_ml - es_ml) / ed_ml if ed_ml > 0 else math.nan


def myocardial_mass(myocardium_ml: float) -> float:
    """Mass in g of a myocardial volume in ml (at end-diastole, by convention)."""
    return myocardium_ml * MYOCARDIAL_DENSITY


def pair_phases(left_ventricle_ml: Mapping[str, float]) -> list[Phases]:
    """The ED and ES cases among ``left_ventricle_ml`` (case name to volume), sorted by patient.

    ``NAME_ED`` goes with ``NAME_ES``.  Of the cases ``NAME_frameNN`` (two in ACDC, all phases of a
    cine) the one with the largest left ventricle is ED, the one with the smallest ES.  Names that
    fit neither, and patients with one phase only, are left out.
    """
    named: dict[str, dict[str, str]] = defaultdict(dict)
    frames: dict[str, list[str]] = defaultdict(list)
    for case in sorted(left_ventricle_ml):
        if match := _PHASE.match(case):
            named[match["patient"]][match["phase"].upper()] = case
        elif match := _FRAME.match(case):
            frames[match["patient"]].append(case)
    pairs = [Phases(p, c["ED"], c["ES"]) for p, c in named.items() if len(c) == 2]
    for patient, cases in frames.items():
        if len(cases) > 1:
            largest = max(cases, key=lambda case: left_ventricle_ml[case])
            # The last of the smallest, so that equal volumes still give two different cases.
            smallest = min(reversed(cases), key=lambda case: left_ventricle_ml[case])
            pairs.append(Phases(patient, largest, smallest))
    return sorted(pairs, key=lambda pair: pair.patient)


def phases_of(left_ventricle_ml: Mapping[str, float]) -> dict[str, Phase]:
    """The phase of each case of which it is known, by ``pair_phases`` or by its name alone."""
    known: dict[str, Phase] = {}
    for case in left_ventricle_ml:
        if match := _PHASE.match(case):
            known[case] = "ED" if match["phase"].upper() == "ED" else "ES"
    for pair in pair_phases(left_ventricle_ml):
        known[pair.ed], known[pair.es] = "ED", "ES"
    return known
