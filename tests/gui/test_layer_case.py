"""An image layer without a file to a case, or to one clear line and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_scribblemix.errors import GeometryError, ImageError, ProjectError
from napari_scribblemix.gui.viewer.layer_case import LayerImage, add_layer_image, layer_image
from napari_scribblemix.gui.viewer.world import FLAT, Placement
from napari_scribblemix.project.project import Project
from phantoms import draw

MM = {"scale": (8.0, 1.5, 1.25), "units": ("mm",) * 3}


def taken(
    array: Any, at: tuple[int, ...] = (0,), name: str = "mine", **settings: Any
) -> LayerImage:
    array = np.asarray(array)
    layer = Image(np.nan_to_num(array), rgb=False, **settings)
    return layer_image(name, array, Placement.of(layer), at)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.scribblemix") as project:
        yield project


def test_a_layer_is_kept_as_it_lies_and_reads_back(project: Project) -> None:
    image = draw(0)[0]
    found = taken(image, name="My layer: 1", **MM)
    assert add_layer_image(project, found) == "My_layer__1"
    volume = project.read_image("My_layer__1")
    assert volume.geometry.spacing == pytest.approx((8.0, 1.5, 1.25))
    assert np.array_equal(volume.array, image)
    assert found.notes == ()


def test_micrometres_and_an_affine_give_the_true_volume(project: Project) -> None:
    found = taken(draw(0)[0], affine=np.diag([8000, 1400, 1400, 1]), units=("um",) * 3)
    volume = project.read_image(add_layer_image(project, found))
    assert volume.geometry.spacing == pytest.approx((8, 1.4, 1.4))
    assert volume.geometry.voxel_volume_ml == pytest.approx(8 * 1.4 * 1.4 / 1000)


def test_slices_along_the_last_axis_become_the_slices(project: Project) -> None:
    image = np.moveaxis(draw(0)[0], 0, -1)
    found = taken(image, scale=(1.5, 1.5, 8), units=("mm",) * 3)
    volume = project.read_image(add_layer_image(project, found))
    assert volume.array.shape == (image.shape[2], *image.shape[:2])
    assert np.array_equal(volume.array[1], image[..., 1])


def test_a_flat_layer_is_a_case_of_one_slice_and_says_what_was_taken(project: Project) -> None:
    found = taken(draw(0)[0][1], scale=(1.5, 1.25), units=("mm",) * 2)
    assert found.notes == (f"The layer mine: {FLAT}",)
    volume = project.read_image(add_layer_image(project, found))
    assert volume.array.shape == (1, 48, 48)
    assert volume.geometry.spacing == pytest.approx((1, 1.5, 1.25))


def test_of_frames_the_one_on_screen_is_taken_and_named(project: Project) -> None:
    cine = np.stack([draw(seed)[0] for seed in range(3)])
    settings = {"scale": (40, 8, 1.5, 1.5), "units": ("ms", "mm", "mm", "mm")}
    found = taken(cine, at=(2, 0, 0, 0), **settings)
    case_id = add_layer_image(project, found)
    assert case_id == "mine_frame02"
    assert np.array_equal(project.read_image(case_id).array, cine[2])
    assert taken(cine, at=(9, 0, 0, 0), **settings).name == "mine_frame02"


def test_what_is_no_image_is_refused_in_one_line() -> None:
    image = draw(0)[0]
    with_nan = image.copy()
    with_nan[0, 0, 0] = np.nan
    for bad in (with_nan, np.ones_like(image), np.zeros_like(image), np.full_like(image, np.inf)):
        with pytest.raises(ImageError, match="The layer mine cannot be used") as told:
            taken(bad, **MM)
        assert "\n" not in str(told.value)
    with pytest.raises(GeometryError, match="has 5 axes"):
        taken(image[None, None])
    with pytest.raises(ImageError, match="complex64 values"):
        layer_image("mine", image.astype(np.complex64), Placement.of(Image(image)), (0,))


def test_nothing_stays_of_a_layer_that_cannot_be_added(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_files: object) -> None:
        raise ProjectError("The disk is full.")

    monkeypatch.setattr(project, "add_case", full)
    with pytest.raises(ProjectError, match="full"):
        add_layer_image(project, taken(draw(0)[0], **MM))
    assert list((project.folder / "images").iterdir()) == []


def test_the_file_of_a_case_that_was_taken_off_the_list_is_not_replaced(project: Project) -> None:
    first = add_layer_image(project, taken(draw(0)[0], **MM))
    kept = project.image_path(first).read_bytes()
    project.remove_case(first)
    assert add_layer_image(project, taken(draw(1)[0], **MM)) == "mine-2"
    assert (project.folder / "images" / "mine.nii.gz").read_bytes() == kept
