"""Masks that cannot be measured: their patient is left out, in words that name the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from report_of_hearts import cine, heart, picture, run, table

from phantoms import write_file

__all__ = ["cine"]


def fewer_slices(path: Path) -> None:
    write_file(path, heart(20)[:-2])


def larger_voxels(path: Path) -> None:
    stored = nibabel.load(path)
    affine = np.diag([1.6, 1.6, 8.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(np.asarray(stored.dataobj), affine), path)


def a_value_of_no_scheme(path: Path) -> None:
    mask = heart(20)
    mask[2, 0, 0] = 9
    write_file(path, mask)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (fewer_slices, "has another grid than its image (6 x 64 x 64 voxels"),
        (larger_voxels, "has another grid than its image (8 x 64 x 64 voxels of 20.5 mm"),
        (a_value_of_no_scheme, "Got the label values 0, 1, 2, 3, 9"),
    ],
)
def test_it_is_named_and_the_other_patient_gets_a_page(
    cine: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    for name, radius in (("b_ED", 20), ("b_ES", 14)):
        write_file(cine / "masks" / f"{name}.nii.gz", heart(radius))
        write_file(cine / "images" / f"{name}.nii.gz", picture(heart(radius)))
    spoil(cine / "masks" / "a_frame05.nii.gz")
    code = run(cine / "masks", "--images", cine / "images", "--output", cine / "out")
    told = " ".join(capsys.readouterr().err.split())
    assert code == 1
    assert "a is left out: a_frame05.nii.gz" in told
    assert words in told
    assert [row["patient"] for row in table(cine / "out")] == ["b"]


def test_working_copies_of_images_are_no_masks(
    cine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for mask in (cine / "masks").iterdir():
        mask.unlink()
    (cine / "masks").rmdir()
    assert run(cine, "--output", cine.parent / "out") == 2
    assert "without a mask" in capsys.readouterr().err
