"""A slice at once: no heart in it, or the strokes of its neighbour.

Each is one step that *Undo* takes back, on the layer that is in the hand: strokes, or the mask
while it is corrected.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import ProjectError
from napari_scribblemix.gui.scribble.pens import Pens
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import PREDICTION, SCRIBBLES, LayerBoard

_FAINT = 0.2
"""How opaque strokes are that cover the whole slice: the image is to be seen below them."""


class WholeSlices:
    """``replace_slice`` draws strokes, as viewer values (Y, X), over a slice (from 0)."""

    def __init__(
        self,
        session: Session,
        board: LayerBoard,
        pens: Pens,
        replace_slice: Callable[[int, NDArray[np.uint8]], None],
    ) -> None:
        self._session, self._board, self._pens = session, board, pens
        self._replace_slice = replace_slice
        self._opacity: float | None = None
        session.slice_changed.connect(self.show)
        session.scribble_changed.connect(self.show)

    def no_heart(self) -> None:
        """Make all of the slice on screen background: as strokes, or in the mask in the hand."""
        number = self._slice_on_screen()
        mask = self._pens.layer() if self._pens.role == PREDICTION else None
        if mask is None:
            case, scheme = self._session.the_case(), self._session.scheme
            self._replace(number, np.full_like(case.scribble[number], scheme.classes))
        elif mask.data[number].any():
            y, x = np.nonzero(mask.data[number])
            mask.data_setitem((np.full_like(y, number), y, x), 0)
            mask.refresh()
            self._pens.changed.emit()
        else:
            # Nothing to correct: it is accepted as it is.
            self._session.accept((number,))

    def copy_from(self, step: int) -> None:
        """Take the strokes of the slice so many further on (-1: the one before) for this one."""
        number, case = self._slice_on_screen(), self._session.the_case()
        source = number + step
        if not 0 <= source < case.slices:
            side = "before" if step < 0 else "after"
            raise ProjectError(f"There is no slice {side} slice {number} to copy strokes from.")
        strokes = case.scribble[source]
        if (strokes == UNLABELLED).all():
            raise ProjectError(
                f"Slice {source} has no strokes to copy to slice {number}; draw some there first."
            )
        self._replace(number, self._session.scheme.to_viewer(strokes))

    def show(self, _changed: object = None) -> None:
        """Let a slice that is background all over be a tint; elsewhere strokes are as they were."""
        case, layer = self._session.case, self._board.layer(SCRIBBLES)
        if case is None or layer is None:
            return
        whole = bool((case.scribble[self._session.slice] == 0).all())
        if whole and self._opacity is None:
            self._opacity, layer.opacity = layer.opacity, _FAINT
        elif not whole and self._opacity is not None:
            layer.opacity, self._opacity = self._opacity, None

    def _replace(self, number: int, labels: NDArray[np.uint8]) -> None:
        before = self._session.the_case().scribble[number].copy()
        self._replace_slice(number, labels)
        now = self._session.the_case().scribble[number]
        if (before != UNLABELLED).any() and not np.array_equal(before, now):
            self._session.told.emit(
                "info", f"The strokes of slice {number} were replaced; Undo brings them back."
            )

    def _slice_on_screen(self) -> int:
        """Asked anew at each press: the layers may have been moved meanwhile."""
        session = self._session
        session.the_case()
        if session.read_only:
            raise ProjectError(f"Nothing can be drawn: {session.read_only}")
        # Strokes that were just drawn are part of what is replaced or copied.
        self._pens.changed.emit()
        found = self._board.slice_on_screen()
        if isinstance(found, str):
            raise ProjectError(f"No single slice of the case is on screen: {found}")
        return found
