"""A model follows the strokes on a case: where they lie, around them, and in other slices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from test_segment import model as tiny_model
from torch import Tensor

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import ImageError
from napari_scribblemix.evaluation.overlap import dice
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.model import Model, load_model
from napari_scribblemix.inference.segment import segment_volume
from napari_scribblemix.inference.uncertainty import normalised_entropy
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.resources import sample_folder
from napari_scribblemix.training import live
from napari_scribblemix.training.live import LiveCase
from napari_scribblemix.training.live_labels import FREE_MM
from phantoms import make_case


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(Path("starter"), torch.device("cpu"))


@pytest.fixture(scope="module")
def image() -> Volume:
    """A drawn heart."""
    images = sample_folder("cine") / "train" / "images"
    return read_image(sorted(images.iterdir())[0])


def nothing(image: Volume) -> NDArray[np.uint8]:
    return np.full(image.array.shape, UNLABELLED, np.uint8)


def square(image: Volume, number: int, value: int, at: int = 60) -> NDArray[np.uint8]:
    strokes = nothing(image)
    strokes[number, at : at + 4, at : at + 4] = value
    return strokes


def weights_of(model: Model) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.network.state_dict().items()}


def test_without_strokes_the_mask_is_that_of_the_model(model: Model, image: Volume) -> None:
    case = LiveCase(model, image)
    assert case.settled
    case.learn(3, 0)
    labels, entropy = case.mask()
    found = segment_volume(model, image)
    np.testing.assert_array_equal(labels, found.labels)
    np.testing.assert_allclose(entropy, normalised_entropy(found.probability), atol=1e-6)


def test_strokes_lie_in_the_mask_at_once_and_after_learning(model: Model, image: Volume) -> None:
    before = weights_of(model)
    case = LiveCase(model, image)
    strokes = np.where(square(image, 2, 2, at=90) == 2, 2, square(image, 4, 1)).astype(np.uint8)
    assert case.take(strokes)
    assert not case.take(strokes)
    drawn = strokes != UNLABELLED
    for number in (4, None):
        labels, entropy = case.mask(number)
        np.testing.assert_array_equal(labels[drawn], strokes[drawn])
        assert not entropy[drawn].any()
        case.learn(live.STEPS, 4)
    assert case.settled
    for name, value in weights_of(model).items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_only_the_slice_on_screen_is_looked_at_anew_where_one_is_named(
    model: Model, image: Volume
) -> None:
    case = LiveCase(model, image)
    first, _ = case.mask()
    case.take(square(image, 4, 3))
    case.learn(2, 4)
    one, _ = case.mask(4)
    others = np.arange(len(first)) != 4
    np.testing.assert_array_equal(one[others], first[others])
    assert (one[4] != first[4]).any()


def test_the_same_strokes_bring_the_same_mask_back(model: Model, image: Volume) -> None:
    case = LiveCase(model, image)
    untouched, _ = case.mask()

    def mask_with(strokes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        case.take(strokes)
        case.learn(live.STEPS, 4)
        return case.mask()[0].copy()

    one = mask_with(square(image, 4, 3))
    assert not np.array_equal(mask_with(square(image, 3, 1)), one)
    np.testing.assert_array_equal(mask_with(square(image, 4, 3)), one)
    np.testing.assert_array_equal(mask_with(nothing(image)), untouched)


def test_background_of_accepted_slices_weighs_as_what_the_model_was_sure_of(
    model: Model, image: Volume
) -> None:
    case = LiveCase(model, image)
    labels = nothing(image)
    labels[4] = 0
    labels[4, 60:70, 60:70] = 2
    case.take(labels, whole={4})
    store = case._store
    assert store.labelled.tolist() == [4]
    assert set(store.labels[4].unique().tolist()) == {2, 4}
    target = case._batch(4).target[0]
    masses = target.sum(dim=0).unique().tolist()
    assert all(any(abs(mass - ok) < 1e-6 for ok in (0.0, live.TAUGHT, 1.0)) for mass in masses)


def test_where_the_model_was_wrong_it_is_not_asked_any_more(model: Model, image: Volume) -> None:
    case = LiveCase(model, image)
    row, column = (int(place.mean()) for place in np.nonzero(case.mask()[0][4] == 3))
    strokes = nothing(image)
    strokes[4, row - 1 : row + 2, column - 1 : column + 2] = 1
    asked = (case._store.labels[4] != UNLABELLED).sum()
    case.take(strokes)
    around = (case._store.labels[4] != UNLABELLED).sum()
    lost = (asked - around).item() * model.card.spacing**2
    assert 0.5 * np.pi * FREE_MM**2 < lost < 1.5 * np.pi * (FREE_MM + 4) ** 2


def test_a_network_that_knows_nothing_learns_the_other_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RATE", 5e-3)
    monkeypatch.setattr(live, "STEPS", 40)
    torch.manual_seed(0)
    case = make_case(tmp_path, 0, masked=True)
    unlearnt = Model(build_network("fast", 1, 4), tiny_model(2.0).card)
    following = LiveCase(unlearnt, case.image, Look(upright=False))
    assert case.scribble is not None
    assert case.mask is not None
    assert following._recipe.crop == 96  # 192 mm
    strokes = case.scribble.copy()
    strokes[2:] = UNLABELLED
    following.take(strokes)
    following.learn(40, 0)
    labels, _ = following.mask()
    assert dice(labels[2:] == 3, case.mask[2:] == 3) > 0.7
    assert dice(labels[2:] == 2, case.mask[2:] == 2) > 0.5


def test_an_image_of_other_channels_is_refused(model: Model, image: Volume) -> None:
    two = replace(image, further=(image.array,), channels=("cine", "T2"))
    with pytest.raises(ImageError, match="channel"):
        LiveCase(model, two)


def test_a_model_may_favour_classes_from_the_start(model: Model, image: Volume) -> None:
    case = LiveCase(model, image)
    plain, before = case.mask()[0], case._before.clone()
    weights = np.array([1.0, 1.0, 0.3, 1.0], np.float32)
    case.favour(weights)
    wanted = before * torch.from_numpy(weights)[:, None, None]
    torch.testing.assert_close(
        case._before, wanted / wanted.sum(dim=1, keepdim=True), atol=1e-4, rtol=0
    )
    less = case.mask()[0]
    assert (less == 2).sum() < (plain == 2).sum()
    assert (segment_volume(model, image).labels == plain).all()
