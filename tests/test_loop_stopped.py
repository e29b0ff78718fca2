"""A training that is stopped, paused or resumed, or that fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from small_trainings import folder, run, settings, training

from napari_scribblemix.errors import OutOfMemory, TrainingError
from napari_scribblemix.events import (
    Event,
    Finished,
    Validation,
    Warned,
)
from napari_scribblemix.inference.model import read_card
from napari_scribblemix.methods.batch import Batch
from napari_scribblemix.methods.cyclemix import CycleMix
from napari_scribblemix.training.checkpoint import checkpoint_path, load_checkpoint
from napari_scribblemix.training.control import Control
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.scribble_job import prepare

__all__ = ["folder"]


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


def test_the_last_validation_survives_a_resume(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=2, validations=1), tmp_path / "run")
    metrics = read_card(tmp_path / "run").metrics
    assert metrics["validation_step"] == 2
    run(settings(folder, steps=3, resume=True, validations=0), tmp_path / "run")
    assert read_card(tmp_path / "run").metrics == metrics


def test_resume_without_a_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no checkpoint"):
        training(settings(folder, resume=True), tmp_path / "run")


def test_resume_with_another_network_is_refused(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=1, validations=0, method="partial"), tmp_path / "run")
    told = r"does not fit these settings .*start anew \([^\n]{20,200}\)"
    with pytest.raises(TrainingError, match=told):
        training(settings(folder, preset="best", resume=True), tmp_path / "run")


def test_a_damaged_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=1, validations=0), tmp_path / "run")
    checkpoint_path(tmp_path / "run").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match="is damaged"):
        training(settings(folder, resume=True), tmp_path / "run")


def test_code_in_a_checkpoint_is_refused_without_a_way_to_run_it(
    folder: Path, tmp_path: Path
) -> None:
    run(settings(folder, steps=1, validations=0), tmp_path / "run")
    torch.save({"schema_version": 3, "method": Path("code")}, checkpoint_path(tmp_path / "run"))
    with pytest.raises(TrainingError, match=r"is damaged \(it holds more than numbers") as told:
        training(settings(folder, resume=True), tmp_path / "run")
    assert "weights_only" not in str(told.value)


def test_a_flipped_bit_in_a_checkpoint_is_noticed(folder: Path, tmp_path: Path) -> None:
    run(settings(folder, steps=2), tmp_path / "run")
    path = checkpoint_path(tmp_path / "run")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # among the weights, which are nearly all of it
    path.write_bytes(data)
    with pytest.raises(TrainingError, match=r"is damaged \(the checksum of its part .* is wrong"):
        training(settings(folder, steps=4, resume=True), tmp_path / "run")


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
