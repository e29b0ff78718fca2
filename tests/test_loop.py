"""The training loop on phantoms: it learns, resumes bit for bit and stops cleanly."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from napari_scribblemix.errors import OutOfMemory, ScribbleError, SettingsError, TrainingError
from napari_scribblemix.events import (
    Checkpoint,
    Event,
    Finished,
    Progress,
    Started,
    Validation,
    Warned,
    parse_event,
)
from napari_scribblemix.inference.model import load_model, read_card
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.cyclemix import CycleMix
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.cases import load_training_cases
from napari_scribblemix.training.checkpoint import checkpoint_path, load_checkpoint
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.recipe import PRESETS
from napari_scribblemix.training.scribble_job import prepare
from phantoms import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("phantoms"), scribbled=2, unlabelled=1, masked=1)


def settings(folder: Path, **changes: object) -> TrainSettings:
    small = {"folder": folder, "crop": 48, "batch": 4, "spacing": 1.5, "steps": 4, "device": "cpu"}
    small |= {"start": "scratch"}
    return TrainSettings.model_validate(small | changes)


def training(settings: TrainSettings, run: Path, control: Control | None = None) -> Training:
    return Training(prepare(settings), run, control)


def run(settings: TrainSettings, run: Path, control: Control | None = None) -> list[Event]:
    return list(training(settings, run, control).events())


@pytest.mark.parametrize("method", ["partial", "cyclemix"])
def test_it_learns_a_phantom_within_seconds(folder: Path, tmp_path: Path, method: str) -> None:
    chosen = settings(folder, method=method, steps=40, validations=1, learning_rate=6e-3)
    last = run(chosen, tmp_path / "run")[-1]
    assert isinstance(last, Finished)
    assert last.mean_dice is not None
    assert last.mean_dice > 0.6


def test_events_tell_the_whole_story(folder: Path, tmp_path: Path) -> None:
    events = run(settings(folder, steps=4, validations=2), tmp_path / "run")
    started = events[0]
    assert isinstance(started, Started)
    assert (started.cases, started.scribbled_cases, started.validation_cases) == (3, 2, 1)
    assert (started.slices, started.scribbled_slices) == (12, 8)
    assert [e.step for e in events if isinstance(e, Validation)] == [2, 4]
    assert any(isinstance(e, Checkpoint) for e in events)
    progress = [e for e in events if isinstance(e, Progress)]
    assert progress[-1].step == 4
    assert set(progress[-1].terms) == {"unmix", "mix", "global", "local", "dice", "edges"}
    assert isinstance(events[-1], Finished)
    assert not events[-1].stopped
    for event in events:
        assert parse_event(event.model_dump_json()) == event


@pytest.mark.parametrize("preset", ["fast", "best", "paper"])
def test_every_preset_trains(folder: Path, tmp_path: Path, preset: str) -> None:
    chosen = settings(folder, preset=preset, batch=2, crop=32, steps=2, validations=0)
    events = run(chosen, tmp_path / "run")
    assert isinstance(events[-1], Finished)
    assert read_card(tmp_path / "run").network == PRESETS[preset].network


def test_without_leaves_terms_out(folder: Path, tmp_path: Path) -> None:
    events = run(settings(folder, without="global,local", validations=0), tmp_path / "run")
    terms = [set(e.terms) for e in events if isinstance(e, Progress)]
    assert terms[-1] == {"unmix", "mix", "dice", "edges"}


@pytest.mark.parametrize(
    ("method", "preset"), [("partial", "fast"), ("cyclemix", "fast"), ("cyclemix", "paper")]
)
def test_resuming_equals_never_having_stopped(
    folder: Path, tmp_path: Path, method: str, preset: str
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    common = {"method": method, "preset": preset, "validations": 0, "threads": 1}
    run(settings(folder, steps=6, **common), whole)

    control = Control()
    begun = training(settings(folder, steps=6, **common), parts, control)
    at = begun.job.batches.at

    def stop_after_three(step: int, fraction: float) -> Batch:
        if step == 2:
            control.stop()
        return at(step, fraction)

    begun.job.batches.at = stop_after_three  # type: ignore[method-assign]
    stopped = list(begun.events())[-1]
    assert isinstance(stopped, Finished)
    assert (stopped.step, stopped.stopped) == (3, True)
    run(settings(folder, steps=6, resume=True, **common), parts)

    first = torch.load(checkpoint_path(whole), weights_only=True)
    second = torch.load(checkpoint_path(parts), weights_only=True)
    assert first["step"] == second["step"] == 6
    for part in ("method", "averaged"):
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    assert_same(first["optimizer"], second["optimizer"])
    assert torch.equal(first["generator"], second["generator"])
    assert torch.equal(first["host_generator"], second["host_generator"])


def assert_same(a: object, b: object) -> None:
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, list):
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


def test_resuming_in_another_memory_layout_keeps_moments_with_their_weights(
    folder: Path, tmp_path: Path
) -> None:
    common = {"validations": 0, "threads": 1, "precision": "32-true"}
    first = training(settings(folder, steps=2, **common), tmp_path / "run")
    list(first.events())
    again = training(settings(folder, steps=3, resume=True, **common), tmp_path / "run")
    again.job.main.network.arrange(torch.contiguous_format)
    load_checkpoint(tmp_path / "run", again.state)
    before = list(first.state.optimizer.state.values())
    after = list(again.state.optimizer.state.values())
    for weight, old, new in zip(again.state.optimizer.state, before, after, strict=True):
        assert torch.equal(old["exp_avg"], new["exp_avg"])
        assert new["exp_avg"].stride() == new["exp_avg_sq"].stride() == weight.stride()


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_methods_see_float32_at_any_precision(
    folder: Path, tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.dtype] = []
    forward = CycleMix.forward

    def look(self: CycleMix, batch: Batch) -> dict[str, torch.Tensor]:
        seen.extend((batch.image.dtype, batch.target.dtype, self.network(batch.image).dtype))
        return forward(self, batch)

    monkeypatch.setattr(CycleMix, "forward", look)
    run(settings(folder, steps=1, precision=precision, validations=0), tmp_path / "run")
    computed = torch.bfloat16 if precision == "bf16-mixed" else torch.float32
    assert seen == [torch.float32, torch.float32, computed]


def test_the_last_validation_survives_a_resume(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=2, validations=1), tmp_path / "run")
    metrics = read_card(tmp_path / "run").metrics
    assert metrics["validation_step"] == 2
    run(settings(folder, steps=3, resume=True, validations=0), tmp_path / "run")
    assert read_card(tmp_path / "run").metrics == metrics


def test_the_seed_decides_everything(folder: Path, tmp_path: Path) -> None:
    weights = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        run(settings(folder, steps=2, seed=seed, validations=0, threads=1), tmp_path / name)
        state = load_model(tmp_path / name, torch.device("cpu")).network.state_dict()
        weights.append(torch.cat([value.flatten() for value in state.values()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_time_budget_ends_the_training(folder: Path, tmp_path: Path) -> None:
    events = run(settings(folder, steps=None, time=1.5, validations=0), tmp_path / "run")
    assert isinstance(events[-1], Finished)
    assert 1.5 <= events[-1].elapsed < 6


def test_the_card_says_what_was_done_and_names_no_case(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=2, validations=1), tmp_path / "run")
    card = read_card(tmp_path / "run")
    assert (card.method, card.steps, card.network, card.spacing) == ("cyclemix", 2, "fast", 1.5)
    assert len(card.case_hashes) == 3
    assert card.metrics["validation_cases"] == 1
    text = (tmp_path / "run" / "model.json").read_text()
    assert "case0" not in text
    assert str(folder) not in text
    record = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert record["recipe"]["batch"] == 4
    assert record["settings"]["steps"] == 2


def test_unscribbled_masked_cases_are_not_trained_on(folder: Path) -> None:
    cases = load_training_cases(settings(folder))
    assert [case.id for case in cases.training] == ["case00", "case01", "case02"]
    assert [case.id for case in cases.validation] == ["case03"]


def test_scribbled_chooses_whose_strokes_are_used(folder: Path) -> None:
    cases = load_training_cases(settings(folder, scribbled="case01"))
    assert [c.id for c in cases.training if c.scribble is not None] == ["case01"]
    assert len(cases.training) == 3
    only = load_training_cases(settings(folder, cases="case0[0-1]"))
    assert [case.id for case in only.training] == ["case00", "case01"]


def test_a_pattern_that_matches_nothing_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Got --cases patient9, but patient9 matches none of 4"):
        training(settings(folder, cases="patient9"), tmp_path / "run")


def test_validating_on_seen_cases_is_said(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", scribbled=1, masked=0)
    (folder / "masks").mkdir()
    scribble = next((folder / "images").iterdir())
    from phantoms import draw, write_file

    write_file(folder / "masks" / scribble.name.replace(".nii", "_gt.nii"), draw(0)[1])
    events = run(settings(folder, steps=1), tmp_path / "run")
    assert any("flatters" in e.message for e in events if isinstance(e, Warned))


def test_a_folder_without_scribbles_cannot_be_trained_on(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", scribbled=0, unlabelled=2, masked=0)
    with pytest.raises((TrainingError, ScribbleError), match="no scribble"):
        training(settings(folder), tmp_path / "run")


def test_resume_without_a_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        training(settings(folder, resume=True), tmp_path / "run")


def test_resume_with_another_network_is_refused(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=1, validations=0, method="partial"), tmp_path / "run")
    with pytest.raises(TrainingError, match="does not fit these settings"):
        training(settings(folder, preset="best", resume=True), tmp_path / "run")


def test_a_damaged_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=1, validations=0), tmp_path / "run")
    checkpoint_path(tmp_path / "run").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="is damaged"):
        training(settings(folder, resume=True), tmp_path / "run")


def test_a_loss_that_is_no_number_stops_the_training(folder: Path, tmp_path: Path) -> None:
    begun = training(settings(folder, steps=3, validations=0), tmp_path / "run")
    with torch.no_grad():
        next(begun.job.main.network.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="loss is not a number any more"):
        list(begun.events())


def test_a_pause_in_the_middle_changes_nothing_in_what_is_learnt(
    folder: Path, tmp_path: Path
) -> None:
    chosen = settings(folder, steps=4, validations=0, threads=1)
    run(chosen, tmp_path / "whole")
    control, waits = Control(), 0

    def pause_at_two(training: Training) -> Iterator[Event]:
        nonlocal waits
        if training.control.paused:
            waits += 1
            training.control.resume()
        elif training.state.step == 2 and not waits:
            training.control.pause()
        yield Warned(message=f"between, step {training.state.step}")

    paused = Training(prepare(chosen), tmp_path / "paused", control, pause_at_two)
    events = list(paused.events())
    names = [event.event for event in events if event.event not in {"warning", "progress"}]
    assert names == ["started", "checkpoint", "paused", "resumed", "checkpoint", "finished"]
    assert [e.message for e in events if isinstance(e, Warned)] == [
        f"between, step {step}" for step in (0, 1, 2, 2, 3)
    ]
    first, second = (
        torch.load(checkpoint_path(tmp_path / name), weights_only=True)
        for name in ("whole", "paused")
    )
    assert_same(first["method"], second["method"])
    assert_same(first["optimizer"], second["optimizer"])


def test_a_stop_does_not_wait_for_a_validation(folder: Path, tmp_path: Path) -> None:
    control = Control()
    control.stop()
    events = run(settings(folder, validations=1), tmp_path / "run", control)
    assert not [e for e in events if isinstance(e, Validation)]
    assert isinstance(events[-1], Finished)
    assert (events[-1].step, events[-1].stopped) == (0, True)


def test_a_stop_in_a_validation_is_not_kept_waiting_for_its_end(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, begun = Control(), training(settings(folder, validations=1), tmp_path / "run")
    begun.control = control
    looks = 0

    def ask_to_stop(*_: object) -> None:
        nonlocal looks
        looks += 1
        control.stop()

    begun.job.main.averaged.register_forward_pre_hook(ask_to_stop)
    monkeypatch.setattr("napari_scribblemix.inference.sight._PIXELS_AT_ONCE", 1)
    events = list(begun.events())
    # The next pass through the network found that a stop was asked for.
    assert looks == 1
    assert not [e for e in events if isinstance(e, Validation)]
    assert isinstance(events[-1], Finished)
    assert (events[-1].step, events[-1].stopped, events[-1].mean_dice) == (4, True, None)
    again = run(settings(folder, validations=1, resume=True), tmp_path / "run")
    assert [e.step for e in again if isinstance(e, Validation)] == [4]


def test_full_memory_is_told_with_what_to_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: CycleMix, batch: Batch) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(CycleMix, "forward", full)
    with pytest.raises(OutOfMemory, match="memory of cpu was full at step 0; choose a smaller"):
        run(settings(folder), tmp_path / "run")
