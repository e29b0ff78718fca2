"""How the mask and its uncertainty look, as the user set it in the panel."""

from __future__ import annotations

from typing import Any

from napari_scribblemix.gui.review.panel import ReviewPanel
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.gui.viewer.layers import PREDICTION, LayerBoard
from napari_scribblemix.gui.viewer.look import outline_width

_FAINTEST = 0.7
"""How opaque an outline is at least."""


def show_look(
    session: Session, board: LayerBoard, panel: ReviewPanel, *, blinking: bool = False
) -> None:
    """Give the layers of the open case that are there the look of the panel.

    ``blinking``: the mask is not to be seen for a moment.  It stays visible to napari, which would
    take the pen out of the hand of whoever corrects it.
    """
    layer = board.layer(PREDICTION)
    if layer is not None:
        _set(layer, "visible", panel.prediction.isChecked())
        # napari lets a layer that is shown again be edited, whatever it was before.
        _set(layer, "editable", session.writable)
        show_outline(board, panel)
        _set(layer, "opacity", 0.0 if blinking else _opacity(panel))
    if session.case is not None:
        board.show_uncertainty(session.case, session.scheme, shown=panel.uncertainty.isChecked())


def show_outline(board: LayerBoard, panel: ReviewPanel) -> None:
    """Outline the mask as thick as can be seen at this zoom, or fill it."""
    layer = board.layer(PREDICTION)
    if layer is not None:
        width = outline_width(board.viewer.scene.camera.zoom, layer)
        _set(layer, "contour", width if panel.outline.isChecked() else 0)


def _opacity(panel: ReviewPanel) -> float:
    """As the slider says; outlines never fade, or bright blood would drown them."""
    chosen = float(panel.opacity.value()) / 100
    return _FAINTEST + (1 - _FAINTEST) * chosen if panel.outline.isChecked() else chosen


def _set(layer: Any, name: str, value: object) -> None:
    """Set what differs: napari draws a layer anew even where nothing changed."""
    if getattr(layer, name) != value:
        setattr(layer, name, value)
