from dataclasses import replace
from pathlib import Path

import pytest
import torch

from napari_scribblemix.training.augmentation import augment, change_intensity, draw_crops
from napari_scribblemix.training.recipe import PRESETS, Augmentation, Recipe
from napari_scribblemix.training.slices import ENCLOSED, SliceStore, build_store
from phantoms import make_case

CPU = torch.device("cpu")


def recipe(crop: int, **change: object) -> Recipe:
    return PRESETS["fast"].model_copy(
        update={"crop": crop, "augmentation": Augmentation.model_validate(change)}
    )


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def store(tmp_path: Path) -> SliceStore:
    return build_store([make_case(tmp_path, 0)], 1.5, enclosure_rule=True, device=CPU)


def test_without_changes_a_crop_is_the_slice_itself(store: SliceStore) -> None:
    image, label = draw_crops(store, torch.tensor([0, 2]), recipe(48), generator())
    assert torch.allclose(image[:, 0], store.images[[0, 2], 0], atol=1e-4)
    assert torch.equal(label, store.labels[[0, 2]].long())


@pytest.mark.parametrize("crop", [32, 33, 47])
def test_without_changes_a_smaller_crop_is_a_window(store: SliceStore, crop: int) -> None:
    image, label = draw_crops(store, torch.tensor([1]), recipe(crop), generator())
    windows = [
        (y, x)
        for y in range(49 - crop)
        for x in range(49 - crop)
        if torch.equal(store.labels[1, y : y + crop, x : x + crop].long(), label[0])
    ]
    assert len(windows) == 1
    y, x = windows[0]
    assert torch.allclose(store.images[1, 0, y : y + crop, x : x + crop], image[0, 0], atol=1e-4)


def test_what_comes_into_view_is_unlabelled(store: SliceStore) -> None:
    _, label = draw_crops(store, torch.tensor([0]), recipe(96), generator())
    assert (label[0, :20] == 255).all()
    assert (label[0, 24:72, 24:72] == store.labels[0]).all()


def test_image_and_scribble_move_together(store: SliceStore) -> None:
    """An image that shows the labels stays in step with them through rotation, size and bend."""
    labels = store.labels.masked_fill(store.labels == ENCLOSED, 0)
    painted = replace(store, images=labels[:, None].float(), labels=labels)
    change = recipe(48, rotation=40, scale=0.2, shift=0.1, elastic=1.0, mirror=True)
    image, label = draw_crops(painted, torch.arange(4), change, generator())
    inside = label != 255

    def agreement(values: torch.Tensor) -> float:
        # linear interpolation differs from the nearest pixel along borders only
        return float((((values - label.float()).abs() < 0.5) & inside).sum() / inside.sum())

    assert agreement(image[:, 0]) > 0.85
    assert agreement(image[:, 0]) > agreement(image[:, 0].roll(3, dims=1)) + 0.05
    assert not torch.equal(label, store.labels.long())


def test_every_image_is_changed_differently(store: SliceStore) -> None:
    image, _ = augment(store, torch.tensor([1, 1, 1]), PRESETS["fast"], generator())
    assert image.shape == (3, 1, 96, 96)
    assert not torch.allclose(image[0], image[1], atol=0.1)
    assert not torch.allclose(image[1], image[2], atol=0.1)


def test_the_same_generator_gives_the_same_crops(store: SliceStore) -> None:
    first = augment(store, torch.arange(4), PRESETS["best"], generator(5))
    second = augment(store, torch.arange(4), PRESETS["best"], generator(5))
    other = augment(store, torch.arange(4), PRESETS["best"], generator(6))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not torch.equal(first[0], other[0])


@pytest.mark.parametrize(
    "change", ["gamma", "contrast", "brightness", "blur", "noise", "low_resolution"]
)
def test_each_intensity_change_works_alone(change: str) -> None:
    image = torch.randn(6, 1, 20, 20, generator=generator(1))
    amount = 1.0 if change == "low_resolution" else 0.5
    changed = change_intensity(image, Augmentation(**{change: amount}), generator(2))
    assert changed.shape == image.shape
    assert torch.isfinite(changed).all()
    assert not torch.allclose(changed, image, atol=1e-3)


def test_blur_keeps_a_flat_image_and_smooths_a_rough_one() -> None:
    flat = torch.full((3, 1, 16, 16), 2.5)
    rough = torch.randn(3, 1, 16, 16, generator=generator(3))
    assert torch.allclose(change_intensity(flat, Augmentation(blur=1.0), generator()), flat)
    assert change_intensity(rough, Augmentation(blur=1.0), generator()).std() < rough.std()


def test_nothing_is_changed_where_all_is_off() -> None:
    image = torch.randn(2, 1, 8, 8, generator=generator())
    assert torch.equal(change_intensity(image, Augmentation(), generator()), image)


def test_channels_move_together_and_change_intensity_each_by_itself(store: SliceStore) -> None:
    twice = replace(store, images=store.images.expand(-1, 2, -1, -1))
    moved = recipe(32, rotation=40, scale=0.2, shift=0.1, elastic=1.0, mirror=True)
    image, _ = augment(twice, torch.arange(4), moved, generator())
    assert image.shape == (4, 2, 32, 32)
    assert torch.equal(image[:, 0], image[:, 1])
    changed = recipe(32, brightness=0.5)
    image, _ = augment(twice, torch.arange(4), changed, generator())
    offset = (image[:, 0] - image[:, 1]).flatten(1)
    assert (offset.std(dim=1) < 1e-4).all()
    assert (offset.mean(dim=1).abs() > 1e-2).all()
