"""Step 3: how to train, how it goes, and what was trained before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QWidget

from napari_scribblemix.data.wording import counted
from napari_scribblemix.gui.state.run_curves import curves_of
from napari_scribblemix.gui.state.run_state import Phase, RunState
from napari_scribblemix.gui.state.runs import RunSummary, best_run, read_events
from napari_scribblemix.gui.train.companion_box import CompanionBox
from napari_scribblemix.gui.train.curves import Curves
from napari_scribblemix.gui.widgets.controls import (
    allow,
    button,
    column,
    note,
    row,
    tip,
)
from napari_scribblemix.gui.widgets.job_line import JobLine
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.gui.widgets.sayings import SayingButton
from napari_scribblemix.gui.widgets.section import Section
from napari_scribblemix.gui.widgets.settings_form import SettingsForm
from napari_scribblemix.settings import TrainSettings

_MAIN = ("method", "preset", "time", "device")
_MORE = ("start", "threads", "seed", "enclosure_rule", "cases", "steps", "batch", "learning_rate")
_RUNS_TIP = (
    "The trainings of this project; ★ marks the highest Dice against the masks that came with the "
    "images. Choose one to see its curves."
)
_DEVICES = ("auto", "cpu", "cuda", "mps")


class TrainPanel(QWidget):
    """Tells what the user presses; shows the state of the run."""

    train_wanted = Signal()
    pause_wanted = Signal()
    stop_wanted = Signal()
    resume_wanted = Signal(object)
    settings_changed = Signal()
    """Another method or preset was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.form = SettingsForm(TrainSettings, _MAIN, {"device": _DEVICES})
        self.companions = CompanionBox()
        self.companions.hide()
        self.form.changed.connect(self._on_changed)
        self.more = SettingsForm(TrainSettings, _MORE, {"start": ("starter", "scratch")})
        self.train_button = button(
            "Train", "Learn from all strokes of the project, drawn so far or from now on.",
            self.train_wanted.emit,
        )  # fmt: skip
        self.pause_button = SayingButton(
            ("Pause", "Resume"),
            "Save and wait, so that the machine is free for something else.",
            self.pause_wanted.emit,
        )
        self.stop_button = button(
            "Stop", "Save and end; the run can be gone on with later.", self.stop_wanted.emit
        )
        self.job = JobLine("Training", "How much of the time or of the steps is used.")
        self.curves = Curves()
        self.runs = tip(QComboBox(), _RUNS_TIP)
        self.runs.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.runs.currentIndexChanged.connect(lambda _index: self._allow_resume())
        self.runs.activated.connect(lambda _index: self._show_past())
        self.resume_button = button(
            "Go on", "Resume this training from its last checkpoint.", self._resume
        )
        self._summaries: tuple[RunSummary, ...] = ()
        self._busy: str | None = None
        self._past: Path | None = None
        self._growing = False
        layout = column(self)
        layout.addWidget(self.form)
        layout.addWidget(self.companions)
        layout.addWidget(Section("More settings", self.more, expanded=False))
        layout.addLayout(row(self.train_button, self.pause_button, self.stop_button, stretch=0))
        layout.addWidget(self.job)
        layout.addWidget(self.curves)
        layout.addLayout(row(note("Runs"), self.runs, self.resume_button, stretch=1))

    def show_run(self, run: RunState) -> None:
        """Progress, words and curves of a training, and the buttons' texts.

        While cases are segmented all stays that is said of the training before.
        """
        self._growing = run.training
        if run.segmenting:
            return
        fraction = None if run.busy and run.preparing else run.fraction
        self.job.show_job(run.words, busy=run.busy, fraction=fraction, notes=run.warnings)
        if run.phase is Phase.STARTING:
            self.curves.prepare()
        if run.training:
            self._past = None
        if self._past is None and (run.training or run.curves.drawn or not run.words):
            self.curves.show_curves(run.curves, empty=run.training)
        paused = run.phase in {Phase.PAUSED, Phase.PAUSING}
        self.pause_button.say(paused)

    def show_runs(self, summaries: Sequence[RunSummary]) -> None:
        """Fill the list of runs, the newest chosen."""
        self._summaries = tuple(summaries)
        best = best_run(summaries)
        self.runs.clear()
        for run in summaries:
            dice = "" if run.dice is None else f", Dice {run.dice:.3f}"
            star = "★ " if run is best else ""
            self.runs.addItem(f"{star}{run.name}: {counted(run.steps, 'step')}{dice}", run.path)
            tooltip = Qt.ItemDataRole.ToolTipRole
            self.runs.setItemData(self.runs.count() - 1, plain(run.sentence), tooltip)
        newest = max(range(len(summaries)), key=lambda i: _changed(summaries[i].path), default=None)
        if newest is not None:
            self.runs.setCurrentIndex(newest)
        self._allow_resume()

    def method(self) -> str:
        """The method that is chosen."""
        return str(self.form.value("method"))

    def preset(self) -> str:
        """The preset that is chosen."""
        return str(self.form.value("preset"))

    def allow_training(self, reason: str | None, new: str | None, run: RunState) -> None:
        """Enable the buttons that mean something now.

        ``reason``: why no training can begin or go on; ``new``: why no new one can begin.
        """
        self._busy = run.at_work or reason
        allow(self.train_button, self._busy or new)
        idle = None if run.phase in {Phase.TRAINING, Phase.PAUSED} else "no training runs."
        allow(self.pause_button, idle)
        stoppable = run.training and run.phase is not Phase.STOPPING
        allow(self.stop_button, None if stoppable else "no training runs.")
        self._allow_resume()

    def chosen_run(self) -> RunSummary | None:
        """The run that is chosen in the list."""
        index = self.runs.currentIndex()
        return self._summaries[index] if 0 <= index < len(self._summaries) else None

    def _allow_resume(self) -> None:
        run = self.chosen_run()
        self.runs.setToolTip(plain(_RUNS_TIP if run is None else f"{_RUNS_TIP}\n{run.sentence}"))
        reason = self._busy
        if run is None:
            reason = "nothing was trained yet."
        elif run.finished:
            reason = "this training used all its time; press Train for a new one."
        elif not run.resumable:
            reason = "this training ended before its first checkpoint."
        allow(self.resume_button, reason)

    def _on_changed(self, name: str) -> None:
        if name in {"method", "preset"}:
            self.companions.setVisible(self.method() == "modelmix")
            self.settings_changed.emit()

    def _show_past(self) -> None:
        """The curves of the run that was chosen by hand, unless one is growing."""
        run = self.chosen_run()
        if run is not None and not self._growing:
            self._past = run.path
            self.curves.show_curves(curves_of(read_events(run.path)))

    def _resume(self) -> None:
        run = self.chosen_run()
        if run is not None:
            self.resume_wanted.emit(run.path)


def _changed(path: Path) -> float:
    return max((item.stat().st_mtime for item in path.iterdir()), default=path.stat().st_mtime)
