"""How large the window is when the program is started.

napari begins with a size in which half of the panel is below the edge.  Afterwards it remembers the
size that the window was left with, which stays unless it is that of a larger screen: on a smaller
one the panel would lie beyond the edge.
"""

from __future__ import annotations

from napari.settings import get_settings
from qtpy.QtCore import QRect, QSize
from qtpy.QtWidgets import QDockWidget, QMainWindow

_MOST = (0.94, 0.90)
"""Of the screen, width and height: the window's own frame and title have to fit too."""

_ENOUGH = (1500, 960)
"""Logical pixels in which image and panel have the room they can use."""

_LAYERS = "layer list"
"""The name of napari's dock with the list of layers."""

_LAYERS_HEIGHT = 100
"""The pixels that list has at least: its buttons and a layer."""

_SHARE = 0.75
"""Of a large screen."""


def size_on(screen: QSize) -> QSize:
    """A sensible size on a screen of which so much is free, in logical pixels."""
    sides = (screen.width(), screen.height())
    width, height = (
        int(min(most * side, max(enough, _SHARE * side)))
        for most, enough, side in zip(_MOST, _ENOUGH, sides, strict=True)
    )
    return QSize(width, height)


def is_first_start() -> bool:
    """Whether napari remembers no size of its window; to be asked before there is one."""
    return get_settings().application.window_size is None


def take_room(window: QMainWindow) -> None:
    """Give ``window`` a sensible part of its screen, in the middle of it."""
    free = window.screen().availableGeometry()
    size = size_on(free.size())
    corner = free.center() - QRect(free.topLeft(), size).center() + free.topLeft()
    window.resize(size)
    window.move(corner)


def fit_screen(window: QMainWindow) -> None:
    """Bring ``window`` onto its screen, where any of it lies beyond the edge."""
    free, there = window.screen().availableGeometry(), window.geometry()
    if there.width() > free.width() or there.height() > free.height():
        take_room(window)
    elif not free.contains(there):
        left = min(max(there.left(), free.left()), free.left() + free.width() - there.width())
        top = min(max(there.top(), free.top()), free.top() + free.height() - there.height())
        window.setGeometry(left, top, there.width(), there.height())


def spare_height(window: QMainWindow) -> None:
    """Let napari's list of layers scroll sooner.

    With letters of 16 points the controls of a layer and the list below them ask for more height
    than a screen of 720 lines has.
    """
    layers = window.findChild(QDockWidget, _LAYERS)
    if layers is not None and layers.widget() is not None:
        layers.widget().setMinimumHeight(_LAYERS_HEIGHT)
        layers.setMinimumHeight(_LAYERS_HEIGHT + layers.titleBarWidget().sizeHint().height())
