from __future__ import annotations

from pathlib import Path

from napari_scribblemix import events as ev
from napari_scribblemix.gui.state.run_curves import curves_of
from napari_scribblemix.gui.state.run_state import Phase, RunState, after

START = ev.Started(
    run="r", method="cyclemix", preset="fast", device="cpu", precision="32-true", cases=2,
    scribbled_cases=2, slices=8, scribbled_slices=8, validation_cases=0, parameters=10,
)  # fmt: skip
STEP = ev.Progress(
    step=7, fraction=0.5, elapsed=30.0, eta=30.0, slices_per_second=40.0, learning_rate=1e-3,
    loss=0.25, terms={},
)  # fmt: skip


def test_a_start_turns_starting_into_training_but_not_stopping() -> None:
    assert after(RunState(phase=Phase.STARTING), START).phase is Phase.TRAINING
    assert after(RunState(phase=Phase.STOPPING), START).phase is Phase.STOPPING


def test_progress_adds_to_the_curve_and_says_the_time_left() -> None:
    state = after(after(RunState(phase=Phase.TRAINING), STEP), STEP.model_copy(update={"step": 8}))
    assert state.curves.losses[""] == ((7, 0.25), (8, 0.25))
    assert state.fraction == 0.5
    assert "0:30 left" in state.words


def test_the_dice_of_a_preview_is_no_part_of_the_curve_of_validations() -> None:
    state = RunState()
    for event in (
        ev.Validation(step=5, elapsed=1, dice={"LV": 0.7}, mean_dice=0.7, cases=1),
        ev.Preview(case="a", file="f", step=6),
        ev.Preview(case="a", file="f", step=7, mean_dice=0.8),
    ):
        state = after(state, event)
    assert state.curves.dices[""] == ((5, 0.7),)


def test_pausing_ends_paused_and_goes_on_as_training() -> None:
    paused = after(RunState(phase=Phase.PAUSING), ev.Paused(step=3))
    assert paused.phase is Phase.PAUSED
    assert after(paused, ev.Resumed(step=3)).phase is Phase.TRAINING


def test_a_pause_does_not_take_back_a_stop() -> None:
    assert after(RunState(phase=Phase.STOPPING), ev.Paused(step=3)).phase is Phase.STOPPING


def test_a_finished_run_is_full_and_a_stopped_one_stays_where_it_was() -> None:
    state = RunState(phase=Phase.TRAINING, fraction=0.4)
    done = ev.Finished(step=9, elapsed=65.0, stopped=False, model="m", mean_dice=0.9)
    assert after(state, done).fraction == 1.0
    assert "1:05" in after(state, done).words
    assert after(state, done.model_copy(update={"stopped": True})).fraction == 0.4


def test_a_finished_segmentation_counts_cases() -> None:
    done = ev.Finished(step=12, elapsed=6.0, stopped=False, model="m")
    over = after(RunState(Phase.SEGMENTING, segmenting=True), done)
    assert over.words == "Segmented 12 cases in 0:06."
    assert not over.preparing  # nothing is waited for any more, so no seconds are counted
    some = RunState(Phase.SEGMENTING, segmenting=True, also="1 mask stayed.")
    assert after(some, done.model_copy(update={"step": 1})).words == (
        "Segmented 1 case in 0:06. 1 mask stayed."
    )


def test_one_is_told_in_the_singular() -> None:
    done = ev.Finished(step=1, elapsed=6.0, stopped=False, model="m")
    assert after(RunState(phase=Phase.TRAINING), done).words == "Done after 1 step, 0:06."
    one = START.model_copy(update={"scribbled_slices": 1, "scribbled_cases": 1})
    assert after(RunState(), one).words.endswith("1 scribbled slice of 1 case.")


def test_only_idle_is_not_busy_and_segmenting_is_no_training() -> None:
    assert [phase for phase in Phase if not RunState(phase=phase).busy] == [Phase.IDLE]
    assert not RunState(Phase.SEGMENTING, run=Path("r"), segmenting=True).training
    assert RunState(phase=Phase.PAUSED).training


TWO = START.model_copy(update={"method": "modelmix", "tasks": ["study", "other"]})


def test_each_of_several_tasks_has_its_curves() -> None:
    state = after(RunState(phase=Phase.STARTING), TWO)
    terms = {"study: sup": 0.5, "study: inv": 0.1, "other: sup": 0.7}
    for event in (
        STEP.model_copy(update={"terms": terms}),
        ev.Validation(step=7, elapsed=1, dice={}, mean_dice=0.6, cases=1, task="other"),
        ev.Preview(case="a", file="f", step=8, mean_dice=0.9),
    ):
        state = after(state, event)
    assert state.curves.losses == {"study": ((7, 0.5),), "other": ((7, 0.7),)}
    assert state.curves.dices == {"other": ((7, 0.6),)}


def test_the_curves_of_a_run_that_is_over_are_those_it_showed() -> None:
    events: list[ev.Event] = [
        TWO,
        STEP.model_copy(update={"terms": {"study: sup": 0.5, "other: sup": 0.7}}),
        ev.Validation(step=7, elapsed=1, dice={}, mean_dice=0.6, cases=1, task="study"),
        STEP.model_copy(update={"step": 9, "terms": {"study: sup": 0.4, "other: sup": 0.6}}),
    ]
    state = RunState()
    for event in events:
        state = after(state, event)
    assert curves_of(events) == state.curves
    assert len(state.curves.losses["other"]) == 2


def test_the_only_task_of_a_modelmix_run_has_the_curves_of_any_other_run() -> None:
    state = after(RunState(), START.model_copy(update={"method": "modelmix"}))
    done = ev.Validation(step=7, elapsed=1, dice={}, mean_dice=0.6, cases=1, task="study")
    state = after(after(state, STEP), done)
    assert state.curves.losses == {"": ((7, 0.25),)}
    assert state.curves.dices == {"": ((7, 0.6),)}


def test_the_end_says_which_task_gained_how_much() -> None:
    results = [
        ev.TaskResult(task="study", model="m", first_mean_dice=0.7, mean_dice=0.75),
        ev.TaskResult(task="other", model="m"),
    ]
    done = ev.Finished(step=9, elapsed=65, stopped=False, model="m", tasks=results, mean_dice=0.75)
    words = after(RunState(phase=Phase.TRAINING), done).words
    assert "study: Dice 0.700 at first, 0.750 now (+0.050)" in words
    assert "other: not measured" in words
