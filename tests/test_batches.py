"""What the loop steps through: batches and the method's module."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.training.batches import BatchSource, build_method
from napari_scribblemix.training.job import Generators
from napari_scribblemix.training.recipe import PRESETS, Augmentation, Recipe
from napari_scribblemix.training.slices import build_store
from phantoms import make_case, write_channels


def source(folder: Path, **changes: object) -> BatchSource:
    small = {"crop": 48, "batch": 4, "augmentation": Augmentation(), "follow_heart": 0.0}
    recipe = Recipe.model_validate(PRESETS["fast"].model_dump() | small | changes)
    cases = [make_case(folder, 0), make_case(folder, 1, scribbled=False)]
    store = build_store(cases, 1.5, recipe.enclosure_rule, torch.device("cpu"))
    return BatchSource(store, recipe, CARDIAC, 0, Generators.seeded(0, torch.device("cpu")))


@pytest.mark.parametrize("end", [1.0, 0.04])
def test_enclosed_background_grows_from_one_weight_to_the_other(tmp_path: Path, end: float) -> None:
    batches = source(tmp_path, enclosed_weight=0.01, enclosed_weight_end=end)
    for fraction, weight in ((0.0, 0.01), (0.5, 0.1 * end**0.5), (1.0, end)):
        target = batches.at(0, fraction).target
        assert float(target[0, 0, 0, 0]) == pytest.approx(weight)
        assert target[:, 1:].max() == 1
        assert target.max() == 1


def test_a_batch_knows_how_much_of_the_budget_is_used(tmp_path: Path) -> None:
    assert source(tmp_path).at(3, 0.4).fraction == 0.4


def test_unlabelled_slices_take_their_share_of_a_batch(tmp_path: Path) -> None:
    labelled = source(tmp_path).at(0, 0.0).target.flatten(1).any(dim=1)
    assert labelled.tolist() == [True, True, True, False]
    alone = source(tmp_path, unlabelled_share=0.0).at(0, 0.0).target.flatten(1).any(dim=1)
    assert alone.all()


def test_an_epoch_is_one_pass_over_the_labelled_slices(tmp_path: Path) -> None:
    assert source(tmp_path).steps_per_epoch == 2
    assert source(tmp_path, unlabelled_share=0.0).steps_per_epoch == 1


def test_drawn_hearts_come_last_and_weigh_their_share_of_the_strokes(tmp_path: Path) -> None:
    batch = source(tmp_path, drawn=0.5, drawn_weight=0.25).at(0, 0.0)
    plain = source(tmp_path).at(0, 0.0)
    assert batch.image.shape == (6, 1, 48, 48)
    assert torch.equal(batch.image[:4], plain.image)
    strokes, hearts = batch.target[:4].sum(), batch.target[4:].sum()
    assert float(hearts / strokes) == pytest.approx(0.25, rel=1e-4)
    assert (batch.target[4:].sum(1) > 0).all()


def test_drawn_hearts_take_no_part_where_structures_are_others(tmp_path: Path) -> None:
    recipe = PRESETS["fast"].model_copy(update={"crop": 48, "batch": 4, "drawn": 1.0})
    store = build_store([make_case(tmp_path, 0)], 1.5, True, torch.device("cpu"))
    batches = BatchSource(store, recipe, MYOPS, 0, Generators.seeded(0, torch.device("cpu")))
    assert batches.at(0, 0.0).target.shape == (4, 6, 48, 48)


@pytest.mark.parametrize("name", ["partial", "cyclemix"])
def test_terms_and_weights_of_a_method_agree(tmp_path: Path, name: str) -> None:
    recipe = PRESETS["fast"].model_copy(update={"edges": 1.5})
    method = build_method(name, recipe, [build_network("fast", 1, 4)])  # type: ignore[arg-type]
    terms = method(source(tmp_path).at(0, 0.5))
    assert set(terms) == set(method.weights)
    assert method.weights["edges"] == 1.5


def labelled_of(batches: BatchSource, steps: int) -> list[list[bool]]:
    return [batches.at(step, 1.0).target.flatten(1).any(dim=1).tolist() for step in range(steps)]


def test_a_case_that_gets_strokes_is_drawn_from_at_the_next_step(tmp_path: Path) -> None:
    batches = source(tmp_path)
    assert labelled_of(batches, 2) == [[True, True, True, False]] * 2
    batches.relabel(make_case(tmp_path, 1))
    assert labelled_of(batches, 2) == [[True] * 4] * 2
    assert batches.steps_per_epoch == 2


def test_the_same_strokes_again_change_nothing(tmp_path: Path) -> None:
    still, told = source(tmp_path), source(tmp_path)
    for step in range(4):
        told.relabel(make_case(tmp_path, 0))
        a, b = still.at(step, 0.5), told.at(step, 0.5)
        assert torch.equal(a.image, b.image)
        assert torch.equal(a.target, b.target)


def test_other_strokes_on_the_same_slices_keep_the_order(tmp_path: Path) -> None:
    still, told = source(tmp_path), source(tmp_path)
    changed = make_case(tmp_path, 0)
    changed.scribble[changed.scribble == 3] = 2
    told.relabel(changed)
    a, b = still.at(0, 0.5), told.at(0, 0.5)
    assert torch.equal(a.image, b.image)
    assert a.target[:, 3].any()
    assert not b.target[:, 3].any()


@pytest.mark.parametrize("name", ["partial", "cyclemix"])
def test_a_method_learns_from_several_channels(tmp_path: Path, name: str) -> None:
    recipe = PRESETS["fast"].model_copy(
        update={"crop": 48, "batch": 4, "drawn": 1.0, "mix_from": 0}
    )
    cases = [load_case(files) for files in find_cases(write_channels(tmp_path, masked=0))]
    store = build_store(cases, 1.5, True, torch.device("cpu"))
    batches = BatchSource(store, recipe, CARDIAC, 0, Generators.seeded(0, torch.device("cpu")))
    batch = batches.at(0, 1.0)
    assert batch.image.shape == (4, 3, 48, 48), "drawn hearts have one channel and take no part"
    method = build_method(name, recipe, [build_network("fast", 3, CARDIAC.classes)])  # type: ignore[arg-type]
    terms = method(batch)
    assert set(terms) == set(method.weights)
    sum(terms.values()).backward()
    weight = method.network.encoder[0].conv1.weight
    assert weight.shape[1] == 3
    assert weight.grad is not None
    assert (weight.grad.abs().amax((0, 2, 3)) > 0).all()
