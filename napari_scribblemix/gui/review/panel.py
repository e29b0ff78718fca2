"""Step 4: look at the masks, accept them, measure, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QSlider, QWidget

from napari_scribblemix.gui.review.cycle_box import CycleBox
from napari_scribblemix.gui.review.slice_strip import SliceStrip, StripState
from napari_scribblemix.gui.state.run_state import RunState
from napari_scribblemix.gui.widgets.controls import allow, button, column, note, row, say, tip
from napari_scribblemix.gui.widgets.job_line import JobLine
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.gui.widgets.sayings import SayingButton
from napari_scribblemix.settings import MaskFormat

STARTER_WORDS = (
    "The starter was trained on drawn hearts only: it gives a first guess to correct, for research "
    "use. It has seen no patient and is no measurement."
)

_FORMATS: tuple[tuple[str, MaskFormat], ...] = (
    ("NIfTI", "nifti"),
    ("3D Slicer", "nrrd"),
    ("DICOM SEG", "dicom-seg"),
)


class ReviewPanel(QWidget):
    """Tells what the user presses; shows what it is given."""

    segment_wanted = Signal(bool)
    """Whether all cases are meant."""
    stop_wanted = Signal()
    look_changed = Signal()
    uncertain_wanted = Signal()
    accept_wanted = Signal()
    accept_all_wanted = Signal()
    take_wanted = Signal()
    export_wanted = Signal(bool)
    """Whether all cases are meant."""
    report_wanted = Signal(bool)
    """Whether all patients are meant."""

    def __init__(self) -> None:
        super().__init__()
        self.model = tip(
            QComboBox(),
            "What to segment with: the newest training, until you choose another model.",
        )
        self.model.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.model.activated.connect(lambda _index: self._on_picked())
        self._picked: Path | None = None
        self.segment_button = button(
            "Segment", "Make the mask of the case on screen.",
            lambda: self.segment_wanted.emit(False),
        )  # fmt: skip
        self.segment_all_button = button(
            "All", "Make the masks of all cases of the project.",
            lambda: self.segment_wanted.emit(True),
        )  # fmt: skip
        self.strip = SliceStrip()
        self.poor = note(tone="warning")
        self.stop_button = button(
            "Stop", "Stop segmenting; the masks made so far stay.", self.stop_wanted.emit
        )
        self.job = JobLine(
            "Segmenting", "How many of the cases are segmented.", self.stop_button, notes=False
        )
        self.starter = note()
        self.origin = note()
        self.prediction = self._check("Mask", "Show the predicted mask.", on=True)
        self.outline = self._check("Outline", "Show the mask as outlines.", on=False)
        self.uncertainty = self._check(
            "Uncertainty", "Show where the model is unsure: bright is unsure.", on=False
        )
        # superqt's labelled slider is two stops for Tab, of which the first takes no arrow keys,
        # and its number is cut off when the font grows.
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(5, 100)
        self.opacity.setValue(40)
        tip(self.opacity, "How opaque the mask is.")
        self.opacity.valueChanged.connect(lambda _value: self.look_changed.emit())
        self.both = button(
            "Both phases",
            "The other phase of the patient (ED, ES) beside this one, at the same place and zoom.",
            lambda: None,
        )
        self.both.setCheckable(True)
        self.accept_button = SayingButton(
            ("Accept slice", "Accepted ✓ (undo)"),
            "Keep this slice's mask, whatever is predicted later.",
            self.accept_wanted.emit,
        )
        self.accept_all_button = SayingButton(
            ("Accept volume", "Volume accepted ✓ (undo)"),
            "Keep the masks of all slices of this case; once more takes that back as a whole.",
            self.accept_all_wanted.emit,
        )  # fmt: skip
        self.uncertain_button = button(
            "Least sure slice", "Go to the slice whose mask is probably the worst.",
            self.uncertain_wanted.emit,
        )  # fmt: skip
        self.take_button = button(
            "Take into scribbles",
            "Make scribbles of this slice's mask: a stroke inside each structure and a closed ring "
            "of background round the heart. They replace the strokes of the slice; Undo brings "
            "those back.",
            self.take_wanted.emit,
        )
        self.accepted = note()
        self.measures = note()
        self.form = tip(QComboBox(), "What masks are exported as, on the images' own grids.")
        for name, form in _FORMATS:
            self.form.addItem(name, form)
        self.export_button = button(
            "Export mask…", "Write the mask of this case for other programs.",
            lambda: self.export_wanted.emit(False),
        )  # fmt: skip
        self.export_all_button = button(
            "Export all…", "Write the masks of all cases for other programs.",
            lambda: self.export_wanted.emit(True),
        )  # fmt: skip
        self.report_button = button(
            "Report…",
            "Write a page with the measures and all slices of this patient, to file or print.",
            lambda: self.report_wanted.emit(False),
        )
        self.report_all_button = button(
            "Report all…", "Write a page for each patient and a table of all.",
            lambda: self.report_wanted.emit(True),
        )  # fmt: skip
        self.cycle = CycleBox()
        self._lay_out()

    def _lay_out(self) -> None:
        layout = column(self)
        layout.addLayout(row(self.model, self.segment_button, self.segment_all_button, stretch=0))
        layout.addWidget(self.job)
        layout.addLayout(
            row(self.prediction, self.outline, self.uncertainty, self.opacity, stretch=3)
        )
        layout.addWidget(self.strip)
        layout.addLayout(row(self.uncertain_button, self.take_button, self.both, stretch=0))
        layout.addLayout(row(self.accept_button, self.accept_all_button, stretch=0))
        layout.addLayout(row(self.form, self.export_button, self.export_all_button, stretch=1))
        layout.addLayout(row(self.report_button, self.report_all_button, stretch=0))
        layout.addWidget(self.cycle)
        # Below all that is pressed, for they come and go with the slice on screen.
        for words in (self.poor, self.origin, self.starter, self.accepted, self.measures):
            layout.addWidget(words)

    def show_models(self, choices: Sequence[tuple[str, Path]]) -> None:
        """What one can segment with; the first is chosen until a person chooses another."""
        self.model.clear()
        for name, path in choices:
            self.model.addItem(name, path)
        self.model.setCurrentIndex(0 if choices else -1)
        self._select(self._picked)

    def choose_model(self, path: Path) -> None:
        """Choose the model at ``path``, as a person does; it stays as long as it is there."""
        self._picked = path
        self._select(path)

    def forget_choice(self) -> None:
        """Another project is open: nobody chose among its models yet."""
        self._picked = None

    def _on_picked(self) -> None:
        # Of one alone there is nothing to choose.
        self._picked = self.chosen_model() if self.model.count() > 1 else None

    def _select(self, path: Path | None) -> None:
        # Not by findData, which compares Python objects by identity.
        for index in range(self.model.count()):
            if self.model.itemData(index) == path:
                self.model.setCurrentIndex(index)

    def chosen_model(self) -> Path | None:
        """The model to segment with."""
        chosen = self.model.currentData()
        return chosen if isinstance(chosen, Path) else None

    def show_accepted(self, accepted: frozenset[int], number: int, slices: int) -> None:
        """How much is accepted, and what the accept buttons do now."""
        self.accept_button.say(number in accepted)
        self.accept_all_button.say(bool(slices) and len(accepted) == slices)
        words = f"{len(accepted)} of {slices} slices accepted." if accepted else ""
        say(self.accepted, words)

    def show_origin(self, lines: Sequence[str], *, starter: bool) -> None:
        """Who made the mask on screen; of the starter's what it is worth."""
        say(self.origin, "\n".join(line for line in lines if line))
        say(self.starter, STARTER_WORDS if starter else "")

    def show_quality(self, state: StripState) -> None:
        """How good each slice probably is, and what is to be said of the one on screen."""
        self.strip.show_state(state)
        say(self.poor, state.warning)

    def show_measures(self, lines: Sequence[str]) -> None:
        """Volumes and ejection fraction."""
        say(self.measures, "\n".join(lines))

    def show_job(self, run: RunState) -> None:
        """How far a segmentation is; what the last one left stays until a training begins."""
        if run.training:
            run = RunState()
        elif not run.segmenting and run.words:
            return
        fraction = None if run.busy and run.preparing else run.fraction
        self.job.show_job(run.words, busy=run.busy, fraction=fraction, notes=run.warnings)

    def allow_segmenting(self, reason: str | None, *, stop: str | None) -> None:
        """Enable segmenting, or say why not; and stopping it."""
        allow(self.stop_button, stop)
        reason = reason or (None if self.model.count() else "there is no model; train first.")
        allow(self.segment_button, reason)
        allow(self.segment_all_button, reason)

    def allow_review(
        self,
        reason: str | None,
        *,
        writable: str | None,
        in_view: str | None,
        covered: str | None,
    ) -> None:
        """Enable what needs a mask.

        ``writable``: why nothing may be accepted; ``in_view``: why no single slice is on screen;
        ``covered``: why none of the case is.
        """
        for widget in (self.prediction, self.outline, self.uncertainty, self.opacity):
            allow(widget, reason)
        for widget in (self.uncertain_button, self.export_button, self.report_button):
            allow(widget, reason)
        allow(self.accept_all_button, reason or writable or covered)
        for widget in (self.accept_button, self.take_button):
            allow(widget, reason or writable or in_view)

    def chosen_format(self) -> MaskFormat:
        """What masks are to be exported as."""
        chosen: MaskFormat = self.form.currentData()
        return chosen

    def allow_dicom(self, reason: str | None) -> None:
        """Offer DICOM SEG, or say why not."""
        number = [form for _, form in _FORMATS].index("dicom-seg")
        item = self.form.model().item(number)
        item.setEnabled(reason is None)
        item.setToolTip(plain("" if reason is None else f"Not now: {reason}"))
        if reason is not None and self.form.currentIndex() == number:
            self.form.setCurrentIndex(0)

    def allow_both(self, reason: str | None) -> None:
        """Enable showing two phases, or say why not."""
        allow(self.both, reason)

    def allow_export_all(self, reason: str | None) -> None:
        """Enable exporting and reporting all cases, or say why not."""
        allow(self.export_all_button, reason)
        allow(self.report_all_button, reason)

    def _check(self, text: str, hint: str, *, on: bool) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(on)
        tip(box, hint)
        box.toggled.connect(lambda _on: self.look_changed.emit())
        return box
