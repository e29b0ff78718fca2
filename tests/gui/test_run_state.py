from __future__ import annotations

from pathlib import Path

from napari_scribblemix import events as ev
from napari_scribblemix.gui.run_state import Phase, RunState, after

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
    assert state.losses == ((7, 0.25), (8, 0.25))
    assert state.fraction == 0.5
    assert "0:30 left" in state.words


def test_dice_comes_from_validations_and_from_previews_that_have_one() -> None:
    state = RunState()
    for event in (
        ev.Validation(step=5, elapsed=1, dice={"LV": 0.7}, mean_dice=0.7, cases=1),
        ev.Preview(case="a", file="f", step=6),
        ev.Preview(case="a", file="f", step=7, mean_dice=0.8),
    ):
        state = after(state, event)
    assert state.dices == ((5, 0.7), (7, 0.8))


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
    words = after(RunState(phase=Phase.SEGMENTING), done).words
    assert words == "Segmented 12 cases in 0:06."


def test_only_idle_is_not_busy_and_segmenting_is_no_training() -> None:
    assert [phase for phase in Phase if not RunState(phase=phase).busy] == [Phase.IDLE]
    assert not RunState(phase=Phase.SEGMENTING, run=Path("r")).training
    assert RunState(phase=Phase.PAUSED).training
