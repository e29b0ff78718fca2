"""A screen for the tests of the window, and the watch that none of them leaves anything behind.

napari draws with OpenGL, for which Qt's offscreen platform has no context on Linux; so a virtual X
server is started where there is one.  ``QT_API=pyqt5`` or ``pyqt6`` chooses the binding.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_hand import open_folder
from fakes import FakeClient, QuietClient
from qtpy.QtWidgets import QFileDialog

from napari_scribblemix.gui import long_lived
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.session import Session
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import Project
from phantoms import write_folder

SCREEN = "1500x1000x24"


@pytest.fixture
def chosen_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the user chooses for what is written."""
    folder = tmp_path / "chosen"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    return folder


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """A virtual screen on Linux; other systems draw on their own."""
    if not sys.platform.startswith("linux"):
        yield
        return
    program = shutil.which("Xvfb")
    if program is None:
        if os.environ.get("CI_GUI") or "DISPLAY" not in os.environ:
            message = "Xvfb is not installed (apt-get install xvfb), and there is no other screen"
            pytest.fail(message) if os.environ.get("CI_GUI") else pytest.skip(message)
        yield
        return
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        os.environ["DISPLAY"] = f":{pipe.readline().strip()}"
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    # Not sooner: the application still has a window server to say goodbye to.
    atexit.register(server.kill)
    yield


@pytest.fixture(scope="session")
def qapp_args(display: None) -> list[str]:
    """The screen comes before the application."""
    # napari's fixture collects garbage after each test; what was imported need not be looked at.
    gc.collect()
    gc.freeze()
    return ["scribblemix-tests"]


@pytest.fixture(autouse=True)
def nothing_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests set aside stays so, whatever windows close."""
    monkeypatch.setattr(long_lived, "set_aside", lambda: None)
    monkeypatch.setattr(long_lived, "take_back", lambda: None)


@pytest.fixture(autouse=True)
def projects_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Projects that cannot lie beside their images go into the test's own folder."""
    folder = tmp_path / "projects"
    monkeypatch.setattr(preferences, "projects_folder", lambda: folder)
    return folder


@pytest.fixture(autouse=True)
def _none_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is kept ready, but where a test is about that: each would load PyTorch."""
    monkeypatch.setattr(preferences, "ready_minutes", lambda: 0.0)


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and not t.name.startswith("Dummy")]
    for thread in left:
        thread.join(5)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three phantoms: two scribbled, one with a mask."""
    return write_folder(tmp_path / "study")


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> Iterator[Project]:
    """The same as an open project."""
    with Project.create(tmp_path / "study.scribblemix") as project:
        for files in survey(folder).cases:
            project.add_case(files)
        yield project


@pytest.fixture
def session(project: Project) -> Iterator[Session]:
    """A session with the first case open."""
    session = Session()
    session.use_project(project)
    session.open_case("case00")
    yield session
    session.close_project()


@pytest.fixture
def told(session: Session) -> list[tuple[str, str]]:
    """What the session told."""
    messages: list[tuple[str, str]] = []
    session.told.connect(lambda level, sentence: messages.append((level, sentence)))
    return messages


@pytest.fixture
def make_widget(
    make_napari_viewer: Callable[..., Any], qtbot: Any
) -> Iterator[Callable[..., ScribbleMixWidget]]:
    """A docked widget with a worker that is none; it is shut down and gone after the test."""
    made = []

    def make(*, show: bool = False, real: bool = False) -> ScribbleMixWidget:
        viewer = make_napari_viewer(show=show, strict_qt="raise")
        relay = WorkerRelay() if real else WorkerRelay(FakeClient)
        # Whoever tests the live mask for real does so in a process of its own.
        widget = ScribbleMixWidget(viewer, relay, WorkerRelay(QuietClient))
        viewer.window.add_dock_widget(widget, name="ScribbleMix")
        qtbot.wait(1)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.shut_down()
    FakeClient.made = QuietClient.made = None


@pytest.fixture
def widget(make_widget: Callable[..., ScribbleMixWidget], folder: Path) -> ScribbleMixWidget:
    """A docked widget with the phantoms open."""
    widget = make_widget()
    open_folder(widget, folder)
    return widget
