"""The companions of the next ModelMix training: chosen, looked at, removed.

They stay chosen while another method is looked at, and are forgotten with the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.state.runs import RunSummary
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.train.companion_box import CompanionBox
from napari_scribblemix.gui.train.companions import (
    Companion,
    check_new,
    look_at,
    offers,
    reason_against,
)


class CompanionControl(QObject):
    """Between the companion box and the session."""

    changed = Signal()

    def __init__(self, session: Session, box: CompanionBox) -> None:
        super().__init__(box)
        self._session, self._box = session, box
        self.chosen: tuple[Companion, ...] = ()
        box.add_wanted.connect(self.add)
        box.remove_wanted.connect(self._remove)
        box.folder_wanted.connect(self._choose_folder)
        box.model_wanted.connect(self._choose_model)
        session.project_changed.connect(self._on_project)

    @property
    def paths(self) -> list[Path]:
        """The companions as the training takes them."""
        return [companion.path for companion in self.chosen]

    def reason_against(self, preset: str) -> str | None:
        """Why training with these companions cannot begin; ``None`` if it can."""
        return reason_against(self.chosen, preset)

    def add(self, path: Path) -> None:
        """Take ``path`` as a companion, or say in the box why it cannot serve."""
        project = self._session.project
        try:
            found = look_at(path)
            check_new(found, self.chosen, None if project is None else project.folder)
        except ScribbleMixError as error:
            self._box.show_problem(str(error))
            return
        self._set((*self.chosen, found))

    def show_offers(self, runs: Sequence[RunSummary]) -> None:
        """What the open project with its ``runs`` has to offer."""
        project = self._session.project
        self._box.show_offers(() if project is None else offers(project, runs))

    def _remove(self, companion: Companion) -> None:
        self._set(tuple(other for other in self.chosen if other != companion))

    def _set(self, chosen: tuple[Companion, ...]) -> None:
        self.chosen = chosen
        self._box.show_problem("")
        self._box.show_chosen(chosen)
        self.changed.emit()

    def _on_project(self) -> None:
        self._set(())

    def _choose_folder(self) -> None:
        title = "A project or a folder with scribbles"
        if found := QFileDialog.getExistingDirectory(self._box, title):
            self.add(Path(found))

    def _choose_model(self) -> None:
        found, _ = QFileDialog.getOpenFileName(
            self._box, "A finished model", "", "Models (*.safetensors)"
        )
        if found:
            self.add(Path(found))
