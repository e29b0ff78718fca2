"""The scenario of ``real_window`` in which a real worker follows strokes of the mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mouse import stroke
from turning import close, sample_window, train, turn, wait_for
from walk import say

from napari_scribblemix.data.labels import UNLABELLED


def live(folder: Path, route: str) -> None:
    """Strokes by the mouse, which a real worker follows; closed while it learns from one."""
    viewer, widget = sample_window(folder)
    session, panel = widget.session, widget.scribble_panel
    first, other = (state.id for state in session.case_states()[:2])
    session.open_case(first)
    turn(0.5)

    def line(number: int, value: int, row: float) -> None:
        """A stroke across the middle of a slice."""
        case = session.the_case()
        _, y, x = case.image.geometry.spacing
        height, width = case.image.array.shape[1:]
        widget.board.go_to_slice(number)
        widget.draw.draw()
        widget.draw.pens.take(value)
        turn(0.1)
        stroke(viewer, [(row * height * y, c * width * x) for c in np.linspace(0.4, 0.6, 12)])

    def followed(number: int) -> np.ndarray:
        """The mask once the strokes of a slice are in it and all is learnt."""

        def there() -> bool:
            case = session.the_case()
            drawn = case.scribble[number] != UNLABELLED
            mask = case.prediction
            same = mask is not None and (mask[number][drawn] == case.scribble[number][drawn]).all()
            return bool(drawn.any() and same and " s)" in panel.live_note.text())

        panel.show_live("")
        wait_for(there, "a mask that follows the stroke")
        return session.the_case().prediction.copy()

    middle = session.the_case().slices // 2
    line(middle, 3, 0.5)
    one = followed(middle)
    line(middle, 1, 0.3)
    two = followed(middle)
    if np.array_equal(one, two):
        raise ValueError("the second stroke changed nothing")
    panel.undo_button.click()
    followed(middle)
    wait_for(lambda: np.array_equal(session.the_case().prediction, one), "the mask before")
    say("undone")
    session.open_case(other)
    line(middle, 2, 0.5)
    followed(middle)
    session.open_case(first)
    if not np.array_equal(session.the_case().prediction, one):
        raise ValueError("the mask of the first case is another")
    line(middle + 1, 3, 0.5)
    wait_for(lambda: session.case.origin.get("settled") is False, "an answer at once")
    session.open_case(other)
    session.open_case(first)
    wait_for(lambda: session.case.origin.get("settled") is True, "the end of learning")
    line(middle + 1, 1, 0.4)
    worker = widget.live.relay._client
    child = worker._process
    if route == "train":
        train(widget, over=True)
        if child.poll() is None:
            raise ValueError("the worker that follows strokes is still there")
        line(middle, 3, 0.45)
        followed(middle)
        child = widget.live.relay._client._process
        route = "window"
    close(viewer, widget, route)
    turn(0.5)
    if child.poll() is None:
        raise ValueError("the worker outlived the window")
    say("gone")
