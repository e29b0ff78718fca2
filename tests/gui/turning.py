"""A real window without an event loop of its own: turned, waited for, trained in and closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QPushButton

from napari_scribblemix.gui.commands import dock
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.run_state import Phase

PATIENCE = 1500.0


def turn(seconds: float) -> None:
    """Let the event loop turn for so long."""
    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if time.monotonic() >= end:
            return
        time.sleep(0.005)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Let the event loop turn until the condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        turn(0.02)


def train(widget: ScribbleMixWidget, *, over: bool) -> None:
    """A real training: until its curve is drawn, or until it has ended."""
    panel, session = widget.train_panel, widget.session
    panel.form.set_value("time", None if over else 600)
    panel.more.set_value("steps", 2 if over else None)
    panel.more.set_value("threads", 1)
    panel.train_button.click()
    wait_for(lambda: bool(session.run.curves.losses), "a step of the training")
    if over:
        wait_for(lambda: session.run.phase is Phase.IDLE, "the end of the training")
    turn(0.3)


def click_cross(widget: ScribbleMixWidget) -> None:
    """As the mouse does on the dock's cross."""
    parent = widget.parentWidget()
    while not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    parent.titleBarWidget().findChild(QPushButton, "QTitleBarCloseButton").click()


def close(viewer: Any, widget: ScribbleMixWidget, route: str) -> None:
    """Close the widget or the window."""
    if route == "cross":
        click_cross(widget)
    elif route == "menu":
        viewer.window.remove_dock_widget(widget)
    elif route == "viewer":
        viewer.close()
    else:
        viewer.window._qt_window.close(quit_app=route == "quit")


def sample_window(projects: Path) -> tuple[Any, ScribbleMixWidget]:
    """A window with the bundled cine sample open, its project in the folder ``projects``."""
    preferences.projects_folder = lambda: projects
    viewer = napari.Viewer()
    widget = dock(viewer)
    widget.open_sample("cine")
    widget.cases.finish_adding()
    return viewer, widget
