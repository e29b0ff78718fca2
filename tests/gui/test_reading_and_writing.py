from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from napari.layers import Labels, Layer

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.gui.commands import cine_sample, lge_sample, myops_sample
from napari_scribblemix.gui.reading import nifti_reader, project_reader
from napari_scribblemix.gui.viewer.writing import write_labels_layer
from napari_scribblemix.project.project import Project
from phantoms import SPACING, draw, write_cine, write_file


def read(path: Path) -> tuple[Any, dict[str, Any], str]:
    reader = nifti_reader(str(path))
    assert reader is not None
    (layer,) = reader(str(path))
    return layer


def test_an_image_is_read_with_its_spacing(tmp_path: Path) -> None:
    image = draw(0)[0]
    write_file(tmp_path / "heart.nii.gz", image)
    array, settings, kind = read(tmp_path / "heart.nii.gz")
    assert kind == "image"
    assert np.array_equal(array, image)
    assert tuple(settings["scale"]) == SPACING
    layer = Layer.create(array, settings, kind)
    assert layer.name == "heart"
    assert [str(unit) for unit in layer.units] == ["millimeter"] * 3


def test_a_cine_is_read_with_time_first(tmp_path: Path) -> None:
    frames = [draw(seed)[0] for seed in range(3)]
    array, settings, kind = read(write_cine(tmp_path / "beat.nii", frames))
    assert array.shape == (3, *frames[0].shape)
    assert tuple(settings["scale"]) == (1.0, *SPACING)
    units = [str(unit) for unit in Layer.create(array, settings, kind).units]
    assert units == ["pixel", *["millimeter"] * 3]
    assert np.allclose(array[2], frames[2], atol=1e-3)
    assert kind == "image"


def test_scribbles_are_transparent_where_nothing_is_drawn_and_masks_keep_their_numbers(
    tmp_path: Path,
) -> None:
    _, mask, strokes = draw(0)
    write_file(tmp_path / "heart_scribble.nii.gz", CARDIAC.encode(strokes))
    write_file(tmp_path / "heart_gt.nii.gz", mask)
    drawn, _, kind = read(tmp_path / "heart_scribble.nii.gz")
    assert kind == "labels"
    assert np.array_equal(drawn, CARDIAC.to_viewer(strokes))
    full, _, kind = read(tmp_path / "heart_gt.nii.gz")
    assert kind == "labels"
    assert np.array_equal(full, mask)


def test_an_image_whose_name_says_mask_is_still_an_image(tmp_path: Path) -> None:
    write_file(tmp_path / "heart_mask.nii.gz", draw(0)[0])
    assert read(tmp_path / "heart_mask.nii.gz")[2] == "image"


def test_a_folder_is_no_nifti_file_and_a_plain_folder_no_project(
    tmp_path: Path, project: Project
) -> None:
    assert nifti_reader(str(tmp_path)) is None
    assert project_reader(str(tmp_path)) is None
    assert project_reader(str(project.folder)) is not None


@pytest.mark.parametrize("name", ["heart_scribble.nii.gz", "heart_gt.nii.gz"])
def test_labels_that_were_read_are_written_as_they_were(tmp_path: Path, name: str) -> None:
    _, mask, strokes = draw(0)
    values = CARDIAC.encode(strokes) if "scribble" in name else mask
    write_file(tmp_path / name, values)
    array, settings, kind = read(tmp_path / name)
    layer = Layer.create(array, settings, kind)
    written = write_labels_layer(str(tmp_path / "copy.nii.gz"), *layer.as_layer_data_tuple()[:2])
    assert written == [str(tmp_path / "copy.nii.gz")]
    first, second = nibabel.load(tmp_path / name), nibabel.load(written[0])
    assert np.array_equal(first.affine, second.affine)
    assert np.array_equal(np.asarray(first.dataobj), np.asarray(second.dataobj))


def test_labels_without_an_image_keep_their_scale(tmp_path: Path) -> None:
    labels = draw(0)[1]
    write_labels_layer(str(tmp_path / "a.nii.gz"), labels, {"scale": SPACING, "metadata": {}})
    written = nibabel.load(tmp_path / "a.nii.gz")
    assert written.header.get_zooms() == pytest.approx(SPACING[::-1])
    assert np.array_equal(np.asarray(written.dataobj).transpose(2, 1, 0), labels)


def test_labels_without_an_image_keep_their_affine_and_unit(tmp_path: Path) -> None:
    labels = draw(0)[1]
    layer = Labels(labels, affine=np.diag([8000, 1400, 1300, 1]), units=("um",) * 3)
    write_labels_layer(str(tmp_path / "a.nii.gz"), *layer.as_layer_data_tuple()[:2])
    written = nibabel.load(tmp_path / "a.nii.gz")
    assert written.header.get_zooms() == pytest.approx((1.3, 1.4, 8))
    assert np.array_equal(np.asarray(written.dataobj).transpose(2, 1, 0), labels)


def test_labels_keep_their_axes_whichever_the_slices_are(tmp_path: Path) -> None:
    labels = np.moveaxis(draw(0)[1], 0, -1)
    layer = Labels(labels, scale=(1.5, 1.5, 8), units=("mm",) * 3)
    write_labels_layer(str(tmp_path / "a.nii.gz"), *layer.as_layer_data_tuple()[:2])
    written = nibabel.load(tmp_path / "a.nii.gz")
    assert written.header.get_zooms() == pytest.approx((8, 1.5, 1.5))
    assert np.array_equal(np.asarray(written.dataobj).T, labels)
    flat = Labels(labels[..., 1], scale=(1.5, 1.4), units=("mm",) * 2)
    write_labels_layer(str(tmp_path / "b.nii.gz"), *flat.as_layer_data_tuple()[:2])
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "b.nii.gz").dataobj).T, flat.data)


@pytest.mark.parametrize("sample", [cine_sample, lge_sample])
def test_a_sample_without_a_window_is_an_image_with_scribbles(
    sample: Callable[[], list[Any]],
) -> None:
    layers = [Layer.create(*each) for each in sample()]
    assert [type(layer).__name__ for layer in layers] == ["Image", "Labels"]
    assert layers[0].data.shape == layers[1].data.shape


def test_a_sample_of_channels_is_an_image_each_with_scribbles() -> None:
    layers = [Layer.create(*each) for each in myops_sample()]
    assert [layer.name[-3:] for layer in layers] == [" C0", "LGE", " T2", "les"]
    assert [layer.visible for layer in layers] == [True, False, False, True]
    assert len({layer.data.shape for layer in layers}) == 1


def test_both_files_of_a_pair_are_one_layer(tmp_path: Path) -> None:
    image = draw(0)[0]
    pair = nibabel.Nifti1Pair(image.transpose(2, 1, 0), np.diag([1.5, 1.5, 8, 1]))
    nibabel.save(pair, tmp_path / "heart.img")
    paths = [str(tmp_path / name) for name in ("heart.hdr", "heart.img")]
    reader = nifti_reader(paths)
    assert reader is not None
    ((array, settings, kind),) = reader(paths)
    assert (settings["name"], kind) == ("heart", "image")
    assert np.array_equal(array, image)
