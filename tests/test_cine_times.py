"""Trigger times and heart rate from the file beside an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_scribblemix.data.cine_times import CineTimes, read_cine_times, shows_other_view


def beside(folder: Path, content: Any) -> Path:
    (folder / "a.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / "a.nii.gz"


def test_times_and_rate_are_read(tmp_path: Path) -> None:
    image = beside(tmp_path, {"trigger_ms": [0, 30.5, 61], "heart_rate": 72, "PatientName": "x"})
    assert read_cine_times(image, 3) == CineTimes((0.0, 30.5, 61.0), 72.0)


def test_height_and_weight_are_read_where_they_can_be(tmp_path: Path) -> None:
    found = read_cine_times(beside(tmp_path, {"height_cm": 180.0, "weight_kg": 80}), 3)
    assert (found.height_cm, found.weight_kg) == (180.0, 80.0)
    found = read_cine_times(beside(tmp_path, {"height_cm": 1.8, "weight_kg": None}), 3)
    assert (found.height_cm, found.weight_kg) == (None, None)


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ({"short_axis": False}, True),
        ({"short_axis": True}, False),
        ({"short_axis": 0}, False),
        ({}, False),
    ],
)
def test_another_view_is_known_where_it_is_said(
    tmp_path: Path, said: dict[str, object], other: bool
) -> None:
    assert shows_other_view(beside(tmp_path, said)) is other


@pytest.mark.parametrize(
    "content",
    ["{", "[1, 2]", {}, {"trigger_ms": [0, 1]}, {"trigger_ms": [0, "1", 2]}, {"trigger_ms": "012"},
     {"trigger_ms": [0, 1, True]}, {"heart_rate": 1e9}, {"heart_rate": "72"}, "[" * 100_000,
     '{"trigger_ms": [0, NaN, 1]}'],
)  # fmt: skip
def test_what_has_no_meaning_says_nothing(tmp_path: Path, content: Any) -> None:
    assert read_cine_times(beside(tmp_path, content), 3) == CineTimes()


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_cine_times(tmp_path / "a.nii.gz", 3) == CineTimes()
