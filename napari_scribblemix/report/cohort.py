"""The table of all patients, and the table a person may give with what is known of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from napari_scribblemix.data.wording import shown
from napari_scribblemix.errors import FileError
from napari_scribblemix.evaluation.cardiac import Chosen
from napari_scribblemix.evaluation.function import Body
from napari_scribblemix.evaluation.wall import SEGMENTS
from napari_scribblemix.report.patient import SHARES, PatientReport, Wishes
from napari_scribblemix.settings.reports import HEART_RATE, HEIGHT_CM, WEIGHT_KG

_VOLUMES = tuple(f"{side}_{what}_ml" for side in ("lv", "rv") for what in ("edv", "esv", "sv"))
_KEYS = (
    *_VOLUMES[:3], "lv_ef", *_VOLUMES[3:], "rv_ef", "mass_g", "cardiac_output_l_min",
    "lv_ml", "rv_ml", "wall_ml",
)  # fmt: skip
_LARGEST_BYTES = 16 << 20
# A comma is one of numbers too in some languages, so tables there have a semicolon.
_SEPARATORS = (",", ";", "\t")
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

COLUMNS = {
    "height_cm": HEIGHT_CM,
    "weight_kg": WEIGHT_KG,
    "heart_rate": HEART_RATE,
    "ed": (0, 9999),
    "es": (0, 9999),
    "insertion": (0.0, 360.0),
}
"""Columns of the table of patients beside ``patient``, and what their values lie between."""


def _cell(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.4g}"


def safe_text(text: str) -> str:
    """``text`` that no spreadsheet takes for a formula."""
    text = shown(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(report: PatientReport) -> list[str]:
    found = {measure.key: measure for measure in report.measures}
    phases = report.phases
    row = [
        safe_text(report.patient),
        safe_text(phases.ed if phases else ""),
        safe_text(phases.es if phases else ""),
    ]
    for key in _KEYS:
        measure = found.get(key)
        row.append(_cell(measure.value if measure else None))
        if not key.endswith("ef"):
            row.append(_cell(measure.indexed if measure else None))
    row += [_cell(report.shares.get(name)) for name in SHARES]
    body = report.body
    row += [_cell(v) for v in (body.height_cm, body.weight_kg, body.surface, body.heart_rate)]
    thickness = report.wall.thickness if report.wall else (math.nan,) * len(SEGMENTS)
    row += [_cell(value) for value in thickness]
    return [*row, safe_text(" ".join(report.makers)), safe_text(" ".join(report.notes))]


def _header() -> list[str]:
    keys = [
        name for key in _KEYS for name in ([key] if key.endswith("ef") else [key, f"{key}_per_m2"])
    ]
    return [
        "patient", "ed", "es", *keys, *(f"{name}_percent_of_wall" for name in SHARES),
        "height_cm", "weight_kg", "body_surface_m2", "heart_rate",
        *(f"thickness_{number}_mm" for number in range(1, len(SEGMENTS) + 1)), "masks", "notes",
    ]  # fmt: skip


def cohort_csv(reports: Iterable[PatientReport]) -> str:
    """A line for each patient; empty where a figure does not exist."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_header())
    writer.writerows(_row(report) for report in reports)
    return buffer.getvalue()


def _number(text: str, column: str, patient: str, path: Path) -> float | None:
    if not text.strip():
        return None
    low, high = COLUMNS[column]
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    whole = not isinstance(low, int) or value == int(value) if math.isfinite(value) else False
    if not (low <= value <= high and whole):
        raise FileError(
            f"Got {column} {text[:20]!r} for {patient} in {path}; expected a number from {low} to "
            f"{high}: correct the table."
        )
    return value


def read_patients(path: Path) -> dict[str, Wishes]:
    """What a CSV says of patients: ``patient`` and any of ``COLUMNS``.

    ``FileError`` if it cannot be read, lacks the column ``patient`` or holds what cannot be.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise FileError(f"{path} is larger than 16 MB; expected a table of patients.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} could not be read ({error}); expected a CSV table.") from error
    head = text.partition("\n")[0]
    between = max(_SEPARATORS, key=head.count)
    rows = list(csv.DictReader(io.StringIO(text), delimiter=between, restval=""))
    columns: Sequence[str] = tuple(rows[0]) if rows else ()
    unknown = [name for name in columns if name not in ("patient", *COLUMNS)]
    if "patient" not in columns or unknown:
        got = ", ".join(str(name) for name in columns) or "no row"
        raise FileError(
            f"Got {path} with the columns {got[:80]}; expected patient and any of "
            f"{', '.join(COLUMNS)}."
        )
    return {row["patient"].strip(): _wishes(row, path) for row in rows}


def _wishes(row: Mapping[str, str], path: Path) -> Wishes:
    found = {name: _number(row.get(name) or "", name, row["patient"], path) for name in COLUMNS}
    ed, es = (None if found[name] is None else int(found[name] or 0) for name in ("ed", "es"))
    body = Body(found["height_cm"], found["weight_kg"], found["heart_rate"])
    return Wishes(body, Chosen(ed, es), found["insertion"])
