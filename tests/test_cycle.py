"""End-diastole and end-systole on curves whose phases are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.errors import InputError
from napari_scribblemix.evaluation.cardiac import Chosen, pair_phases
from napari_scribblemix.evaluation.cycle import (
    cycle_ms,
    find_extremes,
    is_cine,
    smoothed,
    steady_slices,
)


def beat(frames: int, ed: int = 0, systole: float = 0.35) -> np.ndarray:
    """Volumes 150 to 60 ml: a fall over systole, then a slower rise."""
    share = ((np.arange(frames) - ed) % frames) / frames
    falling = 150 - 90 * np.sin(np.pi / 2 * share / systole) ** 2
    rising = 60 + 90 * np.sin(np.pi / 2 * (share - systole) / (1 - systole)) ** 2
    return np.where(share <= systole, falling, rising)


@pytest.mark.parametrize("frames", [8, 20, 25, 30])
@pytest.mark.parametrize("ed", [0, 1, 7, -1])
def test_the_phases_of_a_clean_curve_are_its_extremes_wherever_it_begins(
    frames: int, ed: int
) -> None:
    found = find_extremes(beat(frames, ed), range(frames))
    assert found.ed == ed % frames
    assert abs((found.es - ed) % frames - 0.35 * frames) <= 1
    assert found.notes == ()


@given(st.integers(0, 24), st.sampled_from([-1, 1]), st.floats(0.5, 1.0))
def test_one_bad_mask_is_no_phase(frame: int, sign: int, size: float) -> None:
    clean, spoiled = beat(25, 23), beat(25, 23)
    spoiled[frame] += sign * size * 90
    found, true = (find_extremes(curve, range(25)) for curve in (spoiled, clean))
    # At the extremes themselves a neighbour takes their place.
    assert min((found.ed - true.ed) % 25, (true.ed - found.ed) % 25) <= 1
    assert min((found.es - true.es) % 25, (true.es - found.es) % 25) <= 1


def test_noise_of_some_millilitres_moves_the_phases_by_few_frames() -> None:
    rng = np.random.default_rng(0)
    away = []
    for _ in range(200):
        found = find_extremes(beat(25, 24) + rng.normal(0, 4, 25), range(25))
        away.append((abs((found.ed - 24 + 12) % 25 - 12), abs((found.es - 8 + 12) % 25 - 12)))
    assert np.mean(away, axis=0).max() < 1.5


def test_basal_slices_that_come_and_go_do_not_tell_the_time() -> None:
    heart = beat(20, 19)
    slices = np.outer(heart, [0.2, 0.3, 0.3, 0.2])
    base = np.zeros((20, 1))
    base[[4, 5, 6, 7], 0] = 40  # a slice that is there round end-systole only
    curve = steady_slices(np.hstack([slices, base]))
    assert curve == pytest.approx(heart)
    assert find_extremes(curve, range(20)).es == find_extremes(heart, range(20)).es


def test_without_a_slice_that_is_there_throughout_all_count() -> None:
    slices = np.eye(10)
    assert steady_slices(slices).tolist() == [1.0] * 10


def test_some_frames_are_no_cine_and_are_taken_as_they_are() -> None:
    assert not is_cine([1, 12])
    assert not is_cine([0, 1, 2, 3, 5, 6, 7, 8])
    assert is_cine(range(8))
    assert find_extremes([50.0, 110.0], [1, 12]).ed == 1


def test_end_systole_at_no_plausible_time_is_told_by_frames_or_by_trigger_times() -> None:
    late = beat(20, systole=0.8)
    (line,) = find_extremes(late, range(20)).notes
    assert "70 % of the cycle after end-diastole (by frames); expected 20 to 60 %" in line
    # A good curve whose first frames came much faster than the last.
    times = [*np.arange(15) * 20.0, *(300.0 + np.arange(5) * 120.0)]
    early = find_extremes(beat(20, systole=0.35), range(20), times)
    assert "18 % of the cycle after end-diastole (by trigger times)" in early.notes[0]


def test_the_cycle_is_a_step_longer_than_from_the_first_frame_to_the_last() -> None:
    assert cycle_ms([10.0, 50.0, 90.0]) == pytest.approx(120.0)
    assert cycle_ms([10.0, 5.0]) is None
    assert cycle_ms([10.0]) is None


def test_smoothing_keeps_a_constant_and_goes_round() -> None:
    assert smoothed([5.0] * 9).tolist() == [5.0] * 9
    curve = beat(20, 3)
    assert np.roll(smoothed(curve), 4) == pytest.approx(smoothed(np.roll(curve, 4)))


def cine(curve: np.ndarray) -> dict[str, float]:
    return {f"a_frame{n:02d}": float(ml) for n, ml in enumerate(curve)}


def test_a_person_chooses_the_phases_of_a_patient() -> None:
    volumes = cine(beat(20))
    (pair,) = pair_phases(volumes, chosen={"a": Chosen(ed=19, es=6)})
    assert (pair.ed, pair.es) == ("a_frame19", "a_frame06")
    (pair,) = pair_phases(volumes, chosen={"a": Chosen(ed=19)})
    assert (pair.ed, pair.es) == ("a_frame19", "a_frame07")
    with pytest.raises(InputError, match=r"Got frame 20 for ED of a.*0 to 19"):
        pair_phases(volumes, chosen={"a": Chosen(ed=20)})
    with pytest.raises(InputError, match="both ED and ES"):
        pair_phases(volumes, chosen={"a": Chosen(3, 3)})


def test_a_choice_at_no_plausible_time_is_told() -> None:
    (pair,) = pair_phases(cine(beat(20)), chosen={"a": Chosen(0, 18)})
    assert "90 % of the cycle" in pair.notes[0]


def test_of_two_frames_alike_both_ventricles_decide() -> None:
    left = {"a_frame01": 200.0, "a_frame12": 204.0}
    right = {"a_frame01": 150.0, "a_frame12": 90.0}
    assert pair_phases(left)[0].ed == "a_frame12"
    assert pair_phases(left, right)[0].ed == "a_frame01"
    # Where the left ventricle tells, the right one has no say.
    left["a_frame12"] = 250.0
    assert pair_phases(left, right)[0].ed == "a_frame12"


def test_masks_of_some_frames_of_a_cine_are_told_and_are_no_whole_cycle() -> None:
    part = {case: ml for case, ml in cine(beat(20, ed=19)).items() if case < "a_frame16"}
    (pair,) = pair_phases(part, frames_of={"a": 20})
    assert pair.notes[0].startswith("Masks of 16 of 20 frames: end-diastole and end-systole may be")
    assert not is_cine(range(16), 20)
    assert is_cine(range(16), 16)
    (pair,) = pair_phases(part, chosen={"a": Chosen(0, 6)}, frames_of={"a": 20})
    assert pair.notes == ()
    (pair,) = pair_phases(cine(beat(20)), frames_of={"a": 20})
    assert pair.notes == ()


def test_a_choice_among_some_frames_names_those_there_are() -> None:
    with pytest.raises(InputError, match=r"of the frames 6, 19: choose"):
        pair_phases({"a_frame06": 60.0, "a_frame19": 150.0}, chosen={"a": Chosen(ed=10)})
