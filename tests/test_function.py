"""Measures of a patient from the volumes of two phases."""

from __future__ import annotations

import math

import pytest

from napari_scribblemix.evaluation.function import Body, measures, share_of_wall

ED = {"left ventricle": 150.0, "right ventricle": 160.0, "myocardium": 100.0}
ES = {"left ventricle": 60.0, "right ventricle": 80.0, "myocardium": 104.0}


def test_all_figures_of_two_phases() -> None:
    body = Body(180.0, 80.0, 60.0)
    found = {item.key: item for item in measures(ED, ES, 100.0, body)}
    assert {key: item.value for key, item in found.items()} == pytest.approx(
        {
            "lv_edv_ml": 150, "lv_esv_ml": 60, "lv_sv_ml": 90, "lv_ef": 60,
            "cardiac_output_l_min": 5.4, "rv_edv_ml": 160, "rv_esv_ml": 80, "rv_sv_ml": 80,
            "rv_ef": 50, "mass_g": 105,
        }
    )  # fmt: skip
    assert body.surface == pytest.approx(2.0)
    assert found["lv_edv_ml"].indexed == pytest.approx(75.0)
    assert found["cardiac_output_l_min"].indexed == pytest.approx(2.7)
    assert found["lv_ef"].indexed is None


def test_nothing_is_indexed_without_height_or_weight_and_no_output_without_a_rate() -> None:
    found = measures(ED, ES, 100.0, Body(height_cm=180.0))
    assert all(item.indexed is None for item in found)
    assert "cardiac_output_l_min" not in {item.key for item in found}


def test_masks_of_two_models_give_no_difference() -> None:
    keys = {item.key for item in measures(ED, ES, 100.0, Body(heart_rate=60), comparable=False)}
    assert keys == {"lv_edv_ml", "lv_esv_ml", "rv_edv_ml", "rv_esv_ml", "mass_g"}


def test_one_phase_gives_its_own_volumes() -> None:
    assert [m.key for m in measures(None, ES, None, Body())] == ["lv_esv_ml", "rv_esv_ml"]


def test_scar_is_a_share_of_the_whole_wall() -> None:
    volumes = {"myocardium": 70.0, "oedema": 20.0, "scar": 10.0}
    assert share_of_wall(volumes, "scar") == pytest.approx(10.0)
    assert share_of_wall(volumes, "oedema") == pytest.approx(20.0)
    assert share_of_wall({"myocardium": 70.0}, "scar") is None
    assert share_of_wall({"scar": 0.0}, "scar") is None


def test_an_empty_ventricle_has_no_fraction() -> None:
    found = {m.key: m.value for m in measures({"left ventricle": 0.0}, ES, None, Body())}
    assert math.isnan(found["lv_ef"])
