"""Masks by the command line with a model just trained, and what is said of bad files."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from small_runs import SMALL, Run, folder, trained

from napari_scribblemix.inference.model import read_card
from phantoms import write_channels

__all__ = ["folder", "trained"]


def test_segment_writes_a_mask_an_image_of_the_same_name_and_grid(
    run: Run, folder: Path, trained: Path, tmp_path: Path
) -> None:
    code, out, _ = run("segment", trained, folder / "images", "--output", tmp_path / "masks")
    assert code == 0
    assert "3 written" in out
    for image in (folder / "images").iterdir():
        source, mask = nibabel.load(image), nibabel.load(tmp_path / "masks" / image.name)
        assert mask.shape == source.shape
        np.testing.assert_array_equal(mask.affine, source.affine)
        assert mask.get_data_dtype() == np.uint8
        assert set(np.unique(np.asarray(mask.dataobj))) <= {0, 1, 2, 3}


def test_segment_goes_on_after_a_bad_file_and_says_so(
    run: Run, folder: Path, trained: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.nii.gz"
    bad.write_bytes(b"nothing")
    good = next((folder / "images").iterdir())
    code, out, err = run("segment", trained, bad, good, "--output", tmp_path / "masks")
    assert code == 1
    assert "1 written, 1 of 2 images failed" in out
    assert f"Error: {bad} could not be read" in err
    assert [path.name for path in (tmp_path / "masks").glob("*.nii.gz")] == [good.name]


def test_segment_names_a_bad_image_once(run: Run, trained: Path, tmp_path: Path) -> None:
    bad, blank = tmp_path / "big.nii", tmp_path / "blank.nii"
    made = nibabel.Nifti1Image(np.ones((40, 40, 3), np.uint8), np.diag([100, 100, 8, 1]))
    nibabel.save(made, bad)
    nibabel.save(nibabel.Nifti1Image(np.asarray(made.dataobj), np.diag([2, 2, 8, 1])), blank)
    code, out, err = run("segment", trained, bad, blank, "--output", tmp_path / "masks")
    assert code == 1
    assert "2 of 2 images failed" in out
    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert [(str(bad) in line, str(blank) in line) for line in errors] == [(1, 0), (0, 1)]
    assert [err.count(str(path)) for path in (bad, blank)] == [1, 1]
    code, out, _ = run("segment", trained, bad, "--output", tmp_path / "masks")
    assert (code, "1 of 1 image failed" in out) == (1, True)


def test_segment_keeps_the_good_frames_of_a_cine(
    run: Run, folder: Path, trained: Path, tmp_path: Path
) -> None:
    image = np.asarray(nibabel.load(next((folder / "images").iterdir())).dataobj)
    cine = np.stack([image, np.zeros_like(image)], axis=-1)
    path = tmp_path / "cine.nii.gz"
    nibabel.save(nibabel.Nifti1Image(cine, np.diag([1.5, 1.5, 8, 1])), path)
    code, out, err = run("segment", trained, path, "--output", tmp_path / "masks")
    assert code == 1
    assert "1 written, 1 of 1 image failed" in out
    assert "frame 1: Every voxel has the same intensity" in err


def test_segment_without_a_model_is_one_clear_line(run: Run, folder: Path, tmp_path: Path) -> None:
    code, out, err = run("segment", tmp_path, folder / "images", "--output", tmp_path / "masks")
    assert (code, out) == (2, "")
    assert "expected a run folder with model.safetensors" in err


def test_channels_go_all_the_way_from_files_to_a_figure(run: Run, tmp_path: Path) -> None:
    folder = write_channels(tmp_path / "study", scribbled=2, masked=1)
    model = tmp_path / "run"
    code, _, err = run("train", folder, "--steps", "2", "--output", model, *SMALL)
    assert code == 0
    assert "begins from scratch" in " ".join(err.split())
    assert read_card(model).channels == ("C0", "LGE", "T2")
    code, out, _ = run("inspect", model)
    assert "C0, LGE, T2" in out
    masks = tmp_path / "masks"
    assert run("segment", model, folder / "images", "--output", masks, "--device", "cpu")[0] == 0
    assert sorted(path.name for path in masks.glob("*.nii.gz")) == [
        f"case0{n}.nii.gz" for n in range(3)
    ]
    code, out, _ = run("evaluate", masks, folder / "masks")
    assert (code, "all structures" in out) == (0, True)
    code, _, err = run(
        "segment", "starter", folder / "images", "--output", tmp_path / "no", "--device", "cpu"
    )
    assert code == 1
    assert "this model was trained on one image a case" in " ".join(err.split())
