"""Step 1: what is open, which cases there are and how far each has come."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QMenu, QPushButton, QSlider, QSpinBox, QWidget

from napari_scribblemix.gui.images.case_tree import CaseTree
from napari_scribblemix.gui.state.case_states import CaseState
from napari_scribblemix.gui.state.open_case import OpenCase
from napari_scribblemix.gui.widgets.controls import (
    allow,
    appear,
    button,
    column,
    row,
    say,
    tip,
    tool,
)
from napari_scribblemix.gui.widgets.filter_line import FilterLine
from napari_scribblemix.gui.widgets.lines import Lines
from napari_scribblemix.project.project import Project

_SEEN_AT_ONCE = 7

_LEAST_OPEN = 60


class ImagesPanel(QWidget):
    """Tells what the user wants to open; shows what it is given."""

    files_wanted = Signal()
    folder_wanted = Signal()
    dicom_wanted = Signal()
    project_wanted = Signal()
    sample_wanted = Signal(str)
    layer_wanted = Signal()
    case_chosen = Signal(str)
    frame_chosen = Signal(int)
    frame_moved = Signal(int)
    """A frame to look at, without opening it."""
    play_wanted = Signal()
    all_frames_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.open_button = QPushButton("Open")
        tip(self.open_button, "Open NIfTI images, a folder of them, DICOM, a project, or samples.")
        self.open_button.setMenu(self._menu())
        # Whatever it says: it takes what is left of its row, which must not wrap meanwhile.
        self.open_button.setMinimumWidth(_LEAST_OPEN)
        self.layer_button = button(
            "Add layer",
            "Add the image layer chosen in the layer list; of a cine the frame on screen.",
            self.layer_wanted.emit,
        )
        self.stop_button = button(
            "Stop", "Stop adding cases; those added so far stay.", self.stop_wanted.emit
        )
        self.place = Lines(1)
        self.tree = CaseTree()
        self.tree.case_chosen.connect(self.case_chosen)
        self.filter = FilterLine(self.tree, "Filter patients and cases")
        tip(
            self.filter,
            "Show only the cases with these letters in their names; several words must all be "
            "there. The case on screen stays. Escape empties it.",
        )
        self.filter.textChanged.connect(self.tree.filter)
        self.filter.hide()
        self.frame = tip(QSpinBox(), "Which frame of the cine, from 0; it is opened.")
        self.slider = tip(
            QSlider(Qt.Orientation.Horizontal),
            "Go to another frame of the cine; what you draw goes to the frame that you see.",
        )
        self.slider.valueChanged.connect(self.frame.setValue)
        self.frame.valueChanged.connect(self.slider.setValue)
        self.frame.valueChanged.connect(self.frame_moved)
        self.play_button = tool(
            "▶", "Show the beating heart, with the masks of its frames; once more goes back.",
            self.play_wanted.emit,
        )  # fmt: skip
        self.all_frames_button = button(
            "All frames",
            "Make a case of each frame of this cine, so that All in step 4 makes their masks.",
            self.all_frames_wanted.emit,
        )
        self.frame_button = button(
            "Show frame",
            "Open this frame of the cine as a case of its own, NAME_frameNN.",
            lambda: self.frame_chosen.emit(self.frame.value()),
        )
        self.frame_row = QWidget()
        frame_layout = column(self.frame_row)
        frame_layout.setContentsMargins(0, 0, 0, 0)
        frame_layout.addLayout(row(self.play_button, self.slider, self.frame, stretch=1))
        frame_layout.addLayout(row(self.frame_button, self.all_frames_button))
        layout = column(self)
        layout.addLayout(row(self.open_button, self.layer_button, self.stop_button, stretch=0))
        layout.addWidget(self.place)
        layout.addWidget(self.filter)
        layout.addWidget(self.tree)
        layout.addWidget(self.frame_row)
        self.tree.room_beside = self._room_of_filter
        self.tree.fit()

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for text, signal in (
            ("Images…", self.files_wanted),
            ("Folder…", self.folder_wanted),
            ("DICOM study…", self.dicom_wanted),
            ("Project…", self.project_wanted),
        ):
            menu.addAction(text).triggered.connect(lambda _on=False, s=signal: s.emit())
        menu.addSeparator()
        for text, kind in (
            ("Sample: cine hearts", "cine"),
            ("Sample: LGE hearts", "lge"),
            ("Sample: scar and oedema", "myops"),
        ):
            menu.addAction(text).triggered.connect(
                lambda _on=False, kind=kind: self.sample_wanted.emit(kind)
            )
        return menu

    def show_project(self, project: Project | None) -> None:
        """Say where the project is."""
        if project is None:
            text = "Nothing is open. Press Open; images stay where they are."
        else:
            mode = "" if project.writable else " (read-only)"
            text = f"Project{mode}: {project.folder}"
        say(self.place, text)

    def show_cases(self, states: Sequence[CaseState], current: str | None) -> None:
        """Fill the list; ``current`` is the case on screen."""
        self.tree.show_cases(states)
        # Of a few there is nothing to filter, unless something is typed there.
        wanted = len(states) > _SEEN_AT_ONCE or bool(self.filter.text())
        if self.filter.isHidden() is wanted:
            self.filter.setVisible(wanted)
            self.tree.fit()
        self.show_current(current)

    def _room_of_filter(self) -> int:
        """The list has the room of the filter while it is hidden, so that nothing below moves."""
        if not self.filter.isHidden():
            return 0
        self.filter.ensurePolished()
        return int(self.filter.sizeHint().height() + self.layout().spacing())

    def show_current(self, case_id: str | None) -> None:
        """Mark the case on screen."""
        self.tree.show_current(case_id)

    def show_frames(self, case: OpenCase | None) -> None:
        """Offer the frames of a cine."""
        cine = case is not None and case.frames > 1
        appear(self.frame_row, cine)
        if case is not None and cine:
            self.show_frame(case.frame or 0, case.frames)

    def show_frame(self, number: int, frames: int) -> None:
        """Let slider and number stand at a frame; nobody is told."""
        for widget in (self.frame, self.slider):
            before = widget.blockSignals(True)
            widget.setRange(0, frames - 1)
            widget.setValue(number)
            widget.blockSignals(before)

    def show_playing(self, playing: bool) -> None:
        """What the play button does now."""
        self.play_button.setText("■" if playing else "▶")

    def show_adding(self, done: int, of: int) -> None:
        """How many of the wanted cases were added; equal numbers mean the end."""
        busy = done < of
        allow(self.stop_button, None if busy else "no cases are being added.")
        allow(self.open_button, f"{done} of {of} cases are added." if busy else None)
        self.open_button.setText(f"Adding {done} of {of}…" if busy else "Open")

    def allow_layer(self, reason: str | None) -> None:
        """Enable adding the chosen layer, or say why not."""
        allow(self.layer_button, reason)
