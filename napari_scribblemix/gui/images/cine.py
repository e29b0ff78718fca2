"""The cine of the open case in motion: a slider to any frame, and Play.

The slider opens the frame it comes to rest at, if that is a case of the project; while it is
dragged, and of other frames, one has a look.  What is looked at is read-only.  Who takes a pen to
draw on it draws on that very frame, which is opened for it; whatever else a person does (choose
another layer, another case) takes the look away first.  So what one does is always done to the
frame that is on screen.  Frames are read when they are first shown and kept while the cine is open.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer

from napari_scribblemix.data.cine_times import read_cine_times
from napari_scribblemix.data.nifti import read_image
from napari_scribblemix.errors import ImageError
from napari_scribblemix.evaluation.cycle import cycle_ms
from napari_scribblemix.gui.images.panel import ImagesPanel
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.open_case import OpenCase, shown_mask
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.cine_layers import CineLayers
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES, LayerBoard
from napari_scribblemix.project.patients import other_frame

_LARGEST_BYTES = 1 << 30
_PACE_MS = (20.0, 200.0)
_USUAL_MS = 40.0


class CineControl(QObject):
    """Between the frame slider of the panel, the session and the layers of a look."""

    def __init__(
        self,
        session: Session,
        board: LayerBoard,
        panel: ImagesPanel,
        open_frame: Callable[[int], None],
    ) -> None:
        super().__init__(panel)
        self._session, self._panel, self._board = session, panel, board
        self._open_frame = open_frame
        self._path: Path | None = None
        self.layers = CineLayers(board)
        self._images: dict[int, NDArray[np.float32]] = {}
        self._masks: dict[int, NDArray[np.uint8] | None] = {}
        self._showing = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(guarded(session, self._next))
        panel.frame_moved.connect(guarded(session, self.look))
        panel.slider.sliderReleased.connect(guarded(session, self._rest))
        panel.play_wanted.connect(guarded(session, self.play))
        session.leaving.connect(self.back)
        session.case_changed.connect(self._on_case)
        session.masks_changed.connect(lambda _case: self._masks.clear())
        self._on_active = guarded(session, self._after_choice)
        board.active_changed.connect(self._on_active)
        self.layers.taken_out.connect(self._on_active)

    def close(self) -> None:
        """Show nothing more."""
        self.back()
        self.layers.close()

    @property
    def playing(self) -> bool:
        """Whether the heart beats."""
        return bool(self._timer.isActive())

    def look(self, number: int) -> None:
        """Open a frame that is a case, or show it over the case; its own takes the look away."""
        case = self._session.the_case()
        if number == (case.frame or 0) and not self.playing:
            self.back()
            return
        dragged = self._panel.slider.isSliderDown()
        if not self.playing and not dragged and self._is_case(number):
            self._open(number)
            return
        self._read(case, number)
        self._showing = True
        try:
            self.layers.show(self._images[number], self._masks[number], self._session.scheme)
        finally:
            self._showing = False

    def play(self) -> None:
        """Let the heart beat, or go back to the open frame as it was."""
        if self.playing:
            self.back()
            return
        case = self._session.the_case()
        size = case.frames * case.image.array.size * 4
        if size > _LARGEST_BYTES:
            raise ImageError(
                f"{case.frames} frames need {size >> 20} MB of memory; expected at most "
                f"{_LARGEST_BYTES >> 20}: look at single frames by the slider."
            )
        self._panel.show_playing(True)
        self._timer.start(round(self._pace(case)))

    def back(self) -> None:
        """Stop, and show the open case as it was."""
        self._timer.stop()
        self._panel.show_playing(False)
        self._showing = True
        try:
            self.layers.hide()
        finally:
            self._showing = False
        case = self._session.case
        if case is not None and case.frames > 1:
            self._panel.show_frame(case.frame or 0, case.frames)

    def _is_case(self, number: int) -> bool:
        name = other_frame(self._session.the_case().id, number)
        return self._session.the_project().has_case(name)

    def _open(self, number: int) -> None:
        try:
            self._open_frame(number)
        finally:
            # A frame that cannot be opened leaves the one before on screen.
            self.back()

    def _rest(self) -> None:
        """The slider was let go at a frame."""
        number = self._panel.frame.value()
        if self.layers.shown and not self.playing and self._is_case(number):
            self._open(number)

    def _next(self) -> None:
        case = self._session.case
        if case is None:
            self.back()
            return
        number = (self._panel.frame.value() + 1) % case.frames
        try:
            self.look(number)
        except Exception:
            # Whatever it is, it is told once and not at every beat.
            self.back()
            raise
        self._panel.show_frame(number, case.frames)

    def _pace(self, case: OpenCase) -> float:
        """Milliseconds from frame to frame, as the heart beat."""
        path = self._session.the_project().image_path(case.id)
        times = read_cine_times(path, case.frames)
        length = None if times.trigger_ms is None else cycle_ms(times.trigger_ms)
        if length is None and times.heart_rate is not None:
            length = 60000.0 / times.heart_rate
        low, high = _PACE_MS
        return min(max(_USUAL_MS if length is None else length / case.frames, low), high)

    def _read(self, case: OpenCase, number: int) -> None:
        project = self._session.the_project()
        if number not in self._images:
            # Of several one at a time is enough for a look.
            if len(self._images) * case.image.array.nbytes > _LARGEST_BYTES:
                self._images.clear()
            image = read_image(project.image_path(case.id), number).array
            if image.shape != case.image.array.shape:
                raise ImageError(f"Frame {number} of {case.id} has another shape than the case.")
            self._images[number] = image
        if number not in self._masks:
            name = other_frame(case.id, number)
            mask = shown_mask(project, name) if project.has_case(name) else None
            fits = mask is not None and mask.shape == case.image.array.shape
            self._masks[number] = mask if fits else None

    def _on_case(self) -> None:
        case = self._session.case
        path = None if case is None else self._session.the_project().image_path(case.id)
        if path != self._path:
            self._path = path
            self._images.clear()
        self._masks.clear()
        self.back()

    def _after_choice(self) -> None:
        if self._showing or not self.layers.left:
            return
        chosen = self._board.chosen
        if chosen is None and not self.layers.broken:
            return  # on the way from one layer to another
        # A pen for what is on screen: it is opened, and drawn on.
        pen = chosen is not None and chosen in map(self._board.layer, (SCRIBBLES, PREDICTION))
        number = self._panel.frame.value()
        if pen and not self.playing:
            self._open(number)
        else:
            self.back()
