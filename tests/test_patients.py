"""Patients and phases of cases, and the order of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.project.patients import natural_key, patient_and_phase, same_heart


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("patient001_frame01", ("patient001", "frame01")),
        ("cine01_ED", ("cine01", "ED")),
        ("P0_sa_es", ("P0_sa", "es")),
        ("volunteer", ("volunteer", "")),
        ("ED", ("ED", "")),
        ("frame03", ("frame03", "")),
    ],
)
def test_patient_and_phase_are_told_from_the_name(case: str, expected: tuple[str, str]) -> None:
    assert patient_and_phase(case) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("p1_ED", "p1_es", True),
        ("p1_frame01", "p1_frame12", True),
        ("p1_ED", "p2_ES", False),
        ("volunteer", "volunteer", True),
        ("volunteer", "volunteer_ES", False),
    ],
)
def test_frames_of_one_patient_are_of_one_heart(one: str, other: str, same: bool) -> None:
    assert same_heart(one, other) is same
    assert same_heart(other, one) is same


def test_names_are_sorted_as_people_count() -> None:
    names = ["p10", "p2_frame12", "P2_frame4", "p1", "2", "a"]
    assert sorted(names, key=natural_key) == ["2", "a", "p1", "P2_frame4", "p2_frame12", "p10"]


@given(st.lists(st.text(max_size=12)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert sorted(sorted(names, key=natural_key)) == sorted(names)
