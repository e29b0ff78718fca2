"""What can be done with a case of the list beside showing it: the menu of its row, and its volumes.

What is laid aside can come back from the same menu: leaving out of training, forgetting a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from qtpy.QtCore import QObject, QPoint, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QMenu

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.images.panel import ImagesPanel
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.widgets.plain import unmarked
from napari_scribblemix.gui.widgets.questions import ask
from napari_scribblemix.project.forgetting import (
    bring_back,
    can_come_back,
    forget_mask,
    reason_against,
)


class CaseActs(QObject):
    """Between the list of cases and the session."""

    def __init__(self, session: Session, panel: ImagesPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self.menu: QMenu | None = None
        """The one that is or was last on screen."""
        panel.tree.facts = self._volumes
        panel.tree.menu_wanted.connect(guarded(session, self._pop_up))

    # -- what can be chosen --

    def open_folder(self, case_id: str) -> None:
        """Show the folder of its image in the file browser."""
        image = self._session.the_project().image_path(case_id)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(image.parent))):
            self._session.told.emit("warning", f"No file browser could be opened for {image}.")

    def show_volumes(self, case_id: str) -> None:
        """Say what its mask measures."""
        words = self._session.measures.volumes(self._session.the_project(), case_id)
        self._session.told.emit("info", f"{case_id}: {words or 'it has no mask yet.'}")

    def leave_out(self, case_id: str, *, left_out: bool) -> None:
        """Let trainings leave it out, or take it in again."""
        self._session.the_project().leave_out(case_id, left_out=left_out)
        self._session.cases_changed.emit()
        what = "is left out of" if left_out else "takes part in"
        self._session.told.emit("info", f"{case_id} {what} training, from the next one on.")

    def forget(self, case_id: str) -> None:
        """Lay its mask aside, if the person says so."""
        session = self._session
        words = f"Forget the mask of {case_id}? The menu of the case can bring it back."
        if ask(self._panel, "Forget the mask?", words):
            session.leaving.emit()
            forget_mask(session.the_project(), case_id)
            self._tell_masks(case_id)

    def remember(self, case_id: str) -> None:
        """Bring its forgotten mask back."""
        bring_back(self._session.the_project(), case_id)
        self._tell_masks(case_id)

    # -- inside --

    def _tell_masks(self, case_id: str) -> None:
        self._session.reread_masks(case_id)
        self._session.cases_changed.emit()

    def _volumes(self, case_id: str) -> str:
        """What is known of a case without work: volumes of a mask that can be read."""
        project = self._session.project
        with suppress(ScribbleMixError):  # told where the case is opened
            if project is not None:
                return self._session.measures.volumes(project, case_id)
        return ""

    def _pop_up(self, case_id: str, place: QPoint) -> None:
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = self.menu_of(case_id)
        self.menu.popup(place)

    def menu_of(self, case_id: str) -> QMenu:
        """The menu of a case as it is now; what cannot be chosen says why."""
        session, project = self._session, self._session.the_project()
        read_only = session.read_only
        busy = session.run.at_work
        masked = project.prediction_path(case_id).is_file()
        left_out = project.case(case_id).left_out
        menu = QMenu(self._panel)

        def add(text: str, reason: str | None, act: Callable[[], None]) -> None:
            told = text if reason is None else f"{text} (not now: {reason.rstrip('.')})"
            action = menu.addAction(unmarked(told))
            action.setEnabled(reason is None)
            action.triggered.connect(lambda _on=False: guarded(session, act)())

        add("Open its folder", None, lambda: self.open_folder(case_id))
        add(
            "Show its volumes",
            None if masked else "there is no mask yet.",
            lambda: self.show_volumes(case_id),
        )
        menu.addSeparator()
        add(
            "Take into training" if left_out else "Leave out of training",
            read_only,
            lambda: self.leave_out(case_id, left_out=not left_out),
        )
        if can_come_back(project, case_id):
            add("Bring its mask back", read_only or busy, lambda: self.remember(case_id))
        else:
            reason = read_only or busy or reason_against(project, case_id)
            add("Forget its mask…", reason, lambda: self.forget(case_id))
        return menu
