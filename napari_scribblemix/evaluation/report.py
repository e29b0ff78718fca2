"""What an evaluation found: a row per case and structure, their means, and files of them.

Means are over cases; a figure that does not exist (NaN, see ``overlap``) takes no part in its mean,
and the summary says how many structures were missed (reference only), invented (prediction only) or
absent (neither).  The mean over structures is the mean of their means.  A ratio of volumes is the
median over the cases, because one case with hardly any of a structure would carry a mean.
``comparison`` measures the rows; nothing here reads an image.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from napari_scribblemix.data.durable import atomic_write

PHASES = ("ED", "ES")
METRICS = ("dice", "hd", "hd95", "assd")


@dataclass(frozen=True)
class Row:
    """One structure of one case: Dice 0-1, distances in mm, volumes in ml.

    ``phase`` is ED, ES or, where it is not known, empty; for the levels see ``levels``.
    """

    case: str
    structure: str
    dice: float
    hd: float
    hd95: float
    assd: float
    predicted_ml: float
    reference_ml: float
    phase: str = ""
    dice_basal: float = math.nan
    dice_mid: float = math.nan
    dice_apical: float = math.nan

    @property
    def volume_ratio(self) -> float:
        """Predicted over true volume; NaN where the reference has none of the structure."""
        return self.predicted_ml / self.reference_ml if self.reference_ml > 0 else math.nan


@dataclass(frozen=True)
class Figure:
    """Mean and sample standard deviation over ``count`` cases; NaN where there are too few."""

    mean: float
    sd: float
    count: int


@dataclass(frozen=True)
class Summary:
    """One structure over all cases."""

    structure: str
    dice: Figure
    hd: Figure
    hd95: Figure
    assd: Figure
    missed: int
    invented: int
    absent: int


@dataclass(frozen=True)
class Detail:
    """One structure in one phase, or in all cases (``phase`` is "all").

    ``volume_ratio`` is the median over ``cases`` of predicted over true volume.
    """

    structure: str
    phase: str
    cases: int
    volume_ratio: float
    dice_basal: Figure
    dice_mid: Figure
    dice_apical: Figure


@dataclass(frozen=True)
class Function:
    """Cardiac function of one patient, predicted and of the reference: EF in percent, mass in g."""

    patient: str
    ed: str
    es: str
    structure: str
    predicted_ef: float
    reference_ef: float
    predicted_mass: float
    reference_mass: float


@dataclass(frozen=True)
class Note:
    """What was noticed about the files of a case."""

    case: str
    text: str


@dataclass(frozen=True)
class Report:
    """All that was measured, and what was noticed on the way."""

    rows: tuple[Row, ...]
    structures: tuple[str, ...]
    functions: tuple[Function, ...]
    notes: tuple[Note, ...]

    @property
    def cases(self) -> tuple[str, ...]:
        """The names of the cases, in the order they were measured."""
        return tuple(dict.fromkeys(row.case for row in self.rows))

    def summaries(self) -> list[Summary]:
        """One ``Summary`` a structure, in the order of the label scheme."""
        return [
            _summarise(name, [row for row in self.rows if row.structure == name])
            for name in self.structures
        ]

    def details(self) -> list[Detail]:
        """By structure: ED, ES (as far as there are any) and all cases."""
        known = [phase for phase in PHASES if any(row.phase == phase for row in self.rows)]
        return [
            _detail(name, phase, [row for row in self.rows if row.structure == name])
            for name in self.structures
            for phase in (*known, "all")
        ]

    def mean(self, metric: str) -> float:
        """Mean over the structures of their mean ``metric``; NaN if none exists."""
        means = [getattr(summary, metric).mean for summary in self.summaries()]
        return _figure(means).mean

    def ef_error(self, structure: str) -> Figure:
        """Predicted minus reference ejection fraction of a ventricle, in percentage points."""
        return _figure(
            function.predicted_ef - function.reference_ef
            for function in self.functions
            if function.structure == structure
        )

    def to_csv(self, path: Path) -> None:
        """Write the rows as CSV; a figure that does not exist is an empty cell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([field.name for field in fields(Row)])
        for row in self.rows:
            writer.writerow([_null(value, "") for value in asdict(row).values()])
        atomic_write(path, text.getvalue().encode())

    def to_json(self, path: Path) -> None:
        """Write everything as JSON; a figure that does not exist is ``null``."""
        content = {
            "cases": len(self.cases),
            "mean": {metric: self.mean(metric) for metric in METRICS},
            "structures": [asdict(summary) for summary in self.summaries()],
            "details": [asdict(detail) for detail in self.details()],
            "rows": [asdict(row) for row in self.rows],
            "ef_error": {
                name: asdict(self.ef_error(name))
                for name in dict.fromkeys(function.structure for function in self.functions)
            },
            "function": [asdict(function) for function in self.functions],
            "notes": [asdict(note) for note in self.notes],
        }
        atomic_write(path, json.dumps(_without_nan(content), indent=2).encode())


def _null(value: object, replacement: object) -> object:
    return replacement if isinstance(value, float) and math.isnan(value) else value


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return _null(value, None)


def _figure(values: Iterable[float]) -> Figure:
    known = np.array([value for value in values if not math.isnan(value)])
    return Figure(
        mean=float(known.mean()) if len(known) else math.nan,
        sd=float(known.std(ddof=1)) if len(known) > 1 else math.nan,
        count=len(known),
    )


def _summarise(structure: str, rows: Sequence[Row]) -> Summary:
    figures = {metric: _figure(getattr(row, metric) for row in rows) for metric in METRICS}
    there = [(row.predicted_ml > 0, row.reference_ml > 0) for row in rows]
    return Summary(
        structure,
        **figures,
        missed=there.count((False, True)),
        invented=there.count((True, False)),
        absent=there.count((False, False)),
    )


def _detail(structure: str, phase: str, rows: Sequence[Row]) -> Detail:
    rows = [row for row in rows if phase in (row.phase, "all")]
    ratios = [row.volume_ratio for row in rows if row.reference_ml > 0]
    return Detail(
        structure,
        phase,
        cases=len(ratios),
        volume_ratio=float(np.median(ratios)) if ratios else math.nan,
        dice_basal=_figure(row.dice_basal for row in rows),
        dice_mid=_figure(row.dice_mid for row in rows),
        dice_apical=_figure(row.dice_apical for row in rows),
    )
