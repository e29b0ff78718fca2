"""The part of step 3 that asks what ModelMix shall learn together with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_scribblemix.gui.train.companions import Companion
from napari_scribblemix.gui.widgets.controls import button, note, row, say, tip
from napari_scribblemix.gui.widgets.plain import plain

_WHAT_IT_DOES = (
    "ModelMix trains several tasks at once; each keeps a model of its own, and they lend each "
    "other what they have learnt. It needs one companion or more."
)
_ADD = "Add a companion…"


class CompanionBox(QWidget):
    """Tells what the user chooses; shows the companions it is given."""

    add_wanted = Signal(object)
    folder_wanted = Signal()
    model_wanted = Signal()
    remove_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.choices = tip(
            QComboBox(),
            "A model or a project to learn together with: bundled, trained here, or used before.",
        )
        self.choices.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choices.setMinimumContentsLength(8)
        self.choices.activated.connect(self._choose)
        self.folder_button = button(
            "Folder…", "Another project, or a folder with images and scribbles.",
            self.folder_wanted.emit,
        )  # fmt: skip
        self.model_button = button(
            "Model…", "A finished model: a .safetensors file with its card beside it.",
            self.model_wanted.emit,
        )  # fmt: skip
        self.problem = note(tone="error")
        self._list = QVBoxLayout()
        self._list.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(note(_WHAT_IT_DOES))
        layout.addLayout(self._list)
        layout.addLayout(row(self.choices, self.folder_button, self.model_button, stretch=0))
        layout.addWidget(self.problem)
        self.show_offers(())

    def show_offers(self, offers: Sequence[tuple[str, Path]]) -> None:
        """What can be chosen at a click, name and path."""
        self.choices.clear()
        self.choices.addItem(_ADD, None)
        for name, path in offers:
            self.choices.addItem(name, path)

    def show_chosen(self, chosen: Sequence[Companion]) -> None:
        """A line for each companion, and a button that removes it."""
        while self._list.count():
            line = self._list.takeAt(0).widget()
            line.hide()
            line.deleteLater()
        for companion in chosen:
            self._list.addWidget(self._line(companion))

    def show_problem(self, sentence: str) -> None:
        """What is wrong with what was chosen; empty if nothing is."""
        say(self.problem, sentence)

    def _line(self, companion: Companion) -> QWidget:
        words = note(companion.sentence)
        words.setToolTip(plain(str(companion.path)))
        remove = button(
            "Remove", f"Train without {companion.name}.",
            lambda: self.remove_wanted.emit(companion),
        )  # fmt: skip
        line = QWidget()
        layout = row(words, remove, stretch=0)
        layout.setContentsMargins(0, 0, 0, 0)
        line.setLayout(layout)
        return line

    def _choose(self, index: int) -> None:
        path = self.choices.itemData(index)
        self.choices.setCurrentIndex(0)
        if isinstance(path, Path):
            self.add_wanted.emit(path)
