"""The case that a file belongs to, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.project.names import Holds, case_name, holds, suggested_case


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("patient001_frame01.nii.gz", "patient001_frame01"),
        ("patient001_frame01_scribble.nii.gz", "patient001_frame01"),
        ("patient001_frame01_gt.nii.gz", "patient001_frame01"),
        ("subject1_DE_manual.nii.gz", "subject1_DE"),
        ("myops_training_101_gd.nii.gz", "myops_training_101"),
        ("heart_labels.nii", "heart"),
        ("Heart_Mask.NII.GZ", "Heart"),
        ("heart_seg_scribbles.nii", "heart"),
        ("heart_image.nii.gz", "heart"),
        ("v1.2_scan.nii.gz", "v1.2_scan"),
        ("_mask.nii", "_mask"),
        ("label.nii", "label"),
    ],
)
def test_the_name_of_a_case_is_what_its_files_share(file: str, name: str) -> None:
    assert case_name(Path("folder") / file) == name


@given(
    st.text("abcxyz019", min_size=1, max_size=8),
    st.sampled_from(["", "_scribble", "_gt", "_manual", "_mask", "_label"]),
    st.sampled_from([".nii", ".nii.gz"]),
)
def test_endings_never_change_the_name(name: str, ending: str, suffix: str) -> None:
    assert case_name(Path(f"{name}{ending}{suffix}")) == name


@pytest.mark.parametrize(
    ("stem", "kind"),
    [
        ("P1", Holds.ANY),
        ("P1 (1)", Holds.ANY),
        ("P1_image", Holds.IMAGE),
        ("P1_scribble", Holds.SCRIBBLES),
        ("P1_gt", Holds.MASK),
        ("label_P1", Holds.LABELS),
        ("P1_seg", Holds.LABELS),
        ("P1-label", Holds.UNCLEAR),
        ("P1_scribble (1)", Holds.UNCLEAR),
        ("P1_gt - Copy (2)", Holds.UNCLEAR),
        ("P1_entropy", Holds.DERIVED),
        ("P1_probability_left_ventricle", Holds.DERIVED),
        ("relabel", Holds.ANY),
        ("scan_0000", Holds.ANY),
    ],
)
def test_a_name_says_what_the_file_holds(stem: str, kind: Holds) -> None:
    assert holds(stem) is kind


@pytest.mark.parametrize(
    "stem", ["P1-label", "P1.seg", "label_P1", "P1_scribble (1)", "P1_gt copy", "seg_P1", "P1"]
)
def test_the_suggested_name_is_that_of_the_image(stem: str) -> None:
    assert suggested_case(stem) == "P1"
