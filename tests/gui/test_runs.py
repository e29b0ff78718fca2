from __future__ import annotations

import json
import os
from pathlib import Path

from by_hand import STARTED

from napari_scribblemix import events as ev
from napari_scribblemix.gui.state.runs import (
    best_run,
    last_trained,
    list_runs,
    model_choices,
    model_of,
    trained_cases,
)
from napari_scribblemix.project.changes import file_hash
from napari_scribblemix.project.project import Project


def write_run(
    project: Project, name: str, dice: float | None, *, stopped: bool = False, model: bool = True
) -> Path:
    run = project.folder / "runs" / name
    (run / "checkpoint").mkdir(parents=True)
    (run / "checkpoint" / "state.pt").write_bytes(b"")
    if model:
        (run / "model.safetensors").write_bytes(b"")
    end = ev.Finished(step=12, elapsed=3.0, stopped=stopped, model="m", mean_dice=dice)
    (run / "events.jsonl").write_text(end.model_dump_json() + "\n" + '{"event": "prog')
    return run


def test_a_run_tells_steps_dice_and_whether_it_can_go_on(project: Project) -> None:
    write_run(project, "a", 0.7, stopped=True)
    (summary,) = list_runs(project)
    assert (summary.steps, summary.dice, summary.finished) == (12, 0.7, False)
    assert summary.ready
    assert summary.resumable
    assert summary.sentence == (
        "a: 12 steps, unfinished. Dice 0.700 (against the masks that came with the images)"
    )


def test_the_best_run_has_the_highest_dice_and_a_model(project: Project) -> None:
    write_run(project, "a", 0.7)
    write_run(project, "b", 0.8)
    write_run(project, "c", 0.9, model=False)
    write_run(project, "d", None)
    best = best_run(list_runs(project))
    assert best is not None
    assert best.name == "b"


def test_the_newest_run_is_offered_first_to_segment_with(project: Project) -> None:
    for name, dice, saved in (("b", 0.8, 100), ("a", 0.7, 300), ("c", 0.6, 200)):
        run = write_run(project, name, dice)
        os.utime(run / "model.safetensors", (saved, saved))
    names = [name for name, _ in model_choices(list_runs(project))]
    assert names[:3] == ["run a", "run c", "run b (highest Dice)"]


def test_a_run_that_never_began_is_not_listed(project: Project) -> None:
    (project.new_run("empty") / "run.lock").touch()
    assert list_runs(project) == []
    run = project.new_run("begun")
    (run / "settings.json").write_text("{}")
    (summary,) = list_runs(project)
    assert (summary.name, summary.steps, summary.dice, summary.ready) == ("begun", 0, None, False)


def test_a_run_that_found_nothing_is_not_the_best(project: Project) -> None:
    write_run(project, "a", 0.0)
    assert best_run(list_runs(project)) is None


def test_trained_cases_are_found_by_their_hashes(project: Project) -> None:
    run = write_run(project, "a", None)
    card = {
        "case_salt": "salt",
        "case_hashes": [
            file_hash(project.image_path(name), "salt") for name in ("case01", "case02")
        ],
    }
    (run / "model.json").write_text(json.dumps(card))
    # case02 has no scribble: it was seen, but nobody's strokes were learnt from.
    assert trained_cases(project, run) == {"case01"}
    assert trained_cases(project, run.with_name("none")) == frozenset()


def test_the_record_of_a_run_says_which_cases_took_part(project: Project) -> None:
    run = write_run(project, "a", None)
    started = STARTED.model_copy(update={"scribbled": ["case00", "gone"]})
    taken = ev.ScribblesTaken(case="case02", step=3, scribbled_cases=2, scribbled_slices=2)
    told = (started, taken, ev.Checkpoint(step=4, path="p"))
    (run / "events.jsonl").write_text("".join(e.model_dump_json() + "\n" for e in told))
    # Not case01: it has strokes now, and had none then.
    assert trained_cases(project, run) == {"case00", "case02"}
    later = write_run(project, "b", None)
    (later / "events.jsonl").write_text(started.model_dump_json() + "\n")
    os.utime(run / "events.jsonl", (1, 1))
    assert last_trained(project) == {"case00", "case02"}, "b never made a step"


def write_modelmix(project: Project, name: str, dices: dict[str, float]) -> Path:
    run = project.folder / "runs" / name
    for task in dices:
        (run / task).mkdir(parents=True)
        (run / task / "model.safetensors").write_bytes(b"")
    told: list[ev.Event] = [STARTED.model_copy(update={"tasks": list(dices)})]
    told += [
        ev.Validation(step=3, elapsed=1, dice={}, mean_dice=dice, cases=1, task=task)
        for task, dice in dices.items()
    ]
    (run / "events.jsonl").write_text("".join(e.model_dump_json() + "\n" for e in told))
    (run / "settings.json").write_text("{}")
    return run


def test_of_several_tasks_the_main_one_decides_and_is_segmented_with(project: Project) -> None:
    write_run(project, "a", 0.7)
    # The companion is better, and last; its name comes first.
    run = write_modelmix(project, "b", {"study": 0.6, "else": 0.9})
    runs = list_runs(project)
    best = best_run(runs)
    assert best is not None
    assert best.name == "a"
    assert (runs[1].dice, runs[1].model) == (0.6, run / "study")
    assert ("run b", run / "study") in model_choices(runs)
    assert "study: Dice 0.600; else: Dice 0.900" in runs[1].sentence


def test_the_model_of_the_only_task_is_found_in_its_folder(project: Project) -> None:
    run = write_modelmix(project, "b", {"study": 0.6})
    assert model_of(run) == run / "study"
    assert model_of(project.new_run("empty")) is None
