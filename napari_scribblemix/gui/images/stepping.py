"""From case to case without the list: the next, the one before, the other phase of the patient."""

from __future__ import annotations

from collections.abc import Callable

from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.images.panel import ImagesPanel
from napari_scribblemix.gui.state.phases import next_phase, same_place
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.kept_view import kept_view
from napari_scribblemix.gui.viewer.layers import LayerBoard


class CaseSteps:
    """Between the list of cases and ``show``, which opens a case."""

    def __init__(
        self,
        session: Session,
        board: LayerBoard,
        panel: ImagesPanel,
        show: Callable[[str], None],
    ) -> None:
        self._session, self._board, self._panel, self._show = session, board, panel, show

    def to_case(self, step: int) -> None:
        """Show the case so many rows further down in the list; at its end that is told."""
        case_ids = self._panel.tree.case_ids
        if not case_ids:
            raise ProjectError("No case is open; open images first.")
        here = self._session.case
        place = 0 if here is None else case_ids.index(here.id) + step
        if 0 <= place < len(case_ids):
            self._show(case_ids[place])
        else:
            which = "last" if step > 0 else "first"
            self._session.told.emit("info", f"This is the {which} case of the list.")

    def to_other_phase(self) -> None:
        """Show the patient's next phase, at the same place in the patient."""
        session = self._session
        case, number = session.the_case(), session.slice
        wanted = next_phase(session.the_project(), case.id, session.phases)
        # To compare a border in both, the same part of the image stays on screen.
        with kept_view(self._board.viewer):
            self._show(wanted)
        other = session.the_case()
        if other is not case:
            self._board.go_to_slice(same_place(number, case.image.geometry, other.image.geometry))
