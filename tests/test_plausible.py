"""What is told of odd masks, and that true ones and parts of them are let alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.evaluation.cardiac import pair_phases, volumes_ml
from napari_scribblemix.evaluation.plausible import (
    LEFT,
    RIGHT,
    check_fraction,
    check_mask,
    check_phases,
    check_prediction,
)

SHAPE = (8, 96, 96)
GEOMETRY = Geometry.from_affine(np.diag([1.5, 1.5, 8.0, 1.0]), SHAPE[::-1])


def heart() -> np.ndarray:
    y, x = np.mgrid[:96, :96]
    far = np.hypot(y - 48, x - 56)
    plane = np.zeros((96, 96), np.uint8)
    plane[np.hypot(y - 48, x - 34) < 14] = 1
    plane[far < 20] = 2
    plane[far < 14] = 3
    return np.broadcast_to(plane, SHAPE).copy()


def test_a_heart_is_let_alone() -> None:
    assert check_mask(heart(), GEOMETRY, CARDIAC) == []
    assert check_mask(heart(), GEOMETRY, MYOPS) == []


def test_an_empty_mask_is_told() -> None:
    (line,) = check_mask(np.zeros(SHAPE, np.uint8), GEOMETRY, CARDIAC)
    assert "empty" in line


def test_a_few_hundred_voxels_are_told_with_their_number() -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:5, 40:50, 40:50] = 2
    (line,) = check_mask(mask, GEOMETRY, CARDIAC)
    assert "5.4 ml (300 voxels in 8 slices), too little for a heart" in line


def test_a_chest_painted_over_is_told() -> None:
    geometry = Geometry.from_affine(np.diag([5.0, 5.0, 10.0, 1.0]), SHAPE[::-1])
    (line,) = check_mask(heart(), geometry, CARDIAC)
    assert "too much for a heart" in line


def test_a_wall_without_its_cavity_is_told() -> None:
    mask = heart()
    mask[mask == 3] = 2
    (line,) = check_mask(mask, GEOMETRY, CARDIAC)
    assert line.startswith("Hardly any left ventricle (0.0 ml) beside")


def test_structures_that_nobody_contours_are_not_missed() -> None:
    # Left ventricle and wall alone, as in Sunnybrook's masks.
    mask = heart()
    mask[mask == 1] = 0
    assert check_mask(mask, GEOMETRY, CARDIAC) == []


def test_a_model_that_finds_no_right_ventricle_is_told() -> None:
    mask = heart()
    mask[mask == 1] = 0
    (line,) = check_prediction(mask, GEOMETRY, CARDIAC)
    assert line == "The mask has no right ventricle: there are no figures of it."
    few = mask.copy()
    few[4:] = 0
    assert check_prediction(few, GEOMETRY, CARDIAC) == []
    assert check_prediction(heart(), GEOMETRY, CARDIAC) == []
    assert len(check_prediction(mask * 0, GEOMETRY, CARDIAC)) == 1


def test_phases_that_eject_unlike_are_told() -> None:
    (line,) = check_phases({LEFT: 120.0, RIGHT: 140.0}, {LEFT: 109.0, RIGHT: 60.0})
    assert "9 % of the left ventricle (11 ml) and 57 % of the right ventricle (80 ml)" in line
    assert check_phases({LEFT: 120.0, RIGHT: 140.0}, {LEFT: 60.0, RIGHT: 80.0}) == []
    # A right ventricle three times as large that ejects 7 % (ACDC has one).
    assert check_phases({LEFT: 49.3, RIGHT: 177.8}, {LEFT: 22.3, RIGHT: 165.1}) == []


def test_phases_in_the_wrong_order_are_told() -> None:
    (line,) = check_phases({LEFT: 60.0, RIGHT: 80.0}, {LEFT: 90.0, RIGHT: 70.0})
    assert "left ventricle is larger at end-systole (90 ml)" in line
    assert check_phases({LEFT: 60.0}, {}) == []


def test_ejection_fractions_far_apart_are_told() -> None:
    (line,) = check_fraction(9.0, 57.0)
    assert "9 %, that of the reference 57 %" in line
    assert check_fraction(45.0, 57.0) == []
    assert check_fraction(np.nan, 57.0) == []


@pytest.mark.slow
def test_no_true_mask_and_no_stack_of_its_slices_is_doubted(real_data: Path) -> None:
    volumes = {}
    paths = [*(real_data / "acdc/val/masks").iterdir(), *(real_data / "mscmr/val/masks").iterdir()]
    for path in sorted(paths):
        mask = read_labels(path)
        array, geometry = mask.array, mask.geometry
        volumes[path.name.partition("_gt")[0]] = volumes_ml(
            array, CARDIAC, geometry.voxel_volume_ml
        )
        for size in {1, 2, 3, 5, 6, len(array)}:
            for start in range(len(array) - size + 1):
                part = array[start : start + size]
                assert not part.any() or check_mask(part, geometry, CARDIAC) == []
    pairs = pair_phases({case: ml[LEFT] for case, ml in volumes.items()})
    assert len(pairs) == 15
    for pair in pairs:
        assert check_phases(volumes[pair.ed], volumes[pair.es]) == []
