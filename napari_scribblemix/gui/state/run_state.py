"""What is known of the work in the child process, and how each event changes it.

A value is never changed, only replaced: ``after(state, event)`` is the whole of the logic, and
whoever shows a state need not fear that it moves underneath.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from napari_scribblemix import events as ev
from napari_scribblemix.data.wording import counted
from napari_scribblemix.gui.state.run_curves import CurveData, dices_of, extended, losses_of, up_to


class Phase(StrEnum):
    """What the child process is doing."""

    IDLE = "idle"
    STARTING = "starting"
    TRAINING = "training"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    SEGMENTING = "segmenting"


@dataclass(frozen=True)
class RunState:
    """``segmenting``: the work is or was a segmentation, else a training.

    ``tasks``: their names if there are several, the main one first; ``words``: for a line.
    ``also``: what else to say at the end of a segmentation; ``seen``: what the last look at the
    case on screen told.
    """

    phase: Phase = Phase.IDLE
    segmenting: bool = False
    run: Path | None = None
    fraction: float = 0.0
    eta: float | None = None
    step: int = 0
    words: str = ""
    tasks: tuple[str, ...] = ()
    curves: CurveData = field(default_factory=CurveData)
    warnings: tuple[str, ...] = ()
    also: str = ""
    seen: str = ""
    outcome: ev.Finished | ev.Failed | None = None

    @property
    def busy(self) -> bool:
        """Whether a child process is at work."""
        return self.phase is not Phase.IDLE

    @property
    def at_work(self) -> str | None:
        """Why nothing else can begin now, to be put behind "Not now:"."""
        return "a training or segmentation is at work." if self.busy else None

    @property
    def preparing(self) -> bool:
        """Whether the process that was started has not yet begun its work proper."""
        begun = self.fraction > 0.0 or self.outcome is not None
        return self.phase in {Phase.STARTING, Phase.SEGMENTING} and not begun

    @property
    def training(self) -> bool:
        """Whether that work is a training, running or paused."""
        return self.busy and not self.segmenting


def _started(state: RunState, event: ev.Started) -> RunState:
    begins = "" if event.start == "scratch" else f", from {event.start}"
    together = f" of {' and '.join(event.tasks)}" if event.tasks else ""
    words = (
        f"{event.method}{together} on {event.device}{begins}: "
        f"{counted(event.scribbled_slices, 'scribbled slice')} of "
        f"{counted(event.scribbled_cases, 'case')}."
    )
    phase = Phase.TRAINING if state.phase is Phase.STARTING else state.phase
    return replace(
        state,
        phase=phase,
        words=words,
        step=event.step,
        tasks=tuple(event.tasks),
        curves=up_to(state.curves, event.step),
    )


def _progressed(state: RunState, event: ev.Progress) -> RunState:
    words = f"Step {event.step}, {ev.clock(event.eta)} left. {state.seen}".rstrip()
    return replace(
        state,
        fraction=event.fraction,
        eta=event.eta,
        step=event.step,
        words=words,
        curves=replace(
            state.curves,
            losses=extended(state.curves.losses, event.step, losses_of(event, state.tasks)),
        ),
    )


def _waiting(state: RunState, event: ev.Paused | ev.Resumed) -> RunState:
    # Who asked to stop meanwhile is not told otherwise.
    if state.phase is Phase.STOPPING:
        return state
    if isinstance(event, ev.Paused):
        return replace(state, phase=Phase.PAUSED, words=f"Paused and saved at step {event.step}.")
    return replace(state, phase=Phase.TRAINING, words=f"Going on from step {event.step}.")


def _measured(state: RunState, event: ev.Validation) -> RunState:
    dices = extended(state.curves.dices, event.step, dices_of(event, state.tasks))
    return replace(state, curves=replace(state.curves, dices=dices))


def _finished(state: RunState, event: ev.Finished) -> RunState:
    if state.segmenting:
        words = f"Segmented {counted(event.step, 'case')} in {ev.clock(event.elapsed)}."
        words = f"{words} {state.also}".rstrip()
        # No bar is left: it would look as if a training had ended.
        return replace(state, words=words, fraction=0.0, outcome=event)
    how = "Stopped" if event.stopped else "Done"
    dice = "" if event.mean_dice is None else f", Dice against masks {event.mean_dice:.3f}"
    if any(result.mean_dice is not None for result in event.tasks):
        dice = ". " + "; ".join(ev.describe_gain(result) for result in event.tasks)
    words = f"{how} after {counted(event.step, 'step')}, {ev.clock(event.elapsed)}{dice}."
    fraction = state.fraction if event.stopped else 1.0
    return replace(state, words=words, eta=None, fraction=fraction, outcome=event)


def after(state: RunState, event: ev.Event) -> RunState:
    """The state once ``event`` was told."""
    if isinstance(event, ev.Started):
        return _started(state, event)
    if isinstance(event, ev.Preparing):
        return replace(state, words=event.message)
    if isinstance(event, ev.Progress):
        return _progressed(state, event)
    if isinstance(event, ev.Segmented):
        words = f"Segmented {event.case}, {event.number} of {event.of}."
        return replace(state, words=words, fraction=event.number / max(1, event.of))
    if isinstance(event, ev.Paused | ev.Resumed):
        return _waiting(state, event)
    if isinstance(event, ev.ScribblesTaken):
        words = f"New strokes of {event.case} take part since step {event.step}."
        return replace(state, words=words)
    if isinstance(event, ev.Validation):
        return _measured(state, event)
    if isinstance(event, ev.Warned):
        return replace(state, warnings=(*state.warnings, event.message))
    if isinstance(event, ev.Finished):
        return _finished(state, event)
    if isinstance(event, ev.Failed):
        return replace(state, words=f"{event.what} {event.why}", eta=None, outcome=event)
    return state
