"""Evaluation of mask files: pairs of files in, figures out."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from napari_scribblemix.errors import GeometryError, InputError, LabelError
from napari_scribblemix.evaluation.comparison import evaluate_pairs

SPACING = (8.0, 1.5, 1.25)


def heart(radius: float = 4.0) -> NDArray[np.uint8]:
    y, x = np.mgrid[:24, :24]
    far = np.hypot(y - 12, x - 14)
    plane = np.zeros((24, 24), np.uint8)
    plane[np.hypot(y - 12, x - 4) < 3] = 1
    plane[far < radius + 3] = 2
    plane[far < radius] = 3
    return np.broadcast_to(plane, (3, 24, 24)).copy()


def write(path: Path, array: NDArray[np.generic], offset: float = 0.0) -> Path:
    affine = np.diag([*SPACING[::-1], 1.0])
    affine[:3, 3] = offset
    nibabel.save(nibabel.Nifti1Image(array.transpose(2, 1, 0), affine), path)
    return path


def test_equal_masks_agree_perfectly_and_their_volumes_are_in_ml(tmp_path: Path) -> None:
    mask = heart()
    path = write(tmp_path / "a.nii.gz", mask)
    report = evaluate_pairs([("a", path, path)])
    assert report.structures == ("right ventricle", "myocardium", "left ventricle")
    for index, row in enumerate(report.rows, start=1):
        assert (row.dice, row.hd, row.hd95, row.assd) == (1.0, 0.0, 0.0, 0.0)
        expected = np.count_nonzero(mask == index) * 8.0 * 1.5 * 1.25 / 1000
        assert row.predicted_ml == row.reference_ml == pytest.approx(expected)


def test_distances_are_in_mm_on_the_grid_of_the_file(tmp_path: Path) -> None:
    moved = write(tmp_path / "moved.nii.gz", np.roll(heart(), 2, axis=1))
    report = evaluate_pairs([("a", moved, write(tmp_path / "a.nii.gz", heart()))])
    assert {row.hd for row in report.rows} == {3.0}


def test_raw_label_values_compare_with_class_numbers(tmp_path: Path) -> None:
    raw = np.array([0, 600, 200, 500], np.int16)[heart()]
    pair = write(tmp_path / "p.nii.gz", heart()), write(tmp_path / "raw.nii.gz", raw)
    assert evaluate_pairs([("a", *pair)]).mean("dice") == 1.0


def test_the_scheme_is_guessed_from_all_files_together(tmp_path: Path) -> None:
    # A mask without any structure fits every scheme; its neighbour tells which one it is.
    raw = np.array([0, 600, 200, 500], np.int16)
    empty = write(tmp_path / "empty.nii.gz", np.zeros_like(raw[heart()]))
    full = write(tmp_path / "full.nii.gz", raw[heart()])
    prediction = write(tmp_path / "p.nii.gz", heart())
    report = evaluate_pairs([("a", prediction, empty), ("b", prediction, full)])
    assert [s.invented for s in report.summaries()] == [1, 1, 1]


def test_predictions_that_lack_a_structure_everywhere_are_still_compared(tmp_path: Path) -> None:
    # Without oedema and scar these predictions alone look like masks of another data set.
    values = np.array([0, 600, 200, 500], np.int16)[heart()]
    masks = values.copy()
    masks[:, 12, 8:10] = 2221
    masks[:, 13, 8:10] = 1220
    prediction, mask = write(tmp_path / "p.nii.gz", values), write(tmp_path / "m.nii.gz", masks)
    report = evaluate_pairs([("a", prediction, mask)])
    assert report.structures[-2:] == ("oedema", "scar")
    missed = {summary.structure: summary.missed for summary in report.summaries()}
    assert (missed["scar"], missed["left ventricle"]) == (1, 0)


def test_ejection_fraction_is_told_for_a_patient_with_both_phases(tmp_path: Path) -> None:
    ed, es = write(tmp_path / "ed.nii.gz", heart(6.0)), write(tmp_path / "es.nii.gz", heart(3.0))
    report = evaluate_pairs([("p_frame01", es, es), ("p_frame09", ed, ed)])
    left, right = report.functions
    volumes = [np.count_nonzero(heart(r) == 3) for r in (6.0, 3.0)]
    assert (left.ed, left.es, left.structure) == ("p_frame09", "p_frame01", "left ventricle")
    assert (
        left.predicted_ef == left.reference_ef == pytest.approx(100 * (1 - volumes[1] / volumes[0]))
    )
    muscle = np.count_nonzero(heart(6.0) == 2) * 8.0 * 1.5 * 1.25 / 1000
    assert left.reference_mass == pytest.approx(1.05 * muscle)
    assert (right.structure, right.ed) == ("right ventricle", "p_frame09")
    assert math.isnan(right.reference_mass)


def test_rows_know_phase_and_dice_of_each_level(tmp_path: Path) -> None:
    truth = np.concatenate([heart(r)[:2] for r in (6.0, 5.0, 3.0)])
    wrong = truth.copy()
    wrong[4:] = np.roll(wrong[4:], 5, axis=1)  # at the apex
    wrong[2:4][wrong[2:4] == 1] = 0  # no right ventricle in the middle
    mask, prediction = write(tmp_path / "m.nii.gz", truth), write(tmp_path / "p.nii.gz", wrong)
    turned = write(tmp_path / "t.nii.gz", truth[::-1]), write(tmp_path / "u.nii.gz", wrong[::-1])
    es = write(tmp_path / "es.nii.gz", heart(3.0))
    report = evaluate_pairs(
        [("p_frame01", prediction, mask), ("p_frame09", es, es), ("lge", turned[1], turned[0])]
    )
    ed = {row.structure: row for row in report.rows if row.case == "p_frame01"}
    assert {row.phase for row in ed.values()} == {"ED"}
    assert [row.phase for row in report.rows if row.case != "p_frame01"] == ["ES"] * 3 + [""] * 3
    assert {row.dice_basal for row in ed.values()} == {1.0}
    middle = [ed[name].dice_mid for name in report.structures]
    assert middle == [0.0, 1.0, 1.0]
    assert all(row.dice_apical < 0.8 for row in ed.values())
    for row in report.rows[-3:]:  # the same heart, stored from apex to base
        same = ed[row.structure]
        levels = (same.dice_basal, same.dice_mid, same.dice_apical)
        assert (row.dice_basal, row.dice_mid, row.dice_apical) == levels


def test_a_case_may_be_too_flat_for_levels(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii.gz", heart())
    (row, *_) = evaluate_pairs([("a_ES", path, path)]).rows
    assert row.phase == "ES"
    assert math.isnan(row.dice_basal)


def test_a_mask_that_lies_elsewhere_is_noted(tmp_path: Path) -> None:
    here, there = write(tmp_path / "a.nii.gz", heart()), write(tmp_path / "b.nii.gz", heart(), 30.0)
    report = evaluate_pairs([("x", there, here), ("y", here, here)])
    (note,) = report.notes
    assert note.case == "x"
    assert note.text.startswith("prediction and mask lie differently in space")


def test_another_shape_is_refused_with_the_name_of_the_case(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.nii.gz", heart()), write(tmp_path / "b.nii.gz", heart()[:2])
    with pytest.raises(
        GeometryError, match="case7: The prediction is 3 x 24 x 24 but the reference"
    ):
        evaluate_pairs([("case7", a, b)])


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(InputError, match="no case with both a prediction and a mask"):
        evaluate_pairs([])


def test_a_value_of_no_scheme_is_an_error(tmp_path: Path) -> None:
    odd = write(tmp_path / "a.nii.gz", heart() * 17)
    with pytest.raises(LabelError, match="51"):
        evaluate_pairs([("a", odd, odd)])
