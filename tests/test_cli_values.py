"""What the commands say of label values, spacings and masks that other programs left so."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.data.untouched import ZERO_READ
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.cases import load_training_cases, reload_case
from phantoms import draw, write_file, write_folder

SWAPPED = np.array([4, 1, 2, 3, 0], np.uint8)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder whose scribbles have 0 untouched and 4 as the background pen."""
    folder = write_folder(tmp_path / "data", scribbled=1, masked=0)
    for path in (folder / "scribbles").iterdir():
        write_file(path, SWAPPED[read_labels(path).array])
    return folder


def test_inspect_counts_the_strokes_and_says_how_0_was_read(run, elsewhere: Path) -> None:
    strokes = draw(0)[2]
    code, out, err = run("inspect", elsewhere)
    assert code == 0
    assert ZERO_READ in err
    assert f"{(strokes == 0).sum()} " in out
    code, out, err = run("inspect", elsewhere, "--unlabelled", "4")
    assert ZERO_READ not in err
    assert f"{(strokes == 255).sum()} " in out


def test_inspect_of_such_a_file_names_its_values_right(run, elsewhere: Path) -> None:
    (path,) = (elsewhere / "scribbles").iterdir()
    _, out, _ = run("inspect", path)
    assert "0      unlabelled" in out
    assert "4      background" in out


def test_import_keeps_the_strokes_and_records_how_0_was_read(
    run, elsewhere: Path, tmp_path: Path
) -> None:
    code, _, err = run("import", elsewhere, "--output", tmp_path / "p")
    assert code == 0
    assert ZERO_READ in err
    project = tmp_path / "p.scribblemix"
    (saved,) = (project / "scribbles").glob("*.nii.gz")
    expected = np.where(draw(0)[2] == 255, 4, draw(0)[2])
    np.testing.assert_array_equal(read_labels(saved).array, expected)
    (case,) = json.loads((project / "project.json").read_text())["cases"]
    assert ZERO_READ in case["note"]


def test_train_reads_them_so_too_and_takes_the_option(elsewhere: Path) -> None:
    settings = TrainSettings(folder=elsewhere)
    (case,) = load_training_cases(settings).training
    np.testing.assert_array_equal(case.scribble, draw(0)[2])
    meant = settings.model_copy(update={"unlabelled": "4"})
    other = reload_case(meant, case.id, case.scheme)
    assert (other.scribble == 0).sum() == (draw(0)[2] == 255).sum()


def test_what_cannot_be_told_stops_with_the_option_to_say_it(run, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", scribbled=1, masked=0, dense=True)
    (path,) = (folder / "scribbles").iterdir()
    array = read_labels(path).array.copy()
    array[:, 0, :5] = 4
    write_file(path, array)
    code, _, err = run("inspect", folder)
    assert code == 1
    assert "--unlabelled 0" in err
    assert run("inspect", folder, "--unlabelled", "4")[0] == 0


def test_evaluate_tells_an_empty_mask_and_a_field_without_a_heart(run, tmp_path: Path) -> None:
    mask = draw(0)[1]
    for name, array in (("predicted", mask * 0), ("mask", mask)):
        path = tmp_path / name / "a.nii.gz"
        write_file(path, array)
        image = nibabel.load(path)
        affine = np.diag([0.15, 0.15, 0.8, 1.0])  # cm without a unit
        nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine), path)
    code, _, err = run("evaluate", tmp_path / "predicted", tmp_path / "mask")
    assert code == 0
    assert "Prediction: The mask is empty" in err
    assert "in which no heart fits" in err
