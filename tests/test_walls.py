"""The walls between the rooms: who may import whom, and what stays out of memory.

The window is a house within the house: its rooms have walls of their own, and only its ``viewer``
touches napari's layers.  Ruff holds the coarse part while one types; here every import statement of
the package is read, at module level or inside a function, and real processes show what an import
brings in.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
from walls import (
    ALLOWED,
    DICOM,
    GUI_ALLOWED,
    GUI_ROOMS,
    IN_WINDOW,
    PACKAGE,
    QT,
    SOURCES,
    STEPS,
    TORCH,
    breaches,
    gui_breaches,
    inside,
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_imports_through_a_wall(path: Path) -> None:
    assert breaches(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", IN_WINDOW, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_of_the_window_goes_through_a_wall(path: Path) -> None:
    assert gui_breaches(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("data/x.py", "import torch"),
        ("data/x.py", "def f():\n    import torch.nn"),
        ("data/x.py", "from napari_scribblemix.project import cases"),
        ("data/x.py", "from ..project import cases"),
        ("data/x.py", "def f():\n    import pydicom"),
        ("project/x.py", "from pydicom import dcmread"),
        ("data/dicom/x.py", "from napari_scribblemix.project import cases"),
        ("project/x.py", "from napari_scribblemix.methods.unet import UNet"),
        ("evaluation/x.py", "from napari_scribblemix.project.layouts import find_cases"),
        ("methods/x.py", "from napari_scribblemix.project.cases import Case"),
        ("synthesis/x.py", "import napari_scribblemix.project.cases"),
        ("training/x.py", "from napari_scribblemix.cli import app"),
        ("training/x.py", "from qtpy import QtCore"),
        ("worker/client.py", "import torch"),
        ("worker/client.py", "from napari_scribblemix.training.loop import Training"),
        ("worker/client.py", "from .child import main"),
        ("worker/inbox.py", "from napari_scribblemix.training.control import Control"),
        ("cli/x.py", "import torch"),
        ("cli/x.py", "from napari_scribblemix.gui import session"),
        ("gui/x.py", "def f():\n    import torch"),
        ("gui/x.py", "from napari_scribblemix.training import recipe"),
        ("gui/x.py", "from napari_scribblemix.worker.child import main"),
        ("x.py", "from napari_scribblemix.data import nifti"),
    ],
)
def test_a_breach_would_be_found(place: str, source: str) -> None:
    assert breaches(PACKAGE / place, source) != []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("data/x.py", "from napari_scribblemix.errors import LabelError\nimport numpy"),
        ("project/x.py", "from napari_scribblemix.data.nifti import read_image"),
        ("data/dicom/x.py", "def f():\n    import pydicom"),
        ("worker/child.py", "import torch\nfrom napari_scribblemix.training.loop import Training"),
        ("cli/x.py", "def f():\n    import torch"),
        (
            "gui/x.py",
            "from qtpy import QtCore\nfrom napari_scribblemix.worker.client import Client",
        ),
        ("cli/x.py", "from napari_scribblemix import __version__"),
    ],
)
def test_an_allowed_import_is_no_breach(place: str, source: str) -> None:
    assert breaches(PACKAGE / place, source) == []


def test_every_room_has_its_walls() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/**/*.py")}
    assert rooms <= set(ALLOWED)
    of_window = {path.relative_to(PACKAGE / "gui").parts[0] for path in IN_WINDOW if inside(path)}
    assert of_window == GUI_ROOMS == set(GUI_ALLOWED) - {""}


GUI = "from napari_scribblemix.gui"


@pytest.mark.parametrize(
    ("place", "source"),
    [
        *((f"{a}/x.py", f"{GUI}.{b}.panel import X") for a, b in permutations(sorted(STEPS), 2)),
        ("review/x.py", f"def f():\n    {GUI}.train import control"),
        ("review/x.py", f"{GUI} import train"),
        ("review/x.py", "from ..train.control import TrainControl"),
        ("review/x.py", "import napari_scribblemix.gui.scribble.pens"),
        ("images/x.py", f"{GUI}.dock import ScribbleMixWidget"),
        ("viewer/x.py", f"{GUI}.scribble.pens import Pens"),
        ("viewer/x.py", f"{GUI}.widgets.controls import tip"),
        ("viewer/x.py", f"{GUI}.keyboard import Keyboard"),
        ("state/x.py", f"{GUI}.viewer.layers import LayerBoard"),
        ("state/x.py", f"{GUI}.train.companions import Companion"),
        ("state/x.py", f"{GUI}.widgets.plain import plain"),
        ("state/x.py", "from qtpy.QtWidgets import QWidget"),
        ("state/x.py", "from qtpy import QtGui"),
        ("state/x.py", "def f():\n    import pyqtgraph"),
        ("widgets/x.py", f"{GUI}.state.session import Session"),
        ("widgets/x.py", f"{GUI}.review.panel import ReviewPanel"),
        ("scribble/x.py", "def f(board):\n    return board.viewer.layers.selection.active"),
        ("scribble/x.py", "def f(viewer):\n    del viewer.layers[0]"),
        ("state/x.py", "class X:\n    def f(self):\n        self._viewer.layers.clear()"),
        ("dock.py", "def f(napari_viewer):\n    return list(napari_viewer.layers)"),
    ],
)
def test_a_breach_within_the_window_would_be_found(place: str, source: str) -> None:
    assert gui_breaches(PACKAGE / "gui" / place, source) != []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("review/x.py", f"{GUI}.state.session import Session\n{GUI}.viewer import layers"),
        ("review/x.py", f"{GUI}.widgets.plain import plain\n{GUI}.review.panel import X"),
        ("viewer/x.py", f"{GUI}.state.open_case import OpenCase\nviewer.layers.clear()"),
        ("state/x.py", "from qtpy.QtCore import QObject\nfrom napari.settings import get_settings"),
        ("widgets/x.py", "from qtpy.QtWidgets import QWidget"),
        ("images/x.py", "from napari.layers import Image"),
        ("dock.py", f"{GUI}.train.control import TrainControl\n{GUI}.closing import at_cross"),
    ],
)
def test_what_is_allowed_within_the_window_is_no_breach(place: str, source: str) -> None:
    assert gui_breaches(PACKAGE / "gui" / place, source) == []


CHILD = ("worker", "child")


def modules_after(statements: str) -> set[str]:
    code = f"import sys\n{statements}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.split(".")[0] for name in done.stdout.split()}


LIGHT_ROOMS = (
    "", "settings", "events", "data", "project", "evaluation", "report", "worker", "gui",
)  # fmt: skip


@pytest.mark.parametrize("room", LIGHT_ROOMS)
def test_importing_a_light_room_leaves_torch_and_qt_out(room: str) -> None:
    folder = PACKAGE / room
    names = [f"napari_scribblemix.{room}".rstrip(".")]
    if room and folder.is_dir():
        inside = [path.relative_to(folder).with_suffix("").parts for path in folder.rglob("*.py")]
        names += [
            ".".join([names[0], *place]) for place in sorted(inside) if (room, *place)[:2] != CHILD
        ]
    elif room and not folder.with_suffix(".py").is_file():
        pytest.skip(f"there is no room {room} yet")
    loaded = modules_after("\n".join(f"import {name}" for name in names))
    forbidden = (TORCH if room == "gui" else TORCH | QT) | DICOM
    assert not loaded & forbidden
