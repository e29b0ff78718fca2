"""Predicted masks against reference masks, file by file.

Every figure is of one structure in one whole volume (3-D), on the reference's grid and spacing.
Pairing files with cases is the caller's (``project.label_pairs.pair_by_case``): this room stands on
``data`` alone, so that the GUI may use it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import LabelScheme, guess_scheme
from napari_scribblemix.data.limits import FINEST_MM, doubts
from napari_scribblemix.data.matching import TURNED, same_place, turned_onto
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.data.sides import EXCHANGED, sides_exchanged
from napari_scribblemix.errors import GeometryError, InputError, LabelError
from napari_scribblemix.evaluation.cardiac import (
    ejection_fraction,
    myocardial_mass,
    pair_phases,
    phases_of,
    volumes_ml,
)
from napari_scribblemix.evaluation.levels import LEVELS, heart_levels
from napari_scribblemix.evaluation.overlap import dice, surface_distances
from napari_scribblemix.evaluation.plausible import check_fraction, check_mask, check_phases
from napari_scribblemix.evaluation.report import Function, Note, Report, Row

Pair = tuple[str, Path, Path]

_ELSEWHERE = (
    "prediction and mask lie differently in space; compared voxel by voxel with the spacing of the "
    "mask."
)


def _values(paths: Sequence[Path]) -> set[int]:
    values: set[int] = set()
    for path in paths:
        values.update(np.unique(read_labels(path).array).tolist())
    return values


def _guess(pairs: Sequence[Pair]) -> tuple[LabelScheme, LabelScheme]:
    """The schemes of predictions and masks: one for both, if one knows all their values.

    Over all files, because one mask alone may lack the very class that tells schemes apart; so may
    all predictions, where a model missed the scar everywhere.
    """
    predicted = _values([pair[1] for pair in pairs])
    reference = _values([pair[2] for pair in pairs])
    try:
        both = guess_scheme(predicted | reference)
    except LabelError:
        return guess_scheme(predicted), guess_scheme(reference)
    return both, both


def measure(
    case: str,
    predicted: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    scheme: LabelScheme,
    geometry: Geometry,
) -> Iterator[Row]:
    """A row for each structure of two masks (Z, Y, X) of class indices on the grid ``geometry``.

    Their phases are not known yet (``as_report``).  ``GeometryError`` if the shapes differ.
    """
    predicted_ml = volumes_ml(predicted, scheme, geometry.voxel_volume_ml)
    reference_ml = volumes_ml(reference, scheme, geometry.voxel_volume_ml)
    levels = heart_levels(reference)
    for index, name in enumerate(scheme.names[1:], start=1):
        a, b = predicted == index, reference == index
        far = surface_distances(a, b, geometry.spacing)
        at_level = dict.fromkeys(LEVELS, math.nan)
        at_level |= {level: dice(a[slices], b[slices]) for level, slices in levels.items()}
        yield Row(
            case=case,
            structure=name,
            dice=dice(a, b),
            hd=far.hd,
            hd95=far.hd95,
            assd=far.assd,
            predicted_ml=predicted_ml[name],
            reference_ml=reference_ml[name],
            dice_basal=at_level["basal"],
            dice_mid=at_level["mid"],
            dice_apical=at_level["apical"],
        )


def as_report(rows: Sequence[Row], scheme: LabelScheme, notes: Sequence[Note] = ()) -> Report:
    """What the rows of all cases tell together: phases, cardiac function, means."""
    rows = list(_with_phases(rows))
    return Report(tuple(rows), scheme.names[1:], tuple(_functions(rows)), tuple(notes))


def _with_phases(rows: Sequence[Row]) -> Iterator[Row]:
    """``rows`` and the phases of their cases, which only all cases together tell."""
    left = {row.case: row.reference_ml for row in rows if row.structure == "left ventricle"}
    # A structure of another name tells no phase by its volume, but the name of the case still may.
    phases = phases_of(left or dict.fromkeys((row.case for row in rows), 0.0))
    for row in rows:
        yield replace(row, phase=phases.get(row.case, ""))


def _functions(rows: Sequence[Row]) -> Iterator[Function]:
    at = {(row.case, row.structure): row for row in rows}
    left, muscle = "left ventricle", "myocardium"
    phases = pair_phases({row.case: row.reference_ml for row in rows if row.structure == left})
    for phase in phases:
        for name in (left, "right ventricle"):
            if (phase.ed, name) not in at:
                continue
            ed, es = at[phase.ed, name], at[phase.es, name]
            # The mass belongs to the left ventricle's wall.
            wall = at.get((phase.ed, muscle)) if name == left else None
            yield Function(
                patient=phase.patient,
                ed=phase.ed,
                es=phase.es,
                structure=name,
                predicted_ef=ejection_fraction(ed.predicted_ml, es.predicted_ml),
                reference_ef=ejection_fraction(ed.reference_ml, es.reference_ml),
                predicted_mass=myocardial_mass(wall.predicted_ml) if wall else math.nan,
                reference_mass=myocardial_mass(wall.reference_ml) if wall else math.nan,
            )


def evaluate_pairs(pairs: Sequence[Pair], scheme: LabelScheme | None = None) -> Report:
    """Measure ``pairs`` of (case, predicted mask file, reference mask file).

    Without a ``scheme`` one is guessed from the values of all files, or, where none knows them all,
    one for each side, so that masks with 200, 500 and 600 compare with predictions of 1, 2 and 3.
    Raises ``InputError`` for no pair, ``LabelError`` if the sides name different structures,
    ``GeometryError`` (naming the case) if shapes differ; a different position or spacing is a note.
    """
    if not pairs:
        raise InputError("Got no case with both a prediction and a mask; compare matching folders.")
    predicted_scheme, scheme = (scheme, scheme) if scheme is not None else _guess(pairs)
    if predicted_scheme.names != scheme.names:
        raise LabelError(
            f"The predictions hold {', '.join(predicted_scheme.names[1:])} but the masks hold "
            f"{', '.join(scheme.names[1:])}; compare masks of the same structures."
        )
    rows: list[Row] = []
    notes: list[Note] = []
    for case, predicted_path, reference_path in pairs:
        predicted, reference = read_labels(predicted_path), read_labels(reference_path)
        geometry = reference.geometry
        notes += [Note(case, note) for note in reference.notes]
        turned = turned_onto(predicted, geometry)
        if turned is not None:
            predicted = turned
            notes.append(Note(case, f"The predicted labels {TURNED}."))
        elif not same_place(predicted.geometry, geometry):
            notes.append(Note(case, _ELSEWHERE))
        found = predicted_scheme.decode_mask(predicted.array, source=predicted_path.name)
        true = scheme.decode_mask(reference.array, source=reference_path.name)
        for path, labels in ((predicted_path, found), (reference_path, true)):
            if sides_exchanged(labels, scheme):
                notes.append(Note(case, f"{path.name}: {EXCHANGED}"))
        try:
            rows += measure(case, found, true, scheme, geometry)
        except GeometryError as error:
            raise GeometryError(f"{case}: {error}") from error
        # Masks may be cropped; what counts here is whether mm are mm.
        if max(geometry.spacing[1:]) < FINEST_MM:
            notes += [Note(case, text) for text in doubts(geometry.shape, geometry.spacing)]
        for side, mask in (("Prediction", found), ("Reference", true)):
            notes += [Note(case, f"{side}: {line}") for line in check_mask(mask, geometry, scheme)]
    report = as_report(rows, scheme, notes)
    return replace(report, notes=(*notes, *_phase_notes(report)))


def _phase_notes(report: Report) -> Iterator[Note]:
    """What is odd about the predicted phases of a patient taken together."""
    predicted: dict[str, dict[str, float]] = defaultdict(dict)
    for row in report.rows:
        predicted[row.case][row.structure] = row.predicted_ml
    for patient, ed, es in dict.fromkeys((f.patient, f.ed, f.es) for f in report.functions):
        for line in check_phases(predicted[ed], predicted[es]):
            yield Note(patient, f"Prediction: {line}")
    for item in report.functions:
        for line in check_fraction(item.predicted_ef, item.reference_ef):
            yield Note(item.patient, f"{item.structure}: {line}")
