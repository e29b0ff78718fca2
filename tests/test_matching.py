"""Labels that a program saved turned come back onto the image; wrong headers change nothing."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nibabel.orientations import apply_orientation, inv_ornt_aff

from napari_scribblemix.data.geometry import PIXDIM_NOTE, Geometry
from napari_scribblemix.data.matching import TURNED, onto_grid, turned_onto
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import GeometryError
from napari_scribblemix.evaluation.comparison import evaluate_pairs
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from phantoms import draw, make_project, write_file

AFFINE = np.array(
    [[-1.2, 0.3, 1.0, 5.0], [0.2, 1.4, -2.0, 7.0], [0.1, 0.2, 8.0, -9.0], [0, 0, 0, 1.0]]
)
SHAPE = (7, 6, 5)
VALUES = np.random.default_rng(0).integers(0, 5, SHAPE).astype(np.uint8)


def volume(array: np.ndarray, affine: np.ndarray = AFFINE) -> Volume:
    geometry = Geometry.from_affine(affine, array.shape)
    return Volume(geometry.from_file(array), geometry)


def reoriented(array: np.ndarray, affine: np.ndarray, axes, flips) -> tuple:
    turn = np.column_stack([axes, flips]).astype(float)
    return apply_orientation(array, turn), affine @ inv_ornt_aff(turn, array.shape)


def save_turned(path: Path, axes=(0, 1, 2), flips=(-1, 1, 1)) -> None:
    image = nibabel.load(path)
    array, affine = reoriented(np.asarray(image.dataobj), image.affine, axes, flips)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array), affine), path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=48)
@given(st.permutations([0, 1, 2]), st.tuples(*[st.sampled_from([1, -1])] * 3))
def test_every_order_of_axes_comes_back_voxel_by_voxel(axes, flips) -> None:
    image = volume(VALUES)
    labels = volume(*reoriented(VALUES, AFFINE, axes, flips))
    placed, notes = onto_grid(labels, image.geometry, "Scribbles", "a.nii.gz")
    np.testing.assert_array_equal(placed.array, image.array)
    as_stored = (tuple(axes), tuple(flips)) == ((0, 1, 2), (1, 1, 1))
    assert notes == ([] if as_stored else [f"Scribbles {TURNED}."])


def test_a_mirrored_header_whose_voxels_lie_elsewhere_is_matched_by_shape() -> None:
    image = volume(VALUES)
    moved = AFFINE @ np.diag([-1.0, 1, 1, 1])  # the origin stays: half a box further
    placed, notes = onto_grid(volume(VALUES, moved), image.geometry, "Scribbles", "a")
    np.testing.assert_array_equal(placed.array, image.array)
    assert "matched voxel by voxel" in notes[0]
    assert turned_onto(volume(VALUES, moved), image.geometry) is None


def test_a_header_that_states_no_place_turns_nothing(tmp_path: Path) -> None:
    # As ACDC has them: the identity as sform, the spacing in pixdim.
    image = nibabel.Nifti1Image(VALUES, np.diag([1.0, 1, 1, 1]))
    image.header["pixdim"][1:4] = (1.5, 1.5, 8)
    image.header["vox_offset"] = 352
    image.header["scl_slope"], image.header["scl_inter"] = 1, 0
    data = image.header.binaryblock + bytes(4) + VALUES.tobytes(order="F")
    (tmp_path / "image.nii").write_bytes(data)
    acdc = read_labels(tmp_path / "image.nii")
    assert acdc.notes == (PIXDIM_NOTE,)
    mirrored = np.diag([-1.5, 1.5, 8, 1])
    mirrored[0, 3] = 1.5 * (SHAPE[0] - 1)
    placed, _ = onto_grid(volume(VALUES, mirrored), acdc.geometry, "Scribbles", "a")
    np.testing.assert_array_equal(placed.array, acdc.array)


def test_shapes_that_differ_are_never_shown_alike() -> None:
    image = volume(VALUES, np.diag([1.5, 1.5, 8, 1]))
    labels = volume(np.zeros((7, 5, 6), np.uint8), np.diag([1.5, 8, 1.5, 1]))
    assert labels.geometry.shape == image.geometry.shape
    with pytest.raises(GeometryError, match=r"a\.nii: .*7 x 5 x 6 \(axes .*7 x 6 x 5 \(axes"):
        onto_grid(labels, image.geometry, "Scribbles", "a.nii")


@pytest.mark.parametrize(("image", "labels"), [((7, 6), (7, 6, 1)), ((7, 6, 1), (7, 6))])
def test_a_flat_file_and_a_single_slice_are_the_same_pixels(image, labels) -> None:
    target = volume(VALUES[..., 0].reshape(image)).geometry
    placed, notes = onto_grid(volume(VALUES[..., 0].reshape(labels)), target, "Scribbles", "a")
    np.testing.assert_array_equal(placed.array[0], VALUES[..., 0].T)
    assert notes == []


def test_a_case_with_turned_scribbles_and_masks_is_read_as_drawn(tmp_path: Path) -> None:
    image, mask, strokes = draw(0)
    paths = {name: tmp_path / f"{name}.nii.gz" for name in ("image", "scribble", "mask")}
    stored = {"image": image, "scribble": np.where(strokes == 255, 4, strokes), "mask": mask}
    for name, path in paths.items():
        write_file(path, stored[name])
    save_turned(paths["scribble"], axes=(0, 2, 1), flips=(1, 1, -1))
    save_turned(paths["mask"])
    case = load_case(CaseFiles("heart", **paths))
    assert case.scribble is not None
    np.testing.assert_array_equal(case.scribble, strokes)
    np.testing.assert_array_equal(case.mask, mask)
    assert sum(TURNED in note for note in case.notes) == 2


def test_evaluate_turns_a_prediction_onto_the_mask(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_file(tmp_path / f"{name}.nii.gz", draw(0)[1])
    save_turned(tmp_path / "a.nii.gz")
    report = evaluate_pairs([("heart", tmp_path / "a.nii.gz", tmp_path / "b.nii.gz")])
    assert report.mean("dice") == 1.0
    assert any(TURNED in note.text for note in report.notes)


def test_files_of_a_project_that_were_saved_turned_are_read_as_they_were(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        volume = project.read_image("case00")
        project.write_prediction("case00", draw(0)[1], volume.geometry, {})
        project.write_review("case00", [1], "R")
        before = project.read_scribble("case00", volume.geometry), project.read_accepted("case00")
        for path in (
            project.scribble_path("case00"),
            project.prediction_path("case00"),
            project.accepted_path("case00"),
        ):
            save_turned(path)
        np.testing.assert_array_equal(project.read_scribble("case00", volume.geometry), before[0])
        np.testing.assert_array_equal(project.read_accepted("case00"), before[1])
        np.testing.assert_array_equal(project.read_prediction("case00")[0], draw(0)[1])
        (files, _) = project.case_files()
        np.testing.assert_array_equal(load_case(files).scribble[1], draw(0)[1][1])
