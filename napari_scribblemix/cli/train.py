"""``train``: a folder with scribbles to a model, with a progress bar or JSON events.

Ctrl-C and SIGTERM finish the current step, save a checkpoint and a model, and say how to go on; a
second Ctrl-C ends at once.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from napari_scribblemix import events as ev
from napari_scribblemix.cli.console import messages, print_warning, results
from napari_scribblemix.cli.dicom import mend, refuse_training
from napari_scribblemix.data.interrupts import handled
from napari_scribblemix.data.wording import counted, shown
from napari_scribblemix.errors import FileError
from napari_scribblemix.settings import TrainSettings

if TYPE_CHECKING:
    from napari_scribblemix.training.control import Control
    from napari_scribblemix.training.loop import Training

_SHOWN_WARNINGS = 3
_LINES = 20
_WIDE = 140


@contextmanager
def _stopped_by_signals(control: Control) -> Iterator[None]:
    def stop(number: int, _frame: FrameType | None) -> None:
        if control.stopping and number == signal.SIGINT:
            raise KeyboardInterrupt
        control.stop()

    with handled(stop):
        yield


def describe_dice(dice: dict[str, float], mean: float) -> str:
    """``0.812 (RV 0.78, ...)``-like words for a validation."""
    parts = ", ".join(f"{name} {value:.3f}" for name, value in dice.items())
    return f"mean Dice {mean:.3f} ({parts})"


def describe_start(event: ev.Started) -> str:
    """One line: what is trained on, where, and from which step on."""
    learnt_from = (
        f"{event.scribbled_slices} scribbled of {counted(event.slices, 'slice')}, "
        f"{event.scribbled_cases} scribbled of {counted(event.cases, 'case')}, "
        if event.cases
        else ""
    )
    begins = "" if event.start == "scratch" else f", from {event.start}"
    tasks = f" of {' and '.join(event.tasks)}" if event.tasks else ""
    return (
        f"{event.method}{tasks} ({event.preset}{begins}) on {event.device}, {event.precision}: "
        f"{learnt_from}{event.validation_cases} to validate on"
        + (f"; going on at step {event.step}" if event.step else "")
    )


def describe_terms(terms: dict[str, float]) -> str:
    """The loss terms in a line; of several tasks only what each learns from its scribbles."""
    alone = not any(": " in name for name in terms)
    listed = terms if alone else {k: v for k, v in terms.items() if k.endswith(": sup")}
    return " ".join(f"{name} {value:.3f}" for name, value in listed.items())


class TrainingView:
    """Draws events on a terminal: a live bar, or a line now and then where there is no terminal."""

    def __init__(self, run: Path) -> None:
        """``run`` is only shown."""
        self._console = messages()
        self._run = run
        self._warnings: list[str] = []
        self._line = 0
        self._live = self._console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.percentage:>3.0f}%"),
            # The name of a task is that of a folder, which may hold brackets.
            TextColumn("{task.fields[words]}", markup=False),
            console=self._console,
            disable=not self._live,
        )
        self._task: TaskID = self._bar.add_task("Training", total=1.0, words="")

    def __enter__(self) -> TrainingView:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: ev.Event) -> None:
        """Draw one event."""
        if isinstance(event, ev.Started):
            self._say(describe_start(event))
        elif isinstance(event, ev.Progress):
            self._show_progress(event)
        elif isinstance(event, ev.Validation):
            task = f" {event.task}" if event.task else ""
            self._say(f"step {event.step}{task}: {describe_dice(event.dice, event.mean_dice)}")
        elif isinstance(event, ev.Warned):
            self._warnings.append(event.message)
            if len(self._warnings) <= _SHOWN_WARNINGS:
                print_warning(event.message, self._console)
        elif isinstance(event, ev.Finished):
            self._finish(event)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def _show_progress(self, event: ev.Progress) -> None:
        hidden = len(self._warnings) - _SHOWN_WARNINGS
        if hidden > 0:
            self._say(f"and {hidden} more warnings, in {self._run / 'events.jsonl'}")
        self._warnings.clear()
        terms = describe_terms(event.terms)
        # a narrow terminal would cut the line off
        listed = f" ({terms})" if not self._live or self._console.width >= _WIDE else ""
        words = (
            f"step {event.step}, {ev.clock(event.eta)} left, "
            f"{event.slices_per_second:.0f} slices/s, loss {event.loss:.3f}{listed}"
        )
        self._bar.update(self._task, completed=event.fraction, words=shown(words))
        if not self._live and event.fraction * _LINES >= self._line:
            self._say(f"{event.fraction:4.0%}  {words}")
            self._line = int(event.fraction * _LINES) + 1

    def _finish(self, event: ev.Finished) -> None:
        self._bar.stop()
        word = "Stopped" if event.stopped else "Done"
        self._say(f"{word} after {counted(event.step, 'step')}, {ev.clock(event.elapsed)}.")
        for result in event.tasks:
            self._say(ev.describe_gain(result))
        if event.stopped:
            self._say("Go on later with the same command and --resume.")


def _check_writable(folder: Path) -> None:
    """``FileError`` if ``folder`` cannot be made or written to; nothing is made yet."""
    nearest = next((path for path in (folder, *folder.parents) if path.exists()), None)
    if nearest is None or not nearest.is_dir():
        raise FileError(
            f"The run folder {folder} cannot be made, because {nearest or folder} is no folder; "
            "choose another --output."
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise FileError(
            f"The run folder {folder} cannot be made, because you may not write to {nearest}; "
            "choose another --output."
        )


def follow(training: Training, *, as_json: bool) -> int:
    """Run ``training`` to its end or until stopped, telling on the way; the exit code."""
    from napari_scribblemix.training.record import recorded

    folder, control = training.run, training.control
    with _stopped_by_signals(control):
        events = recorded(training.events(), folder)
        if as_json:
            for event in events:
                print(event.model_dump_json(), flush=True)
        else:
            with TrainingView(folder) as view:
                for event in events:
                    view.show(event)
            for task in training.job.tasks:
                results().print(f"Model: {folder / task.name}", markup=False, soft_wrap=True)
    return 130 if control.stopping else 0


def check_output(folder: Path, *, resume: bool) -> None:
    """An error if a run cannot be written to ``folder``; before anything slow."""
    from napari_scribblemix.training.run_folder import check_run_folder

    _check_writable(folder)
    check_run_folder(folder, resume=resume)


def run(settings: TrainSettings) -> int:
    """Train; returns the exit code (130 where the user stopped it)."""
    from napari_scribblemix.training.claim import claimed_output
    from napari_scribblemix.training.early import check_training
    from napari_scribblemix.training.run_folder import check_checkpoint

    if settings.output is not None:
        check_output(settings.output, resume=settings.resume)
    refuse_training(settings.folder)
    mend(settings.folder, settings.validation, *settings.companions)
    check_training(settings)
    with claimed_output(settings) as folder:
        if settings.resume:
            check_checkpoint(folder)
        # Only now the slow import of torch: what was typed wrong is told at once.
        from napari_scribblemix.training.loop import Training
        from napari_scribblemix.training.scribble_job import prepare

        with messages().status("Reading the cases") as status:
            job = prepare(settings, folder, status.update)
        return follow(Training(job, folder), as_json=settings.json_events)
