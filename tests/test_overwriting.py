"""Masks written over those of before: nothing of the old ones is taken for the new."""

from __future__ import annotations

from pathlib import Path

from test_inference_phases import ED, ES, model, write_heart

from napari_scribblemix.inference.files import segment_files
from napari_scribblemix.project.layouts import group_images
from napari_scribblemix.settings import SegmentSettings


def settings(folder: Path, **changes: object) -> SegmentSettings:
    values = {"model": Path("run"), "images": [folder], "output": folder.parent / "out"}
    return SegmentSettings.model_validate(values | {"overwrite": True} | changes)


def test_probability_and_uncertainty_of_another_mask_do_not_stay(tmp_path: Path) -> None:
    folder = write_heart(tmp_path / "images", {"a": ED})
    cases, output = group_images([folder / "a.nii.gz"]), tmp_path / "out"
    list(segment_files(model(), cases, settings(folder, probabilities=True, entropy=True)))
    (output / "b_entropy.nii.gz").write_bytes(b"of another case")
    assert len(list(output.iterdir())) == 6
    list(segment_files(model(), cases, settings(folder)))
    assert sorted(path.name for path in output.iterdir()) == ["a.nii.gz", "b_entropy.nii.gz"]


def test_a_mask_that_stays_because_its_image_is_damaged_is_named(tmp_path: Path) -> None:
    folder = write_heart(tmp_path / "images", {"a_ED": ED, "a_ES": ES})
    cases = group_images(sorted(folder.iterdir()))
    list(segment_files(model(), cases, settings(folder)))
    image = folder / "a_ES.nii.gz"
    image.write_bytes(image.read_bytes()[:-200])
    good, bad = segment_files(model(), cases, settings(folder))
    assert good.error is None
    assert bad.error is not None
    assert bad.error.endswith(" a_ES.nii.gz is the one before.")
    (tmp_path / "out" / "a_ES.nii.gz").unlink()
    bad = list(segment_files(model(), cases, settings(folder)))[1]
    assert bad.error is not None
    assert "is the one before" not in bad.error
