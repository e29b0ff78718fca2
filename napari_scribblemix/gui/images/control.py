"""Step 1 at work: opens what the user chooses and moves between cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject

from napari_scribblemix.data.dicom.files import dicom_beside, is_study
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.pointers import absent
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.gui.images import dialogs
from napari_scribblemix.gui.images.adding import CaseAdding
from napari_scribblemix.gui.images.case_acts import CaseActs
from napari_scribblemix.gui.images.cine import CineControl
from napari_scribblemix.gui.images.dicom_opening import DicomOpening
from napari_scribblemix.gui.images.panel import ImagesPanel
from napari_scribblemix.gui.images.stepping import CaseSteps
from napari_scribblemix.gui.state import opening, preferences
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.last_view import where_left
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.kept_view import kept_view
from napari_scribblemix.gui.viewer.layer_case import add_layer_image, safe_name
from napari_scribblemix.gui.viewer.layers import LayerBoard
from napari_scribblemix.project.project import PROJECT_SUFFIX, Project


class CasesControl(QObject):
    """Between the images panel, the session and the viewer."""

    def __init__(self, session: Session, board: LayerBoard, panel: ImagesPanel) -> None:
        super().__init__(panel)
        self._session, self._board, self._panel = session, board, panel
        self._adding = CaseAdding(session, panel)
        self.dicom = DicomOpening(session, panel, partial(self._add, own=True))
        self.acts = CaseActs(session, panel)
        self.steps = CaseSteps(session, board, panel, self.show_case)
        self.cine = CineControl(session, board, panel, self.show_frame)
        panel.files_wanted.connect(guarded(session, self._choose_files))
        panel.folder_wanted.connect(guarded(session, self._choose_folder))
        panel.dicom_wanted.connect(guarded(session, self._choose_dicom))
        panel.project_wanted.connect(guarded(session, self._choose_project))
        panel.sample_wanted.connect(guarded(session, self.open_sample))
        panel.layer_wanted.connect(guarded(session, self.add_layer))
        panel.case_chosen.connect(guarded(session, self.show_case))
        panel.frame_chosen.connect(guarded(session, self.show_frame))
        panel.all_frames_wanted.connect(guarded(session, self.add_frames))
        session.project_changed.connect(self._on_project)
        session.cases_changed.connect(self._on_cases)
        session.masks_changed.connect(self._on_mask)
        session.case_changed.connect(self._on_case)
        board.active_changed.connect(self._on_active_layer)
        board.slice_changed.connect(session.show_slice)
        self._on_project()
        self._on_case()
        self._on_active_layer()

    def close(self) -> None:
        """Add no more cases."""
        self.cine.close()
        self.dicom.close()
        self._adding.close()

    # -- opening --

    def open_path(self, path: Path) -> None:
        """Open a project, a folder, a DICOM study or an image file."""
        if opening.is_project(path) or path.suffix == PROJECT_SUFFIX:
            self.dicom.mend(path, partial(self._open_project, path))
        elif is_study(path):
            self.dicom.open(path)
        elif path.is_dir():
            self._open_folder(path)
        elif is_nifti(path):
            self.open_files([path])
        else:
            raise FileError(
                f"Got {path}; expected NIfTI (.nii, .nii.gz) or DICOM files, a folder of them or a "
                "project."
            )

    def _open_project(self, path: Path) -> None:
        self._use(Project.open(path))
        self._show_first()

    def _open_folder(self, path: Path) -> None:
        try:
            wanted = opening.from_folder(path, preferences.projects_folder())
        except FileError:
            # Masks beside a study, say: what there is to open is DICOM.
            if not dicom_beside(path):
                raise
            self.dicom.open(path)
        else:
            self._add(wanted, own=True)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Add image files to the open project, or to a new one beside the first."""
        if not all(path.is_file() for path in paths):
            raise FileError(absent(paths[0]))
        if all(is_study(path) for path in paths):
            self.dicom.open(list(paths))
        else:
            self._add(opening.from_files(paths, preferences.projects_folder()), own=False)

    def open_sample(self, kind: str) -> None:
        """Open the project of a bundled sample."""
        self._add(opening.from_sample(kind, preferences.projects_folder()), own=True)

    def add_layer(self) -> None:
        """Make a case of the image layer that is chosen in the viewer."""
        found = self._board.active_image()
        if found is None:
            reason = self._board.reason_against_active()
            raise ProjectError(f"No image layer can be added: {reason}")
        self._adding.refuse_others()
        if found.path is not None and is_nifti(found.path) and found.path.is_file():
            self._adding.hide_once_added(found)
            wanted = opening.from_files([found.path], preferences.projects_folder())
            self._add(opening.at_frame(wanted, found.at), own=False)
            return
        image = found.image()
        session = self._session
        if session.project is None:
            place = preferences.projects_folder() / f"{safe_name(found.name)}{PROJECT_SUFFIX}"
            self._use(opening.open_or_create(place))
        case_id = add_layer_image(session.the_project(), image)
        session.cases_changed.emit()
        session.open_case(case_id)
        found.hide()
        if image.notes:
            session.told.emit("warning", " ".join(image.notes))

    def show_case(self, case_id: str) -> None:
        """Show another case of the project, or the same again if layers of it were taken out."""
        here = self._session.case
        if here is None or here.id != case_id or not self._board.complete:
            try:
                self._session.open_case(case_id)
            finally:
                # A case that cannot be read leaves the one before on screen, and marked.
                shown = self._session.case
                self._panel.show_current(shown.id if shown else None)

    def show_frame(self, frame: int) -> None:
        """Show another frame of the cine as a case of its own."""
        case, project = self._session.the_case(), self._session.the_project()
        before = project.cases
        name = opening.add_frame(project, case.id, frame)
        # To follow a border through the beat, the same part of the image stays on screen.
        with kept_view(self._board.viewer):
            self._session.open_case(name)
        if project.cases != before:
            self._session.cases_changed.emit()

    def add_frames(self) -> None:
        """Make a case of each frame of the cine on screen."""
        self._adding.refuse_others()
        case, project = self._session.the_case(), self._session.the_project()
        project.require_lock()
        frames = opening.add_frames(project, case.id, case.frames)
        self._adding.begin(frames, case.frames, (), show=False)

    def finish_adding(self) -> None:
        """Add what is still waiting now, for whoever needs the case at once."""
        self._adding.finish()

    def _choose_files(self) -> None:
        if chosen := dialogs.ask_files(self._panel):
            self.open_files(chosen)

    def _choose_folder(self) -> None:
        if chosen := dialogs.ask_folder(self._panel, "Open a folder of images"):
            self.open_path(chosen)

    def _choose_dicom(self) -> None:
        if chosen := dialogs.ask_folder(self._panel, "Open a folder of DICOM files"):
            self.dicom.open(chosen)

    def _choose_project(self) -> None:
        if chosen := dialogs.ask_folder(self._panel, "Open a project (.scribblemix)"):
            self.dicom.mend(chosen, partial(self._open_project, chosen))

    # -- inside --

    def _use(self, project: Project) -> None:
        try:
            self._adding.refuse_others()
            if self._session.run.busy:
                raise ProjectError("A training is at work on this project; stop it first.")
        except ProjectError:
            project.close()
            raise
        self._session.use_project(project)

    def _add(self, wanted: opening.Wanted, *, own: bool) -> None:
        self._adding.refuse_others()
        project = self._session.project
        elsewhere = project is None or (own and project.folder != wanted.project)
        if elsewhere:
            new = not opening.is_project(wanted.project)
            self._use(opening.open_or_create(wanted.project, wanted.cases))
            if new:
                self._session.told.emit(
                    "info", "A new project was made; its folder is named under Images."
                )
            elif own:
                guarded(self._session, self._show_first)()
        project = self._session.the_project()
        if not project.writable:
            self._show_first()
            return
        # Who opens a folder again goes on where it was left.
        show = not (own and elsewhere and self._session.case is not None)
        cases, notes = opening.with_frames(wanted.cases)
        meant = [replace(files, unlabelled=preferences.unlabelled()) for files in cases]
        told = (*wanted.notes, *notes)
        self._adding.begin(opening.add_cases(project, meant), len(meant), told, show=show)

    def _show_first(self) -> None:
        states = self._session.case_states()
        if states:
            case, number = where_left(self._session.the_project(), [one.id for one in states])
            self._session.open_case(case)
            if number is not None and number < self._session.the_case().slices:
                self._board.stand_at(number)

    def _on_project(self) -> None:
        self._panel.show_project(self._session.project)

    def _on_cases(self) -> None:
        case = self._session.case
        self._panel.show_cases(self._session.case_states(), case.id if case else None)

    def _on_mask(self, case_id: str) -> None:
        # Also at each stroke that a mask follows, so nothing is looked up of the other cases.
        self._panel.tree.show_state(self._session.case_state(case_id))

    def _on_case(self) -> None:
        case, number = self._session.case, self._session.slice
        if case is None:
            self._board.clear()
        else:
            self._board.show_case(case, self._session.scheme)
            self._board.stand_at(number)
        self._panel.show_current(case.id if case else None)
        self._panel.show_frames(case)

    def _on_active_layer(self) -> None:
        self._panel.allow_layer(self._board.reason_against_active())
