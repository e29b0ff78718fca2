"""The walls between the rooms as rules: who may import whom, and what stays out of memory."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

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
