"""The training loop on phantoms: it learns, resumes bit for bit and stops cleanly."""

import json
from pathlib import Path

import pytest
import torch
from small_trainings import folder, run, settings, training

from napari_scribblemix.errors import ScribbleError, SettingsError, TrainingError
from napari_scribblemix.events import (
    Checkpoint,
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
from napari_scribblemix.training.cases import load_training_cases
from napari_scribblemix.training.recipe import PRESETS
from phantoms import write_folder

__all__ = ["folder"]


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
