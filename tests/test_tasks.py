"""The tasks of a training: names, settings of each, companions that learn and that do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from napari_scribblemix.errors import ModelError, ScribbleMixError, SettingsError
from napari_scribblemix.events import Finished, Progress, Started, Validation
from napari_scribblemix.inference.model import find_weights, load_model, read_card
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.modelmix import ModelMix
from napari_scribblemix.resources import has_starter
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.folders import (
    is_finished_model,
    settings_of_tasks,
    task_names,
)
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.scribble_job import prepare
from phantoms import write_channels, write_folder

SMALL = {
    "preset": "fast",
    "start": "scratch",
    "spacing": 1.5,
    "crop": 48,
    "batch": 4,
    "steps": 4,
    "device": "cpu",
    "precision": "32-true",
    "threads": 1,
    "validations": 0,
}


def settings(folder: Path, *companions: Path, **changes: object) -> TrainSettings:
    values = SMALL | {"method": "modelmix", "companions": list(companions)} | changes
    return TrainSettings.model_validate({"folder": folder, **values})


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("a") / "cine")


@pytest.fixture(scope="module")
def lge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("b") / "lge", scribbled=1, unlabelled=1, masked=1)


@pytest.fixture(scope="module")
def model(cine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("known") / "run"
    list(Training(prepare(settings(cine, method="partial")), run).events())
    return run


def test_tasks_are_called_by_as_little_of_their_paths_as_tells_them_apart(tmp_path: Path) -> None:
    assert task_names([tmp_path / "cine", tmp_path / "lge.scribblemix"]) == ["cine", "lge"]
    assert task_names([Path("/d/acdc/train"), Path("/d/mscmr/train")]) == [
        "acdc_train",
        "mscmr_train",
    ]
    assert task_names([Path("/"), Path("/train")]) == ["", "train"]


def test_a_folder_is_no_companion_of_itself(cine: Path) -> None:
    with pytest.raises(SettingsError, match="Got the folder cine twice"):
        prepare(settings(cine, cine / ".." / "cine"))


def test_each_task_has_its_own_choice_of_cases(cine: Path, lge: Path, model: Path) -> None:
    chosen = settings(
        cine, model, lge, cases="case0*", scribbled="case00", companions_scribbled=["", "case01"]
    )
    first, second = settings_of_tasks(chosen)
    assert (first.folder, first.cases, first.scribbled) == (cine, "case0*", "case00")
    assert (second.folder, second.cases, second.scribbled) == (lge, None, "case01")


def test_what_is_a_finished_model(cine: Path, model: Path) -> None:
    assert is_finished_model(model)
    assert is_finished_model(model / "model.safetensors")
    assert is_finished_model(Path("starter")) == has_starter()
    assert not is_finished_model(cine)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"companions": []}, "without a companion"),
        ({"method": "cyclemix"}, "only modelmix learns with a companion"),
        ({"companions_scribbled": ["a", "b"]}, "Got 2 --with-scribbled for 1 --with"),
        ({"without": "glue"}, "expected terms of modelmix"),
    ],
)
def test_settings_that_contradict_are_refused(
    cine: Path, lge: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        prepare(settings(cine, lge).model_copy(update=changes))


def test_a_companion_that_is_not_there_is_named(cine: Path, tmp_path: Path) -> None:
    with pytest.raises(ScribbleMixError, match="nowhere"):
        prepare(settings(cine, tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="gone"):
        prepare(settings(cine, tmp_path / "gone.safetensors"))


def test_a_model_of_another_architecture_is_refused(cine: Path, model: Path) -> None:
    with pytest.raises(SettingsError, match="only equal ones can be mixed"):
        prepare(settings(cine, model, preset="best"))


def test_encoders_begin_equal_so_that_they_can_be_mixed(cine: Path, lge: Path) -> None:
    first, second = prepare(settings(cine, lge, seed=3)).tasks
    own, theirs = first.network.encoder.state_dict(), second.network.encoder.state_dict()
    assert all(torch.equal(own[name], theirs[name]) for name in own)
    assert first.network is not second.network


def test_one_model_per_task_comes_out(cine: Path, lge: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    events = list(Training(prepare(settings(cine, lge, validations=2)), run).events())
    started = events[0]
    assert isinstance(started, Started)
    assert started.tasks == ["cine", "lge"]
    assert (started.cases, started.scribbled_cases, started.validation_cases) == (4, 3, 2)
    for name in ("cine", "lge"):
        card = read_card(run / name)
        assert (card.method, card.steps) == ("modelmix", 4)
        load_model(run / name, torch.device("cpu"))
    assert len({read_card(run / name).sha256 for name in ("cine", "lge")}) == 2
    with pytest.raises(ModelError, match="a model for each of cine, lge; choose one of them"):
        find_weights(run)
    measured = [(e.step, e.task) for e in events if isinstance(e, Validation)]
    assert measured == [(step, task) for step in (0, 2, 4) for task in ("cine", "lge")]
    terms = [e.terms for e in events if isinstance(e, Progress)][-1]
    assert {"cine: sup", "lge: sup", "cine: inv", "lge: inv"} <= set(terms)


def test_the_end_tells_which_task_gained(cine: Path, lge: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    events = list(Training(prepare(settings(cine, lge, validations=1)), run).events())
    finished = events[-1]
    assert isinstance(finished, Finished)
    shown = {
        task: [e.mean_dice for e in events if isinstance(e, Validation) and e.task == task]
        for task in ("cine", "lge")
    }
    for result in finished.tasks:
        assert [result.first_mean_dice, result.mean_dice] == shown[result.task]
        assert result.model == str(run / result.task)
        assert read_card(run / result.task).metrics["validation_mean_dice"] == result.mean_dice
    assert finished.mean_dice == shown["cine"][-1]


def test_a_frozen_companion_makes_one_model_and_stays_as_it_is(
    cine: Path, model: Path, tmp_path: Path
) -> None:
    before = (model / "model.safetensors").read_bytes()
    run = tmp_path / "run"
    job = prepare(settings(cine, model))
    assert isinstance(job.method, ModelMix)
    companion = job.method._others[1]
    kept = {name: value.clone() for name, value in companion.state_dict().items()}
    events = list(Training(job, run).events())
    assert all(torch.equal(kept[name], value) for name, value in companion.state_dict().items())
    assert (model / "model.safetensors").read_bytes() == before
    assert find_weights(run) == run / "cine" / "model.safetensors"
    assert isinstance(events[-1], Finished)
    assert events[-1].tasks == []
    terms = [e.terms for e in events if isinstance(e, Progress)][-1]
    assert {"sup", "inv", "vicinal_sup", "vicinal_reg"} <= set(terms)


def test_two_companions_of_both_kinds(cine: Path, lge: Path, model: Path, tmp_path: Path) -> None:
    events = list(Training(prepare(settings(cine, model, lge)), tmp_path / "run").events())
    assert isinstance(events[0], Started)
    assert events[0].tasks == ["cine", "lge"]
    assert isinstance(events[-1], Finished)


def test_resuming_equals_never_having_stopped(cine: Path, lge: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    common = {"crop": 32, "steps": 6}
    list(Training(prepare(settings(cine, lge, **common)), whole).events())
    control = Control()
    begun = Training(prepare(settings(cine, lge, **common)), parts, control)
    at = begun.job.batches.at

    def stop_after_three(step: int, fraction: float) -> Batch | Sequence[Batch]:
        if step == 2:
            control.stop()
        return at(step, fraction)

    begun.job.batches.at = stop_after_three  # type: ignore[method-assign]
    list(begun.events())
    assert begun.state.step == 3
    list(Training(prepare(settings(cine, lge, resume=True, **common)), parts).events())
    first, second = (torch.load(checkpoint_path(r), weights_only=True) for r in (whole, parts))
    for part in ("method", "averaged"):
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    assert torch.equal(first["generator"], second["generator"])
    for name in ("cine", "lge"):
        assert read_card(whole / name).sha256 == read_card(parts / name).sha256


def test_a_companion_may_have_other_channels(cine: Path, tmp_path: Path) -> None:
    three = write_channels(tmp_path / "three", masked=0)
    job = prepare(settings(cine, three, start="starter"))
    first, second = (task.network for task in job.tasks)
    assert (first.in_channels, second.in_channels) == (1, 3)
    assert torch.equal(first.encoder[1].conv1.weight, second.encoder[1].conv1.weight)
    assert [task.teacher is None for task in job.tasks] == [False, True]
    events = list(Training(job, tmp_path / "run").events())
    assert isinstance(events[-1], Finished)
    assert read_card(tmp_path / "run" / "three").in_channels == 3
    # The other way round nothing is known to begin with.
    swapped = prepare(settings(three, cine, start=None))
    assert swapped.recipe.start == "scratch"
    assert any("begins from scratch" in warning for warning in swapped.warnings)


@pytest.mark.slow
def test_two_tasks_are_learnt_within_a_minute(tmp_path: Path) -> None:
    cine = write_folder(tmp_path / "cine", dense=True)
    other = write_folder(tmp_path / "dark", dense=True, negative=True)
    chosen = settings(cine, other, steps=80, validations=1, learning_rate=6e-3)
    events = list(Training(prepare(chosen), tmp_path / "run").events())
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert {result.task for result in finished.tasks} == {"cine", "dark"}
    for result in finished.tasks:
        assert result.mean_dice is not None
        assert result.mean_dice >= 0.9
