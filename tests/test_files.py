"""Many files in one go, with networks whose answer is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from test_inference_phases import ED, ES, write_heart
from test_inference_phases import model as heart_model
from test_segment import Threshold, model
from torch import Tensor

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.nifti import read_image, read_labels
from napari_scribblemix.inference.files import segment_files
from napari_scribblemix.inference.model import Model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.project.layouts import group_images
from napari_scribblemix.project.mask_notes import MASK_NOTES, MaskNotes
from napari_scribblemix.settings import SegmentSettings
from phantoms import draw, make_case, write_channels, write_cine, write_file


def settings(output: Path, images: list[Path], **changes: object) -> SegmentSettings:
    values = {"model": Path("run"), "images": images, "output": output}
    return SegmentSettings.model_validate(values | changes)


def masks_in(folder: Path) -> list[Path]:
    """All files but the one that says who made them."""
    return [path for path in folder.iterdir() if path.name != MASK_NOTES]


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    write_file(tmp_path / "a.nii.gz", draw(0)[0])
    path = tmp_path / "in" / "A.NII.GZ"
    path.parent.mkdir()
    (tmp_path / "a.nii.gz").rename(path)
    chosen = settings(tmp_path / "out", [path], entropy=True)
    (outcome,) = segment_files(model(), group_images([path]), chosen)
    assert outcome.error is None
    assert sorted(item.name for item in masks_in(tmp_path / "out")) == [
        "A.NII.GZ",
        "A_entropy.NII.GZ",
    ]


def write_images(folder: Path, count: int = 2) -> list[Path]:
    for number in range(count):
        make_case(folder, number)
    return sorted(folder.iterdir())


def test_a_mask_has_the_images_exact_geometry(tmp_path: Path) -> None:
    affine = np.array([[-1.2, 0.3, 1, 5], [0.2, 1.4, -2, 7], [0.1, 0.2, 8, -9], [0, 0, 0, 1.0]])
    values = np.random.default_rng(0).normal(100, 20, (30, 26, 5)).astype(np.float32)
    path = tmp_path / "in" / "oblique.nii.gz"
    path.parent.mkdir()
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    outcome, *_ = segment_files(model(), group_images([path]), settings(tmp_path / "out", [path]))
    assert outcome.error is None
    mask = nibabel.load(outcome.masks[0])
    assert mask.shape == values.shape
    np.testing.assert_array_equal(mask.affine, nibabel.load(path).affine)
    assert np.issubdtype(mask.get_data_dtype(), np.integer)
    assert outcome.masks[0].name == path.name


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path) -> None:
    images = write_images(tmp_path / "in")
    bad = tmp_path / "in" / "a_broken.nii.gz"
    bad.write_bytes(b"no image")
    outcomes = list(
        segment_files(model(), group_images([bad, *images]), settings(tmp_path / "out", images))
    )
    assert [outcome.error is None for outcome in outcomes] == [False, True, True]
    assert "a_broken" in str(outcomes[0].error)
    assert sorted(p.name for p in masks_in(tmp_path / "out")) == [i.name for i in images]


@pytest.mark.parametrize(
    ("value", "reason"),
    [(np.nan, "voxels are NaN"), (np.inf, "infinite"), (None, "same intensity")],
)
def test_an_unusable_image_gives_an_error_and_no_mask(
    tmp_path: Path, value: float | None, reason: str
) -> None:
    image = draw(0)[0]
    image[1, 2, 3] = 0 if value is None else value
    path = tmp_path / "in" / "a.nii.gz"
    write_file(path, np.ones_like(image) if value is None else image)
    (outcome,) = segment_files(model(), group_images([path]), settings(tmp_path / "out", [path]))
    assert reason in str(outcome.error)
    assert outcome.masks == ()
    assert masks_in(tmp_path / "out") == []


def test_a_blank_frame_of_a_cine_does_not_stop_the_others(tmp_path: Path) -> None:
    frames = [draw(0)[0], np.zeros_like(draw(0)[0]), draw(1)[0], np.zeros_like(draw(0)[0])]
    path = write_cine(tmp_path / "in" / "cine.nii.gz", frames)
    (outcome,) = segment_files(model(), group_images([path]), settings(tmp_path / "out", [path]))
    assert str(outcome.error).startswith("frame 1: Every voxel has the same intensity")
    assert str(outcome.error).endswith("The same for 1 more frames.")
    names = ["cine_frame00.nii.gz", "cine_frame02.nii.gz"]
    assert [mask.name for mask in outcome.masks] == names
    assert sorted(mask.name for mask in masks_in(tmp_path / "out")) == names


def test_probabilities_and_entropy_on_request(tmp_path: Path) -> None:
    images = write_images(tmp_path / "in", 1)
    chosen = settings(tmp_path / "out", images, probabilities=True, entropy=True)
    list(segment_files(model(), group_images(images), chosen))
    names = sorted(path.name for path in masks_in(tmp_path / "out"))
    assert len(names) == 5
    assert any(name.endswith("_entropy.nii.gz") for name in names)
    entropy = read_image(tmp_path / "out" / "phantom0_entropy.nii.gz").array
    assert 0 <= entropy.min() <= entropy.max() <= 1


def test_a_cine_gets_a_mask_for_every_frame_or_the_one_asked_for(tmp_path: Path) -> None:
    path = write_cine(tmp_path / "in" / "cine.nii.gz", [draw(n)[0] for n in range(3)])
    every, *_ = segment_files(model(), group_images([path]), settings(tmp_path / "all", [path]))
    one, *_ = segment_files(
        model(), group_images([path]), settings(tmp_path / "one", [path], frame=2)
    )
    assert [mask.name for mask in every.masks] == [f"cine_frame0{n}.nii.gz" for n in range(3)]
    assert [mask.name for mask in one.masks] == ["cine_frame02.nii.gz"]
    np.testing.assert_array_equal(
        read_labels(every.masks[2]).array, read_labels(one.masks[0]).array
    )


def test_geometry_of_the_phantoms_is_as_written(tmp_path: Path) -> None:
    geometry: Geometry = make_case(tmp_path, 0).image.geometry
    assert geometry.spacing == pytest.approx((8.0, 1.5, 1.5))


class Brightest(Threshold):
    """As ``Threshold``, on the last of three channels."""

    def forward(self, image: Tensor) -> Tensor:
        assert image.shape[1] == 3
        return super().forward(image[:, 2:])


def three_channels() -> Model:
    card = model().card.model_copy(update={"in_channels": 3, "channels": ("C0", "LGE", "T2")})
    return Model(Brightest(), card)


def test_channels_are_put_together_and_a_case_that_lacks_one_is_said(tmp_path: Path) -> None:
    images = write_channels(tmp_path, scribbled=3, masked=0) / "images"
    (images / "case01_LGE.nii.gz").unlink()
    cases = group_images(sorted(images.iterdir()))
    good, bad, other = segment_files(three_channels(), cases, settings(tmp_path / "out", [images]))
    assert good.error is other.error is None
    assert "Got the channels C0, T2; this model was trained on" in str(bad.error)
    names = sorted(path.name for path in masks_in(tmp_path / "out"))
    assert names == ["case00.nii.gz", "case02.nii.gz"]
    labels = read_labels(tmp_path / "out" / "case00.nii.gz").array
    assert (
        2
        * ((labels == 3) & (draw(0)[1] == 3)).sum()
        / ((labels == 3).sum() + (draw(0)[1] == 3).sum())
        > 0.85
    )
    again = list(segment_files(model(), cases, settings(tmp_path / "single", [images])))
    assert all("this model was trained on one image" in str(each.error) for each in again)


def again(folder: Path, **changes: object) -> SegmentSettings:
    """Over what is there already."""
    return settings(folder.parent / "out", [folder], overwrite=True, **changes)


def test_probability_and_uncertainty_of_another_mask_do_not_stay(tmp_path: Path) -> None:
    folder = write_heart(tmp_path / "images", {"a": ED})
    cases, output = group_images([folder / "a.nii.gz"]), tmp_path / "out"
    list(segment_files(heart_model(), cases, again(folder, probabilities=True, entropy=True)))
    (output / "b_entropy.nii.gz").write_bytes(b"of another case")
    assert len(masks_in(output)) == 6
    list(segment_files(heart_model(), cases, again(folder)))
    assert sorted(path.name for path in masks_in(output)) == ["a.nii.gz", "b_entropy.nii.gz"]


def test_a_mask_that_stays_because_its_image_is_damaged_is_named(tmp_path: Path) -> None:
    folder = write_heart(tmp_path / "images", {"a_ED": ED, "a_ES": ES})
    cases = group_images(sorted(folder.iterdir()))
    list(segment_files(heart_model(), cases, again(folder)))
    image = folder / "a_ES.nii.gz"
    image.write_bytes(image.read_bytes()[:-200])
    good, bad = segment_files(heart_model(), cases, again(folder))
    assert good.error is None
    assert bad.error is not None
    assert bad.error.endswith(" a_ES.nii.gz is the one before.")
    (tmp_path / "out" / "a_ES.nii.gz").unlink()
    bad = list(segment_files(heart_model(), cases, again(folder)))[1]
    assert bad.error is not None
    assert "is the one before" not in bad.error


def test_a_cine_stopped_half_way_leaves_whole_masks_that_say_who_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cine(tmp_path / "images" / "a.nii.gz", [draw(n)[0] for n in range(4)])
    seen = []

    def until(*args: Any, **options: Any) -> Any:
        seen.append(args)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return segment_volume(*args, **options)

    monkeypatch.setattr("napari_scribblemix.inference.files.segment_volume", until)
    chosen = settings(tmp_path / "out", [tmp_path / "images"])
    with pytest.raises(KeyboardInterrupt):
        list(segment_files(model(), group_images([tmp_path / "images" / "a.nii.gz"]), chosen))
    notes = MaskNotes(tmp_path / "out")
    known = [bool(notes.of(mask)) for mask in sorted(masks_in(tmp_path / "out"))]
    assert known == [True, True]
