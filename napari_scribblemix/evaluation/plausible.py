"""Whether a mask can be that of a heart: what a look at the numbers alone would stumble over.

A line for a person to look into, never a verdict: what a diseased heart can look like is not
decided here.  The limits lie well beyond every mask of ACDC and MSCMRseg (patients with infarction,
dilated and hypertrophic hearts, large right ventricles) and beyond every stack of some of their
slices, basal or apical; a single slice may lack anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.evaluation.cardiac import ejection_fraction, volumes_ml

LEFT, RIGHT, WALL = "left ventricle", "right ventricle", "myocardium"

# Slices from which a stack counts as a heart or a good part of one, and the ml it has at least.
_LEAST_ML = ((6, 15.0), (3, 2.0))
_MOST_ML = 1800.0
# Slices with a right ventricle and wall, and the share of the wall that the cavity has at least.
_LEAST_CAVITY = ((6, 0.1), (3, 0.04))
# Slices with a heart from which on none of its structures can lie beyond them all.
_NOT_BEYOND = 6
# Both sides of the heart eject the same, but for leaks and shunts and the accuracy of masks.
_STROKE_RATIO = 3.0
_FRACTION_POINTS = 25.0


def _limit(table: tuple[tuple[int, float], ...], slices: int) -> float:
    """The limit for so many slices; 0, which nothing falls below, for fewer than any entry."""
    return next((limit for least, limit in table if slices >= least), 0.0)


def check_mask(labels: NDArray[np.integer], geometry: Geometry, scheme: LabelScheme) -> list[str]:
    """Lines on a full mask (Z, Y, X) of class indices; none where nothing is odd.

    ``geometry`` gives its spacing, ``scheme`` the names of its classes.
    """
    count = int(np.count_nonzero(labels))
    if not count:
        return ["The mask is empty: no structure was found in any slice."]
    volumes = volumes_ml(labels, scheme, geometry.voxel_volume_ml)
    total = sum(volumes.values())
    lines = []
    if total < _limit(_LEAST_ML, len(labels)):
        lines.append(
            f"All structures together have {total:.2g} ml ({count} voxels in {len(labels)} "
            "slices), too little for a heart: look at the mask, and at the spacing in the header."
        )
    elif total > _MOST_ML:
        lines.append(
            f"All structures together have {total:.0f} ml, too much for a heart: look at the mask, "
            "and at the spacing in the header."
        )
    return lines + _check_cavity(labels, volumes, scheme)


def check_prediction(
    labels: NDArray[np.integer], geometry: Geometry, scheme: LabelScheme
) -> list[str]:
    """As ``check_mask``, of a mask whose maker knows all structures: which of them are missing.

    Only where enough slices show the heart: of few of them a structure may lie beyond.
    """
    lines = check_mask(labels, geometry, scheme)
    if (labels > 0).any(axis=(1, 2)).sum() >= _NOT_BEYOND:
        lines += missing_structures(volumes_ml(labels, scheme, geometry.voxel_volume_ml))
    return lines


def missing_structures(volumes: Mapping[str, float]) -> list[str]:
    """A line for each structure of which a mask, by its volumes in ml, has nothing at all."""
    if not any(volumes.values()):
        return []
    return [
        f"The mask has no {name}: there are no figures of it."
        for name in (LEFT, RIGHT, WALL)
        if volumes.get(name) == 0
    ]


def _check_cavity(
    labels: NDArray[np.integer], volumes: Mapping[str, float], scheme: LabelScheme
) -> list[str]:
    if not {LEFT, RIGHT, WALL} <= set(scheme.names):
        return []
    right, wall = ((labels == scheme.index_of(name)).any(axis=(1, 2)) for name in (RIGHT, WALL))
    both = int((right & wall).sum())
    if volumes[LEFT] >= _limit(_LEAST_CAVITY, both) * volumes[WALL]:
        return []
    line = (
        f"Hardly any left ventricle ({volumes[LEFT]:.1f} ml) beside {volumes[WALL]:.0f} ml of "
        f"myocardium and {volumes[RIGHT]:.0f} ml of right ventricle: look at the mask."
    )
    return [line]


def check_phases(ed_ml: Mapping[str, float], es_ml: Mapping[str, float]) -> list[str]:
    """Lines on the volumes in ml, by structure, of one patient's end-diastole and end-systole."""
    strokes = {}
    lines = []
    for name in (LEFT, RIGHT):
        ed, es = ed_ml.get(name, 0.0), es_ml.get(name, 0.0)
        if ed <= 0 or es <= 0:
            continue  # a phase without it is told by its own mask
        strokes[name] = ed - es
        if es > ed:
            lines.append(
                f"The {name} is larger at end-systole ({es:.0f} ml) than at end-diastole "
                f"({ed:.0f} ml): look at both masks."
            )
    if len(strokes) < 2 or lines:
        return lines
    small, large = sorted(strokes.values())
    if large <= _STROKE_RATIO * small:
        return []
    shown = " and ".join(
        f"{ejection_fraction(ed_ml[name], es_ml[name]):.0f} % of the {name} ({stroke:.0f} ml)"
        for name, stroke in strokes.items()
    )
    return [f"Ejected: {shown}; the two differ more than threefold: look at both masks."]


def check_fraction(predicted_ef: float, reference_ef: float) -> list[str]:
    """A line if two ejection fractions of one ventricle, in percent, cannot both be right."""
    apart = abs(predicted_ef - reference_ef)
    if math.isnan(apart) or apart <= _FRACTION_POINTS:
        return []
    line = (
        f"The predicted ejection fraction is {predicted_ef:.0f} %, that of the reference "
        f"{reference_ef:.0f} %: look at the predicted masks."
    )
    return [line]
