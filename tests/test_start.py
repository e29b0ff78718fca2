"""What a training begins with: fresh weights, the starter's, or another model's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import torch

from napari_scribblemix.data.labels import CARDIAC, MYOPS
from napari_scribblemix.errors import ModelError, SettingsError
from napari_scribblemix.inference.model import ModelCard, load_model, save_model
from napari_scribblemix.inference.orientation import AS_STORED, Turn
from napari_scribblemix.methods.teacher import Taught
from napari_scribblemix.methods.unet import UNet, build_network
from napari_scribblemix.resources import bundled_models, has_starter
from napari_scribblemix.settings import StarterSettings, TrainSettings
from napari_scribblemix.training import start
from napari_scribblemix.training.known_turns import KnownTurns
from napari_scribblemix.training.loop import Training
from napari_scribblemix.training.recipe import PRESETS, resolve
from napari_scribblemix.training.scribble_job import prepare
from napari_scribblemix.training.start import find_turns, knows_all, load_start, take_weights
from napari_scribblemix.training.starter import prepare as prepare_starter
from phantoms import make_case, make_project, write_channels, write_folder

CPU = torch.device("cpu")


def write_model(folder: Path, network: str = "fast", *, upright: bool = False) -> UNet:
    torch.manual_seed(7)
    made = build_network(network, 1, 4)
    card = ModelCard(
        name="known", network=network, in_channels=1, labels=CARDIAC, spacing=1.5, mirrored=False,
        upright=upright, method="partial", recipe={}, steps=1, seconds=1.0, seed=0,
        code_version="0",
    )  # fmt: skip
    save_model(folder, made, card)
    return made


def settings(folder: Path, **changes: object) -> TrainSettings:
    small = {"folder": folder, "crop": 48, "batch": 4, "spacing": 1.5, "steps": 1, "device": "cpu"}
    return TrainSettings.model_validate(small | changes)


def test_a_training_begins_with_the_weights_of_a_model(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", masked=0)
    known = write_model(tmp_path / "known")
    job = prepare(settings(folder, start=str(tmp_path / "known")))
    for mine, theirs in zip(job.main.network.parameters(), known.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(job.main.averaged.parameters(), known.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert (job.recipe.start, job.started.start) == ("model", "model")
    assert str(tmp_path) not in job.main.card.model_dump_json()


def cut_save_short(folder: Path) -> None:
    """As where a program was killed between the card and the weights of a newer model."""
    card = folder / "model.json"
    before = json.loads(card.read_text())
    newer = before | {"steps": 9, "sha256": "0" * 64}
    card.write_text(json.dumps(newer | {"before": before}))


def test_beginning_with_the_model_before_is_told(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", masked=0)
    write_model(tmp_path / "known")
    begun = settings(folder, start=str(tmp_path / "known"))
    told = "was cut short: the one before it is used, of step 1"
    assert not any(told in warning for warning in prepare(begun).warnings)
    cut_save_short(tmp_path / "known")
    assert sum(told in warning for warning in prepare(begun).warnings) == 1
    together = settings(folder, start="scratch", method="modelmix", companions=[tmp_path / "known"])
    assert sum(told in warning for warning in prepare(together).warnings) == 1
    again = StarterSettings(output=tmp_path / "o", start=tmp_path / "known", validations=0)
    assert sum(told in warning for warning in prepare_starter(again).warnings) == 1


def test_structures_keep_their_row_of_the_last_layer_by_name(tmp_path: Path) -> None:
    known = write_model(tmp_path / "known")
    model = load_start(tmp_path / "known", PRESETS["fast"], known, CPU)
    fresh = build_network("fast", 1, MYOPS.classes)
    take_weights(fresh, model, MYOPS)
    assert torch.equal(fresh.head.weight[:4], known.head.weight)
    # scar and oedema, which it does not know, begin as improbable everywhere
    logits = fresh(torch.randn(1, 1, 32, 32))
    assert (logits[:, 4:].amax(1) < logits[:, :4].amax(1)).all()
    assert torch.equal(fresh.encoder[0].conv1.weight, known.encoder[0].conv1.weight)


def test_who_does_not_know_a_structure_does_not_teach(tmp_path: Path) -> None:
    model = load_start(tmp_path, PRESETS["fast"], write_model(tmp_path), CPU)
    assert knows_all(model, CARDIAC)
    assert not knows_all(model, MYOPS)


def test_the_model_to_start_from_is_the_teacher(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", masked=0)
    known = write_model(tmp_path / "known")
    taught = prepare(settings(folder, start=str(tmp_path / "known"))).method
    assert isinstance(taught, Taught)
    (teacher,) = taught._teachers
    assert teacher is not None
    network = cast(UNet, teacher.network)
    assert torch.equal(network.head.weight, known.head.weight)
    alone = prepare(settings(folder, start=str(tmp_path / "known"), teacher=0.0)).method
    assert not isinstance(alone, Taught)


def test_a_model_with_another_network_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "known", "residual")
    folder = write_folder(tmp_path / "data", masked=0)
    with pytest.raises(SettingsError, match="choose another --preset, or --start scratch"):
        prepare(settings(folder, start=str(tmp_path / "known")))


def test_a_model_that_sees_other_grey_values_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "known")
    network = build_network("fast", 1, CARDIAC.classes)
    recipe = PRESETS["fast"].model_copy(update={"intensity": "slice-unit"})
    with pytest.raises(SettingsError, match="by the rule volume-zscore; the training by slice-uni"):
        load_start(tmp_path / "known", recipe, network, CPU)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", masked=0)
    with pytest.raises(ModelError, match="expected a run folder"):
        prepare(settings(folder, start=str(tmp_path / "nowhere")))


def test_fast_begins_with_the_starter_and_the_others_from_scratch() -> None:
    assert has_starter()
    fast = resolve(settings(Path("x")))
    assert fast.start == "starter"
    assert fast.drawn > 0
    scratch = resolve(settings(Path("x"), start="scratch"))
    assert (scratch.start, scratch.drawn) == ("scratch", 0.0)
    assert scratch.learning_rate == PRESETS["fast"].learning_rate
    for preset in ("best", "paper"):
        assert resolve(settings(Path("x"), preset=preset)).start == "scratch"


def test_the_shipped_starter_fits_and_is_small(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data", masked=0)
    job = prepare(settings(folder))
    assert job.main.card.upright
    weights = bundled_models()["starter"]
    assert weights.stat().st_size < 8_000_000


def test_if_a_few_cases_lie_upright_the_others_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    answer = [AS_STORED]

    def look(model: object, volume: object) -> Turn:
        looked.append(volume)
        return answer[0]

    monkeypatch.setattr(start, "turn_of", look)
    cases = [make_case(tmp_path, seed) for seed in range(9)]
    write_model(tmp_path / "known", upright=True)
    model = load_model(tmp_path / "known", CPU)
    said: list[str] = []
    assert find_turns(model, cases, KnownTurns(), said.append) == [AS_STORED] * 9
    assert len(looked) == 5
    assert said == [f"Finding which way up: {number} of 5" for number in range(1, 6)]
    answer[0] = Turn(1)
    looked.clear()
    said.clear()
    assert find_turns(model, cases, KnownTurns(), said.append) == [Turn(1)] * 9
    assert len(looked) == len(set(map(id, looked))) == 9  # none of them twice
    assert said[5:] == [f"Finding which way up: {number} of 9" for number in range(6, 10)]


def test_headers_that_a_few_cases_bear_out_are_believed_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    flipped = Turn(2, mirrored=True)

    def look(model: object, volume: object) -> Turn:
        looked.append(volume)
        return flipped

    monkeypatch.setattr(start, "turn_of", look)
    monkeypatch.setattr(start, "expected_turn", lambda _geometry: flipped)
    cases = [make_case(tmp_path, seed) for seed in range(7)]
    write_model(tmp_path / "known", upright=True)
    model = load_model(tmp_path / "known", CPU)
    assert find_turns(model, cases, KnownTurns()) == [flipped] * 7
    assert len(looked) == 4


def test_a_training_goes_on_with_the_ways_up_it_found_and_another_one_knows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []

    def look(model: object, volume: object) -> Turn:
        looked.append(volume)
        return Turn(3)

    monkeypatch.setattr(start, "turn_of", look)
    write_model(tmp_path / "known", upright=True)
    plain = write_folder(tmp_path / "data", masked=0)
    with make_project(tmp_path / "p", scribbled=2, unlabelled=0) as opened:
        project = opened.folder
    for folder, second in ((plain, "run"), (project, "another")):
        chosen = settings(folder, start=str(tmp_path / "known"), drawn=0.0)
        looked.clear()
        run = tmp_path / "out" / folder.name / "run"
        list(Training(prepare(chosen, run), run).events())
        assert len(looked) == 2
        again = prepare(chosen, run.with_name(second))
        assert len(looked) == 2
        assert set(again.main.source.store.turns.values()) == {Turn(3)}


def test_mirroring_a_model_that_knows_one_way_up_is_refused(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    folder = write_folder(tmp_path / "data", masked=0)
    write_model(tmp_path / "known", upright=True)
    given = ("segment", tmp_path / "known", folder / "images", "--output", tmp_path / "masks")
    code, _, text = run(*given, "--mirror")
    assert code == 2
    assert "knows hearts one way up only" in text
    assert run(*given)[0] == 0


def test_with_several_channels_a_training_begins_from_scratch_and_says_so(tmp_path: Path) -> None:
    folder = write_channels(tmp_path / "data", masked=0)
    job = prepare(settings(folder))
    assert (job.recipe.start, job.recipe.drawn, job.recipe.teacher) == ("scratch", 0.0, 0.0)
    assert (job.main.card.in_channels, job.main.card.channels) == (3, ("C0", "LGE", "T2"))
    assert job.main.network.in_channels == 3
    told = [line for line in job.warnings if "3 channels" in line]
    assert len(told) == int(has_starter())
    assert all(line.endswith("the training begins from scratch.") for line in told)
    quiet = prepare(settings(folder, start="scratch", drawn=0.5)).warnings
    assert quiet[0] == "--drawn has no effect: drawn hearts have one channel."


def test_a_model_of_other_channels_cannot_be_begun_with(tmp_path: Path) -> None:
    folder = write_channels(tmp_path / "data", masked=0)
    write_model(tmp_path / "known")
    with pytest.raises(SettingsError, match=r"a model of 1 channel\(s\); the cases have 3: use"):
        prepare(settings(folder, start=str(tmp_path / "known")))
