"""Means, counts and files of an evaluation, from rows made by hand."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from napari_scribblemix.evaluation.report import Function, Note, Report, Row

NAN = math.nan


def row(case: str, structure: str, dice: float, predicted_ml: float, reference_ml: float) -> Row:
    known = predicted_ml > 0 and reference_ml > 0
    hd = 10.0 * (1 - dice) if known else NAN
    return Row(case, structure, dice, hd, hd / 2, hd / 4, predicted_ml, reference_ml)


REPORT = Report(
    rows=(
        row("a", "one", 0.8, 10, 10),
        row("a", "two", NAN, 0, 0),
        row("b", "one", 0.6, 10, 10),
        row("b", "two", 0.0, 0, 5),
        row("c", "one", 0.0, 3, 0),
        row("c", "two", 0.9, 5, 5),
    ),
    structures=("one", "two"),
    functions=(
        Function("p", "a", "b", "one", 60.0, 50.0, 90.0, 100.0),
        Function("q", "c", "d", "one", 40.0, 44.0, 90.0, 100.0),
        Function("q", "c", "d", "two", NAN, 44.0, NAN, NAN),
    ),
    notes=(Note("a", "a note"),),
)


def test_dice_counts_missed_structures_as_zero_and_leaves_absent_ones_out() -> None:
    one, two = REPORT.summaries()
    assert one.dice.mean == pytest.approx((0.8 + 0.6 + 0.0) / 3)
    assert one.dice.sd == pytest.approx(0.416333, abs=1e-6)
    assert (two.dice.mean, two.dice.count) == (pytest.approx(0.45), 2)


def test_distances_are_means_over_the_cases_that_have_them() -> None:
    one, two = REPORT.summaries()
    assert (one.hd.mean, one.hd.count) == (pytest.approx(3.0), 2)
    assert (two.hd.mean, two.hd.count) == (pytest.approx(1.0), 1)
    assert math.isnan(two.hd.sd)


def test_missed_invented_and_absent_structures_are_counted() -> None:
    one, two = REPORT.summaries()
    assert (one.missed, one.invented, one.absent) == (0, 1, 0)
    assert (two.missed, two.invented, two.absent) == (1, 0, 1)


def test_the_mean_over_structures_is_the_mean_of_their_means() -> None:
    assert REPORT.mean("dice") == pytest.approx((1.4 / 3 + 0.45) / 2)


def details() -> Report:
    """Ratios 1.2, 1.4, 9 and (missed) 0 at ED, 0.5 at ES; one case without the structure."""
    volumes = {"a": 12, "b": 14, "c": 90, "d": 0, "e": 5, "f": 3}
    rows = tuple(
        Row(
            case, "one", 0.5, NAN, NAN, NAN, ml, 0 if case == "f" else 10,
            phase={"e": "ES", "f": ""}.get(case, "ED"), dice_basal=ml / 100,
            dice_apical=0.25 if case == "e" else NAN,
        )
        for case, ml in volumes.items()
    )  # fmt: skip
    return Report(rows, ("one",), (), ())


def test_volume_ratios_are_medians_of_each_phase_and_of_all_cases() -> None:
    ed, es, every = details().details()
    assert [(d.structure, d.phase, d.cases) for d in (ed, es, every)] == [
        ("one", "ED", 4),
        ("one", "ES", 1),
        ("one", "all", 5),
    ]
    assert ed.volume_ratio == pytest.approx(1.3)
    assert es.volume_ratio == pytest.approx(0.5)
    assert every.volume_ratio == pytest.approx(1.2)


def test_dice_of_a_level_is_a_mean_over_the_cases_that_have_it() -> None:
    ed, es, every = details().details()
    assert ed.dice_basal.mean == pytest.approx((0.12 + 0.14 + 0.9 + 0.0) / 4)
    assert (es.dice_apical.mean, every.dice_apical.count) == (0.25, 1)
    assert math.isnan(ed.dice_apical.mean)
    assert math.isnan(every.dice_mid.mean)


def test_without_phases_there_is_one_detail_a_structure() -> None:
    assert [(d.structure, d.phase) for d in REPORT.details()] == [("one", "all"), ("two", "all")]


def test_cases_keep_their_order() -> None:
    assert REPORT.cases == ("a", "b", "c")


def test_csv_leaves_a_cell_empty_where_there_is_no_figure(tmp_path: Path) -> None:
    REPORT.to_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert rows[0]["dice"] == "0.8"
    assert (rows[1]["case"], rows[1]["dice"], rows[1]["hd95"]) == ("a", "", "")


def test_json_is_strict_and_holds_null_where_there_is_no_figure(tmp_path: Path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    REPORT.to_json(tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text()
    content = json.loads(text, parse_constant=refuse)
    assert content["cases"] == 3
    assert content["rows"][1]["dice"] is None
    assert content["structures"][0]["dice"]["mean"] == pytest.approx(1.4 / 3)
    assert content["notes"] == [{"case": "a", "text": "a note"}]
    first = content["details"][0]
    assert (first["structure"], first["phase"], first["volume_ratio"]) == ("one", "all", 1.0)
    assert first["dice_mid"] == {"mean": None, "sd": None, "count": 0}
    assert content["ef_error"]["one"] == {"mean": 3.0, "sd": pytest.approx(9.899495), "count": 2}


def test_the_error_of_ejection_fraction_is_signed_and_skips_what_does_not_exist() -> None:
    assert REPORT.ef_error("one").mean == pytest.approx(3.0)
    assert REPORT.ef_error("two").count == 0
