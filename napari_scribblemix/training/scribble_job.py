"""A training from scribbles, prepared: its tasks, the method round their networks, and the words.

Scribbles may change while it runs: ``take_scribbles`` reads those of a case again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from napari_scribblemix.errors import TrainingError
from napari_scribblemix.events import ScribblesTaken, Started
from napari_scribblemix.inference.orientation import Turn
from napari_scribblemix.methods.teacher import Taught
from napari_scribblemix.settings import TrainSettings
from napari_scribblemix.training.batches import JointBatches, build_method
from napari_scribblemix.training.cases import load_training_cases, reload_case
from napari_scribblemix.training.device import choose_machine
from napari_scribblemix.training.folders import (
    is_finished_model,
    settings_of_tasks,
    task_names,
)
from napari_scribblemix.training.job import Generators, Job
from napari_scribblemix.training.known_turns import KnownTurns
from napari_scribblemix.training.recipe import check_companions, resolve
from napari_scribblemix.training.start import Say, in_silence, resolve_for
from napari_scribblemix.training.tasks import (
    ScribbledTask,
    load_companion,
    prepare_task,
)


@dataclass
class ScribbleJob(Job):
    """A job whose labels are scribbles in folders; ``main`` is the task of ``settings.folder``."""

    settings: TrainSettings
    tasks: Sequence[ScribbledTask]

    @property
    def main(self) -> ScribbledTask:
        """The task the training is for."""
        return self.tasks[0]

    def turn_of(self, case_id: str) -> Turn | None:
        """How to turn a case of the main task, also one that takes no part."""
        return self.main.source.store.turn_of(case_id)

    def take_scribbles(self, case_id: str, step: int) -> ScribblesTaken:
        """Train from ``step``, the next one, on with the scribbles of a case as they are now.

        Nothing changes where an error is raised: those of ``load_case``, ``ScribbleError`` if no
        label would be left, ``TrainingError`` if the case does not take part.
        """
        source = self.main.source
        store = source.store
        if case_id not in store.rows:
            raise TrainingError(
                f"{case_id} was not part of this training when it began (it was added later, or is "
                "held out to validate on); its scribbles take part from the next start on."
            )
        source.relabel(reload_case(self.settings, case_id, self.main.card.labels))
        return ScribblesTaken(
            case=case_id,
            step=step,
            scribbled_cases=store.scribbled_cases,
            scribbled_slices=len(store.labelled),
        )


def prepare(settings: TrainSettings, run: Path | None = None, say: Say = in_silence) -> ScribbleJob:
    """Read the cases and build everything; the user's errors are raised here, before a step.

    ``run`` is its folder, if there is to be one; ``say`` is told what is being done meanwhile.
    """
    check_companions(settings)
    resolve(settings)  # options that contradict are told before a long reading
    machine = choose_machine(settings.device, settings.precision, settings.threads)
    generators = Generators.seeded(settings.seed, machine.device)
    several = settings.method == "modelmix"
    each = settings_of_tasks(settings)
    names = task_names([own.folder for own in each]) if several else [""]
    cases = [load_training_cases(own) for own in each]
    recipe, warnings = resolve_for(settings, cases[0].in_channels)
    loaded = [
        load_companion(path, recipe, machine)
        for path in settings.companions
        if is_finished_model(path)
    ]
    finished = [network for network, _ in loaded]
    warnings += [note for _, notes in loaded for note in notes]
    turns = KnownTurns.of_training(settings.folder, run) if run is not None else KnownTurns()
    main = prepare_task(
        settings, cases[0], recipe, machine, generators, names[0], known_turns=turns, say=say
    )
    tasks = [main]
    # An even number: images are mixed in pairs.
    scans = 2 * round(recipe.batch * recipe.companion_batch / 2)
    fewer = recipe.model_copy(update={"batch": scans})
    tasks += [
        prepare_task(own, its, fewer, machine, generators, name, main.network, turns, say)
        for own, its, name in zip(each[1:], cases[1:], names[1:], strict=True)
    ]
    shown = names if len(names) > 1 else [""]
    method = build_method(
        settings.method, recipe, [task.network for task in tasks], shown, finished
    ).to(machine.device)
    teachers = [task.teacher for task in tasks]
    whole: nn.Module = Taught(method, teachers) if any(teachers) else method
    return ScribbleJob(
        settings=settings,
        recipe=recipe,
        machine=machine,
        method=whole,
        weights=method.weights,
        batches=JointBatches([task.source for task in tasks]) if several else main.source,
        generators=generators,
        tasks=tasks,
        slices_per_step=recipe.batch + scans * (len(tasks) - 1),
        started=_started(settings, tasks, str(machine.device), machine.precision, recipe.start),
        warnings=[*warnings, *_warnings(tasks)],
        keep=turns.save,
    )


def _started(
    settings: TrainSettings, tasks: list[ScribbledTask], device: str, precision: str, start: str
) -> Started:
    cases = [case for task in tasks for case in task.cases.training]
    stores = [task.source.store for task in tasks]
    return Started(
        run="",
        method=settings.method,
        preset=settings.preset,
        device=device,
        precision=precision,
        cases=len(cases),
        scribbled_cases=sum(case.scribble is not None for case in cases),
        slices=sum(len(store) for store in stores),
        scribbled_slices=sum(len(store.labelled) for store in stores),
        validation_cases=sum(len(task.validation) for task in tasks),
        parameters=sum(p.numel() for task in tasks for p in task.network.parameters()),
        start=start,
        tasks=[task.name for task in tasks] if len(tasks) > 1 else [],
        scribbled=[case.id for case in tasks[0].cases.training if case.scribble is not None],
    )


def _warnings(tasks: list[ScribbledTask]) -> list[str]:
    # What one model is begun with is told once.
    begun = list(dict.fromkeys(note for task in tasks for note in task.notes))
    if len(tasks) == 1:
        return [*begun, *tasks[0].cases.warnings]
    own = [f"{task.name}: {warning}" for task in tasks for warning in task.cases.warnings]
    return [*begun, *own]
