from pathlib import Path

import pytest

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.recipe import PRESETS, resolve
from napari_scribblemix.training.schedule import Budget, learning_rate


def settings(**changes: object) -> TrainSettings:
    return TrainSettings.model_validate({"folder": Path("somewhere"), **changes})


def test_paper_preset_is_what_the_paper_states() -> None:
    recipe = resolve(settings(preset="paper"))
    assert (recipe.network, recipe.spacing, recipe.crop, recipe.batch) == ("unet+", 1.37, 212, 4)
    assert (recipe.learning_rate, recipe.schedule, recipe.epochs) == (1e-4, "constant", 1000)
    assert not recipe.enclosure_rule
    assert not recipe.augmentation.moves
    assert recipe.dice == recipe.ema == 0


def test_options_replace_the_numbers_of_the_preset() -> None:
    recipe = resolve(settings(spacing=1.5, batch=4, enclosure_rule=False, without="local, mix"))
    assert (recipe.spacing, recipe.batch, recipe.enclosure_rule) == (1.5, 4, False)
    assert recipe.without == ("local", "mix")
    assert recipe.crop == PRESETS["fast"].crop


def test_a_budget_replaces_the_budget_of_the_preset() -> None:
    assert resolve(settings(steps=7)).time is None
    assert resolve(settings(preset="paper", time="90s")).epochs is None
    assert resolve(settings(time="1.5h")).time == 5400


def test_two_budgets_are_refused() -> None:
    with pytest.raises(SettingsError, match="Got --time and --steps; expected one budget"):
        resolve(settings(steps=7, time=60.0))


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(SettingsError, match="Got --without glue; expected terms of cyclemix"):
        resolve(settings(without="glue"))


def test_terms_of_one_method_cannot_be_switched_off_in_another() -> None:
    with pytest.raises(SettingsError, match="which has one term only"):
        resolve(settings(method="partial", without="mix"))
    with pytest.raises(SettingsError, match="Got --without mix; expected terms of modelmix"):
        resolve(settings(method="modelmix", without="mix"))


def test_paper_preset_of_modelmix_is_what_its_paper_states() -> None:
    recipe = resolve(settings(method="modelmix", preset="paper"))
    assert (recipe.crop, recipe.batch, recipe.learning_rate) == (256, 16, 1e-3)
    assert (recipe.epochs, recipe.dropout, recipe.dice) == (1000, 0.5, 1.0)
    assert recipe.augmentation.mirror
    assert not recipe.enclosure_rule
    assert recipe.companion_batch == 1.0
    assert recipe.intensity == "slice-unit"
    assert not recipe.mix_everywhere


@pytest.mark.parametrize("text", ["soon", "10 parsecs", "-5m", "0s"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        settings(time=text)


def test_epochs_become_steps() -> None:
    assert Budget.of(resolve(settings(epochs=3)), steps_per_epoch=11).steps == 33


def test_fraction_and_eta_of_both_kinds_of_budget() -> None:
    steps, seconds = Budget(10, None), Budget(None, 60.0)
    assert steps.fraction(5, 20.0) == 0.5
    assert steps.eta(5, 20.0) == 20.0
    assert steps.eta(0, 0.0) is None
    assert seconds.fraction(5, 15.0) == 0.25
    assert seconds.eta(5, 15.0) == 45.0
    assert seconds.spent(1, 61.0)
    assert not steps.spent(9, 1e9)


def test_one_cycle_rises_then_falls_to_a_hundredth() -> None:
    recipe = resolve(settings())
    rates = [learning_rate(recipe, f / 100) for f in range(101)]
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(recipe.learning_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(recipe.learning_rate / 100)


def test_the_papers_learning_rate_is_constant() -> None:
    recipe = resolve(settings(preset="paper"))
    assert {learning_rate(recipe, f / 10) for f in range(11)} == {1e-4}


def test_partial_is_cross_entropy_alone_in_every_preset() -> None:
    for preset in PRESETS:
        recipe = resolve(settings(method="partial", preset=preset))
        assert recipe.dice == recipe.edges == 0
