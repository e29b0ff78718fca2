"""The case that a file belongs to, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.project.names import case_name


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
