"""The question which stacks of a DICOM study are meant, and what the study shall be called.

The name is the user's or a number, never the patient's: it becomes that of the cases and of the
project.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from napari_scribblemix.data.dicom.contents import Contents, Stack
from napari_scribblemix.data.dicom.thumbnails import thumbnail
from napari_scribblemix.data.wording import check_name
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.images.dicom_table import StackTable, remarks_of
from napari_scribblemix.gui.state.background import Background, Step
from napari_scribblemix.gui.widgets.controls import allow, label, note, say, tip

_MOST_REASONS = 6


@dataclass(frozen=True)
class Choice:
    """What was chosen: the stacks, the name of the study, whether uneven slices may be evened.

    ``body``: whether height and weight are kept.
    """

    stacks: tuple[Stack, ...]
    name: str
    uneven: bool
    body: bool = False


class DicomChooser(QDialog):
    """Lists what was found; ``choice`` is what the user wants, once it was accepted."""

    def __init__(self, contents: Contents, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open DICOM")
        self.resize(980, 560)
        self._contents = contents
        self.table = StackTable(contents.stacks)
        self.table.ticked.connect(self._check)
        # A long remark is cut in its column.
        self.remarks = note()
        self.table.currentItemChanged.connect(self._show_remarks)
        self.uneven = tip(
            QCheckBox("Take uneven slices as even"),
            "Slices at uneven distances are put on an even grid: volumes then follow that grid, "
            "not the places where the slices were scanned.",
        )
        self.uneven.setVisible(any(stack.uneven for stack in contents.stacks))
        self.uneven.toggled.connect(self._check)
        self.body = tip(
            QCheckBox("Keep height and weight"),
            "Where the files have them: a report then indexes volumes without asking. Nothing else "
            "of the patient is kept.",
        )
        self.name = tip(
            QLineEdit(name),
            "What the study is called here. Names from the scanner's files are not taken over.",
        )
        self.name.textChanged.connect(self._check)
        self.reason = note()
        self.left_out = note(self._left_out())
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self._pictures = Background(self._draw_pictures, self)
        self._pictures.progressed.connect(self._show_pictures)
        self._pictures.done.connect(self._show_pictures)
        self._ready: dict[int, NDArray[np.uint8]] = {}
        self.finished.connect(self._pictures.close)
        self._pictures.start()
        self._show_remarks()
        self._check()

    @property
    def open_button(self) -> QWidget:
        """The button that opens what is ticked."""
        found: QWidget = self.buttons.button(QDialogButtonBox.StandardButton.Open)
        return found

    def choice(self) -> Choice:
        """What is chosen now."""
        stacks = tuple(self.table.chosen())
        return Choice(
            stacks,
            self.name.text().strip(),
            bool(self.uneven.isChecked()),
            bool(self.body.isChecked()),
        )

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        found = len(self._contents.stacks)
        what = "1 stack" if found == 1 else f"{found} stacks"
        layout.addWidget(label(f"{what} of images found. Tick those to work on."))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.remarks)
        layout.addWidget(self.uneven)
        layout.addWidget(self.left_out)
        named = QHBoxLayout()
        words = label("Name of the study")
        words.setBuddy(self.name)
        named.addWidget(words)
        named.addWidget(self.name, 1)
        named.addWidget(self.body)
        layout.addLayout(named)
        layout.addWidget(self.reason)
        layout.addWidget(self.buttons)

    def _left_out(self) -> str:
        reasons = [f"{what}: {why}" for what, why in self._contents.left_out]
        if not reasons:
            return ""
        more = len(reasons) - _MOST_REASONS
        shown = reasons[:_MOST_REASONS] + ([f"and {more} other reasons"] if more > 0 else [])
        return "Left out\n" + "\n".join(shown)

    def _check(self, _value: object = None) -> None:
        """Enable opening, or say why not."""
        why = self._why_not()
        allow(self.open_button, why)
        say(self.reason, "" if why is None else f"Not yet: {why}", "warning")

    def _show_remarks(self, *_items: object) -> None:
        stack = self.table.current()
        say(self.remarks, "" if stack is None else remarks_of(stack))

    def _why_not(self) -> str | None:
        choice = self.choice()
        if not choice.stacks:
            return "tick a stack."
        if any(stack.uneven for stack in choice.stacks) and not choice.uneven:
            return "a ticked stack has slices at uneven distances; take them as even, or untick it."
        try:
            check_name(choice.name)
        except ValueError as error:
            return f"the name of the study cannot be used: {error}."
        return None

    def _draw_pictures(self, step: Step) -> None:
        stacks = self._contents.stacks
        for number, stack in enumerate(stacks):
            step(number, len(stacks))
            try:
                self._ready[number] = thumbnail(stack)
            except ScribbleMixError:  # told when it is opened; the list goes without its picture
                continue

    def _show_pictures(self, *_how_far: object) -> None:
        # The thread adds to it meanwhile: the numbers are taken at once.
        for number in sorted(self._ready):
            if not self.table.has_picture(number):
                self.table.show_picture(number, self._ready[number])
