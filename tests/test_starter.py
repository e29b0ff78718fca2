"""The starter: trained on drawn hearts alone, by the one loop, resumable, measured where asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import ModelError, TrainingError
from napari_scribblemix.events import Finished, Started
from napari_scribblemix.inference.model import load_model, read_card
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.settings import StarterSettings
from napari_scribblemix.training import starter
from napari_scribblemix.training.checkpoint import checkpoint_path
from napari_scribblemix.training.job import Generators
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.recipe import STARTER
from napari_scribblemix.training.starter import DrawnBatches, measure_on, prepare, unseen_hearts
from phantoms import write_folder

Run = Callable[..., tuple[int, str, str]]
TINY = STARTER.model_copy(update={"crop": 48, "spacing": 4.0, "batch": 4})


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small, coarse slices, so that a step takes milliseconds."""
    monkeypatch.setattr(starter, "STARTER", TINY)


def settings(output: Path, **changes: object) -> StarterSettings:
    given = {"output": output, "steps": 3, "validations": 0, "device": "cpu", "threads": 1}
    return StarterSettings.model_validate(given | changes)


def test_batches_are_dense_and_never_the_same() -> None:
    batches = DrawnBatches(TINY, Generators.seeded(0, torch.device("cpu")))
    first, second = batches.at(0, 0.0), batches.at(1, 0.5)
    assert first.image.shape == (4, 1, 48, 48)
    assert torch.equal(first.target.sum(1), torch.ones(4, 48, 48))
    assert not torch.equal(first.image, second.image)
    assert second.fraction == 0.5


def test_a_training_on_drawn_hearts_says_what_it_is(tiny: None, tmp_path: Path) -> None:
    events = list(Training(prepare(settings(tmp_path / "run")), tmp_path / "run").events())
    assert isinstance(events[0], Started)
    assert (events[0].cases, events[0].steps) == (0, 3)
    assert isinstance(events[-1], Finished)
    card = read_card(tmp_path / "run")
    assert (card.name, card.licence, card.steps, card.network) == (
        "starter", "BSD-3-Clause", 3, "fast",
    )  # fmt: skip
    assert card.upright
    assert not card.case_hashes
    assert card.labels == CARDIAC


def test_a_starter_can_be_trained_on_from_another_and_its_card_names_it(
    tiny: None, tmp_path: Path
) -> None:
    list(Training(prepare(settings(tmp_path / "first")), tmp_path / "first").events())
    parent = read_card(tmp_path / "first")
    job = prepare(settings(tmp_path / "second", start=tmp_path / "first"))
    before = load_model(tmp_path / "first", torch.device("cpu")).network.state_dict()
    own = job.tasks[0].network.state_dict()
    assert all(torch.equal(own[name], before[name]) for name in own)
    list(Training(job, tmp_path / "second").events())
    card = read_card(tmp_path / "second")
    assert (card.parent, parent.parent) == (parent.sha256, "")
    assert card.recipe["start"] == "model"
    assert card.recipe["learning_rate"] < TINY.learning_rate


def test_a_starter_does_not_begin_with_another_network(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a run folder"):
        prepare(settings(tmp_path / "run", start=tmp_path / "nothing"))


def test_one_seed_makes_one_starter_also_with_a_stop_between(tiny: None, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    list(Training(prepare(settings(whole, steps=4)), whole).events())
    first = Training(prepare(settings(parts, steps=4)), parts)
    at = first.job.batches.at

    def stop_after_two(step: int, fraction: float) -> Batch:
        if step == 1:
            first.control.stop()
        return at(step, fraction)

    first.job.batches.at = stop_after_two  # type: ignore[method-assign]
    list(first.events())
    assert first.state.step == 2
    list(Training(prepare(settings(parts, steps=4, resume=True)), parts).events())
    a, b = (torch.load(checkpoint_path(run), weights_only=True) for run in (whole, parts))
    assert all(torch.equal(a["averaged"][key], b["averaged"][key]) for key in a["averaged"])


def test_unseen_hearts_are_whole_patients_with_masks() -> None:
    cases = unseen_hearts(0)
    assert [case.id[:3] for case in cases] == ["cin"] * 4 + ["lge"] * 2
    for case in cases:
        assert case.mask is not None
        assert case.mask.shape == case.image.array.shape
        assert set(case.mask.ravel().tolist()) == {0, 1, 2, 3}
        assert case.scribble is None


def test_what_was_measured_on_what_stands_in_the_card(tiny: None, tmp_path: Path) -> None:
    run = tmp_path / "run"
    list(Training(prepare(settings(run)), run).events())
    folder = write_folder(tmp_path / "data", scribbled=0, masked=2)
    dice, mean = measure_on(run, "phantoms", str(folder))
    noted = read_card(run).metrics["measured"]["phantoms"]
    assert noted["cases"] == 2
    assert noted["mean_dice"] == pytest.approx(mean, abs=1e-4)
    assert set(dice) <= set(CARDIAC.names)
    assert str(tmp_path) not in (run / "model.json").read_text()


def test_measuring_needs_masks(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", scribbled=1, masked=0)
    with pytest.raises(TrainingError, match=r"Got --measure x=.* without any mask"):
        measure_on(tmp_path / "run", "x", str(folder))


def test_the_command_trains_and_refuses_two_budgets(tiny: None, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "run"
    code, text, _ = run("make-starter", "--output", out, "--steps", 2, "--validations", 0)
    assert code == 0
    assert "Model:" in text
    code, _, text = run("make-starter", "--output", tmp_path / "b", "--steps", 2, "--time", "1m")
    assert code == 2
    assert "Got --time and --steps" in text
    code, _, text = run("make-starter", "--output", out, "--steps", 2)
    assert "already holds a training" in text
    code, _, text = run("make-starter", "--output", tmp_path / "c", "--measure", "nonsense")
    assert code == 2
    assert "expected NAME=FOLDER" in text


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_short_training_finds_fresh_drawn_hearts(tmp_path: Path) -> None:
    """Coarse pixels and 400 steps are enough for a mean Dice of 0.5 on hearts never seen."""
    recipe = TINY.model_copy(update={"crop": 64, "spacing": 3.0, "batch": 12, "ema": 0.98})
    chosen = settings(tmp_path / "run", steps=400, validations=1, threads=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter, "STARTER", recipe)
        last = list(Training(prepare(chosen), tmp_path / "run").events())[-1]
    assert isinstance(last, Finished)
    assert last.mean_dice is not None
    assert last.mean_dice > 0.5
