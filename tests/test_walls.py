"""The walls between the rooms: who may import whom, and what stays out of memory.

The window is a house within the house: its rooms have walls of their own, and only its ``viewer``
touches napari's layers.  Ruff holds the coarse part while one types; here every import statement of
the package is read, at module level or inside a function, and real processes show what an import
brings in.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "napari_scribblemix"
ROOT_MODULES = frozenset({"errors", "settings", "resources", "events"})

# Room: the rooms it may import, beside itself and the modules at the root of the package.
ALLOWED: dict[str, frozenset[str]] = {
    "settings": frozenset(),
    "data": frozenset(),
    "project": frozenset({"data"}),
    "evaluation": frozenset({"data"}),
    "report": frozenset({"data", "project", "evaluation"}),
    "methods": frozenset({"data"}),
    "synthesis": frozenset({"data"}),
    "training": frozenset(
        {"data", "project", "evaluation", "methods", "synthesis", "inference"}
    ),
    "inference": frozenset({"data", "project", "evaluation", "methods"}),
    "worker": frozenset({"data", "project"}),
    "worker.child": frozenset(
        {"data", "project", "evaluation", "methods", "synthesis", "training", "inference"}
    ),
    "cli": frozenset(
        {
            "data", "project", "evaluation", "methods", "synthesis", "training", "inference",
            "worker", "report",
        }
    ),
    "gui": frozenset({"data", "project", "evaluation", "report", "worker"}),
}  # fmt: skip

STEPS = frozenset({"images", "scribble", "train", "review"})
GUI_ROOMS = STEPS | {"viewer", "state", "widgets"}
SHARED = frozenset({"state", "viewer", "widgets"})
# Room of the window: the rooms of the window it may import, beside itself. A step knows no other
# step: what one needs of another goes through the session, or ``dock`` passes it in.
GUI_ALLOWED: dict[str, frozenset[str]] = {
    "widgets": frozenset(),
    "state": frozenset(),
    "viewer": frozenset({"state"}),
    **dict.fromkeys(STEPS, SHARED),
    "": GUI_ROOMS,
}
NO_WIDGETS = frozenset({"qtpy.QtWidgets", "qtpy.QtGui", "superqt", "magicgui", "pyqtgraph"})

TORCH = frozenset({"torch", "lightning_fabric", "lightning", "safetensors"})
QT = frozenset(
    {"qtpy", "PyQt5", "PyQt6", "PySide6", "napari", "magicgui", "superqt", "pyqtgraph", "vispy"}
)
DICOM = frozenset({"pydicom", "highdicom", "gdcm"})
TORCH_ROOMS = frozenset({"methods", "synthesis", "training", "inference", "worker.child"})


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[:2] == ("worker", "child"):
        return "worker.child"
    return parts[0] if len(parts) > 1 else ""


def imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Absolute dotted names of everything imported anywhere in ``tree``, relative ones resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def breaches(path: Path, source: str) -> list[str]:
    """What ``source``, lying at ``path`` in the package, imports through a wall."""
    room = room_of(path)
    package = ("napari_scribblemix", *path.relative_to(PACKAGE).parts[:-1])
    tree = ast.parse(source)
    outside = {id(n) for f in ast.walk(tree) if isinstance(f, FUNCTIONS) for n in ast.walk(f)}
    top = ast.Module([n for n in ast.walk(tree) if id(n) not in outside and is_import(n)], [])
    found = []
    for name in imported(tree, package):
        first, *rest = name.split(".")
        if first in TORCH and room not in TORCH_ROOMS | {"cli"}:
            found.append(f"{room or path.stem} imports {name}")
        if first in QT and room != "gui":
            found.append(f"{room or path.stem} imports {name}")
        if first in DICOM and path.relative_to(PACKAGE).parts[:2] != ("data", "dicom"):
            found.append(f"{room or path.stem} imports {name}")
        if first != "napari_scribblemix" or not rest:
            continue
        target = "worker.child" if rest[:2] == ["worker", "child"] else rest[0]
        if target in ROOT_MODULES | {"__version__", "__init__"} or path.name == "__main__.py":
            continue
        own = {room, "worker"} if room.startswith("worker") else {room}
        if room and target not in ALLOWED[room] | own:
            found.append(f"{room} imports {name}")
        if not room:
            found.append(f"{path.stem} at the root of the package imports {name}")
    if room == "cli":
        for name in imported(top, package):
            if name.split(".")[0] in TORCH:
                found.append(f"{path.name} imports {name} at module level")
    return found


def gui_breaches(path: Path, source: str) -> list[str]:
    """What ``source``, lying at ``path`` in the window's house, does through one of its walls."""
    place = path.relative_to(PACKAGE / "gui").parts
    room = place[0] if len(place) > 1 else ""
    package = ("napari_scribblemix", "gui", *place[:-1])
    tree = ast.parse(source)
    found = []
    for name in imported(tree, package):
        if room == "state" and any(f"{name}.".startswith(f"{banned}.") for banned in NO_WIDGETS):
            found.append(f"{path.name} imports {name}")
        if not name.startswith("napari_scribblemix.gui."):
            continue
        target = name.split(".")[2]
        if target not in GUI_ALLOWED[room] | {room} and (room or target in GUI_ROOMS):
            found.append(f"{path.name} imports {name}")
    if room != "viewer":
        found += [
            f"{path.name}:{node.lineno} touches the viewer's layers"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr == "layers"
            and ast.unparse(node.value).split(".")[-1].endswith("viewer")
        ]
    return found


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


SOURCES = sorted(PACKAGE.rglob("*.py"))
IN_WINDOW = sorted((PACKAGE / "gui").rglob("*.py"))


def inside(path: Path) -> bool:
    """Whether a file of the window lies in one of its rooms, not at the root."""
    return path.parent != PACKAGE / "gui"


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
