"""``evaluate``: predicted masks against reference masks, as tables, JSON or CSV."""

from __future__ import annotations

from rich.table import Table

from napari_scribblemix.cli.console import number, print_warning, results, table
from napari_scribblemix.evaluation.comparison import evaluate_pairs
from napari_scribblemix.evaluation.levels import LEVELS
from napari_scribblemix.evaluation.report import METRICS, Figure, Report
from napari_scribblemix.project.label_pairs import pair_by_case
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.settings import EvaluateSettings

_HEADINGS = ("Dice", "HD mm", "HD95 mm", "ASSD mm")
_DIGITS = {"dice": 3, "hd": 1, "hd95": 1, "assd": 2}


def _mean_sd(figure: Figure, digits: int) -> str:
    return f"{number(figure.mean, digits)} ± {number(figure.sd, digits)}"


def _summary_table(report: Report) -> Table:
    result = table("mean ± SD", *_HEADINGS, "cases", "missed", "invented", "absent")
    for summary in report.summaries():
        figures = [_mean_sd(getattr(summary, m), _DIGITS[m]) for m in METRICS]
        counts = (summary.dice.count, summary.missed, summary.invented, summary.absent)
        result.add_row(summary.structure, *figures, *map(str, counts))
    means = [number(report.mean(metric), _DIGITS[metric]) for metric in METRICS]
    result.add_row("all structures", *means, str(len(report.cases)), style="bold")
    return result


def _detail_table(report: Report) -> Table:
    result = table(
        "by phase and level", "phase", "cases", "median predicted/true ml",
        *(f"Dice {level}" for level in LEVELS), text_columns=2,
    )  # fmt: skip
    for item in report.details():
        dice = (item.dice_basal, item.dice_mid, item.dice_apical)
        figures = (number(item.volume_ratio, 2), *(number(figure.mean, 3) for figure in dice))
        result.add_row(item.structure, item.phase, str(item.cases), *figures)
    return result


def _case_table(report: Report) -> Table:
    result = table("case", "structure", *_HEADINGS, "volume ml", "reference ml", text_columns=2)
    for row in report.rows:
        figures = [number(getattr(row, m), _DIGITS[m]) for m in METRICS]
        volumes = (number(row.predicted_ml, 1), number(row.reference_ml, 1))
        result.add_row(row.case, row.structure, *figures, *volumes)
    return result


def _function_table(report: Report) -> Table:
    result = table(
        "patient", "ED", "ES", "structure", "EF %", "reference EF %", "mass g", "reference mass g",
        text_columns=4,
    )  # fmt: skip
    for item in report.functions:
        figures = (item.predicted_ef, item.reference_ef, item.predicted_mass, item.reference_mass)
        phases = (item.patient, item.ed, item.es, item.structure)
        result.add_row(*phases, *(number(figure, 1) for figure in figures))
    return result


def _ef_table(report: Report) -> Table:
    result = table("ejection fraction", "error ± SD, points", "patients")
    for name in dict.fromkeys(function.structure for function in report.functions):
        error = report.ef_error(name)
        result.add_row(name, _mean_sd(error, 1), str(error.count))
    return result


def run(settings: EvaluateSettings) -> None:
    """Pair the files, measure, print and write."""
    pairs, unmatched = pair_by_case(settings.predictions, settings.masks)
    report = evaluate_pairs(pairs)
    notes = NoteList()
    for note in report.notes:
        notes.add(note.case, [note.text])
    for line in (*unmatched, *notes.lines()):
        print_warning(line)
    tables = [_case_table(report)] if settings.per_case else []
    if report.functions:
        tables += [_function_table(report)] if settings.per_case else []
        tables.append(_ef_table(report))
    for item in (*tables, _detail_table(report), _summary_table(report)):
        results().print(item)
        results().print()
    if settings.json_file is not None:
        report.to_json(settings.json_file)
    if settings.csv_file is not None:
        report.to_csv(settings.csv_file)
