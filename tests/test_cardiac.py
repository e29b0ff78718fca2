"""Volumes, ejection fraction, mass, and which cases are end-diastole and end-systole."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.evaluation.cardiac import (
    Phases,
    ejection_fraction,
    myocardial_mass,
    pair_phases,
    phases_of,
    volumes_ml,
)


def test_volumes_count_voxels_of_each_structure() -> None:
    labels = np.array([[[0, 1, 1], [2, 3, 3], [3, 3, 0]]], np.uint8)
    volumes = volumes_ml(labels, CARDIAC, voxel_volume_ml=0.02)
    assert list(volumes) == list(CARDIAC.names[1:])
    assert list(volumes.values()) == pytest.approx([0.04, 0.02, 0.08])


def test_an_absent_structure_has_volume_zero() -> None:
    assert set(volumes_ml(np.zeros((1, 2, 2), np.uint8), CARDIAC, 0.1).values()) == {0.0}


def test_ejection_fraction_is_in_percent_of_the_diastolic_volume() -> None:
    assert ejection_fraction(120.0, 48.0) == pytest.approx(60.0)


def test_ejection_fraction_needs_a_diastolic_volume() -> None:
    assert math.isnan(ejection_fraction(0.0, 0.0))


def test_mass_uses_the_density_of_myocardium() -> None:
    assert myocardial_mass(100.0) == pytest.approx(105.0)


def test_phases_are_paired_by_their_names_whatever_the_volumes() -> None:
    volumes = {"cine01_ES": 90.0, "cine01_ED": 40.0, "cine02-ed": 1.0, "cine02-es": 2.0}
    assert pair_phases(volumes) == [
        Phases("cine01", "cine01_ED", "cine01_ES"),
        Phases("cine02", "cine02-ed", "cine02-es"),
    ]


def test_of_numbered_frames_the_larger_left_ventricle_is_diastole() -> None:
    volumes = {"patient001_frame01": 50.0, "patient001_frame12": 110.0}
    assert pair_phases(volumes) == [
        Phases("patient001", "patient001_frame12", "patient001_frame01")
    ]


def test_of_a_whole_cine_the_largest_and_the_smallest_frame_are_taken() -> None:
    volumes = {f"a_frame{n:02d}": volume for n, volume in enumerate([80.0, 95.0, 40.0, 60.0])}
    assert pair_phases(volumes) == [Phases("a", "a_frame01", "a_frame02")]


def test_frames_of_equal_volume_still_give_two_cases() -> None:
    (pair,) = pair_phases({"a_frame01": 0.0, "a_frame02": 0.0})
    assert pair.ed != pair.es


def test_a_single_phase_and_other_names_are_left_out() -> None:
    assert pair_phases({"a_ED": 1.0, "b_frame01": 1.0, "subject7_DE": 1.0, "speed": 2.0}) == []


def test_a_case_has_the_phase_its_name_or_its_volume_tells() -> None:
    volumes = {"a_ED": 1.0, "b_frame01": 9.0, "b_frame07": 4.0, "b_frame20": 6.0, "lge7": 5.0}
    assert phases_of(volumes) == {"a_ED": "ED", "b_frame01": "ED", "b_frame07": "ES"}
