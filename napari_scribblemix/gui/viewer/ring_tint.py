"""The enclosure rule on screen: what a closed ring of background strokes makes background.

The rule costs some tens of milliseconds a slice, so slices wait in a queue and are worked off one
at a time, after the hand has rested for a moment: drawing must never stutter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.scribbles import Rings, background_of, find_rings
from napari_scribblemix.gui.state.session import Session

GAP = 7
"""Pixels: how wide a gap in the ring still counts as closed, as in the training."""

_REST = 150

Show = Callable[[NDArray[np.bool_], int], None]


class RingTint(QObject):
    """Works out the enclosed background of the open case's slices.

    ``show(enclosed, slice)`` gets each result, (1, Y, X); ``open_rings`` are the slices whose
    background strokes do not close round the structures yet; ``strays`` the slices whose ring is
    closed, with the structures (class indices) that have strokes outside of it.
    """

    def __init__(self, session: Session, show: Show, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._show = session, show
        self._waiting: dict[int, None] = {}
        self.open_rings: set[int] = set()
        self.strays: dict[int, tuple[int, ...]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)

    def restart(self) -> None:
        """Another case: all its slices with strokes, the one on screen first."""
        self._waiting.clear()
        self.open_rings.clear()
        self.strays.clear()
        self._timer.stop()
        case = self._session.case
        if case is not None:
            drawn = (case.scribble != UNLABELLED).any(axis=(1, 2))
            self.add(np.flatnonzero(drawn).tolist())

    def add(self, slices: Iterable[int]) -> None:
        """These slices changed."""
        self._waiting |= dict.fromkeys(slices)
        self._timer.start(_REST)

    def stop(self) -> None:
        """Work nothing off any more."""
        self._timer.stop()
        self._waiting.clear()

    def _next(self) -> None:
        case = self._session.case
        if case is None or not self._waiting:
            return
        shown = self._session.slice
        number = shown if shown in self._waiting else next(iter(self._waiting))
        del self._waiting[number]
        strokes = case.scribble[number : number + 1]
        rings = find_rings(strokes, GAP)
        enclosed = background_of(rings, strokes)
        self._judge(number, strokes, rings, done=bool(enclosed.any()))
        self._show(enclosed, number)
        if self._waiting:
            self._timer.start(0)

    def _judge(self, number: int, strokes: NDArray[np.uint8], rings: Rings, *, done: bool) -> None:
        """Note what keeps a slice (1, Y, X) with background and structures from being enclosed."""
        self.open_rings.discard(number)
        self.strays.pop(number, None)
        structure = (strokes > 0) & (strokes != UNLABELLED)
        if done or not structure.any() or not (strokes == 0).any():
            return
        # A ring that has no structure in it is not one round the heart.
        if rings.drawn.any() and (structure & ~rings.strays).any():
            self.strays[number] = tuple(np.unique(strokes[rings.strays]).tolist())
        else:
            self.open_rings.add(number)
