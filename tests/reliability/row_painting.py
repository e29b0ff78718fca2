"""The window's process killed while somebody paints; then its files damaged as disks do it.

The widget is the real one (``tests/gui/painter.py``), without a window: the way of a stroke to the
disk has nothing to do with one.  A stroke counts as old once it was painted more than a second
before the process was gone.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import painter
from fork import POINTS, ended, kill_at, start, strays
from numpy.typing import NDArray
from tries import Place

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.errors import FileError, ScribbleMixError
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import PROJECT_FILE, Project
from napari_scribblemix.worker import client
from phantoms import write_folder

MEANINGS = {1: 1, 2: 2, 3: 3, 4: 0}
CASE = "case00"
SHORTEST, LONGEST, MOST_CALLS, START_SECONDS = 0.5, 3.0, 40, 40.0
Strokes = list[tuple[int, float]]


def _no_worker(*_: object) -> NoReturn:
    raise FileError("No worker here: it has a row of its own.")


def _paint(project: Path, said: Path) -> None:
    """In the forked process; what it says of its strokes goes into a file."""
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(descriptor, 1)
    sys.stdout = os.fdopen(1, "w")
    client._spawn = _no_worker
    painter.main(project)


def _kill(place: Place, said: Path, work: Callable[[], None]) -> bool:
    """Two of three at a moment after the first stroke, one at a point of a save."""
    if place.rng.random() < 0.67:
        process, deadline = start(work), time.monotonic() + START_SECONDS
        while not _painted(said) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(place.rng.uniform(SHORTEST, LONGEST))
        os.kill(process, signal.SIGKILL)
        return ended(process) == -signal.SIGKILL
    point, after = place.rng.choice(POINTS), place.rng.random() < 0.5
    number = place.rng.randint(1, MOST_CALLS)
    return kill_at(point, number, after=after, work=work, longest=START_SECONDS / 5)


def _painted(said: Path) -> Strokes:
    lines = said.read_text().splitlines(keepends=True) if said.is_file() else []
    words = [line.split() for line in lines if line.endswith("\n")]
    return [(int(number), float(when)) for number, when in words]


def _lost(folder: Path, old: list[int]) -> str:
    """What is wrong with the project as it is opened next."""
    try:
        scribble = _scribble(folder)
    except (ScribbleMixError, KeyError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    lost = sum(scribble[number] != MEANINGS[number % 4 + 1] for number in old)
    if lost:
        return f"{lost} of {len(old)} strokes lost"
    return f"{strays(folder)} strays" if strays(folder) else ""


def _scribble(folder: Path) -> NDArray[np.uint8]:
    with Project.open(folder) as project:
        geometry = project.read_image(CASE).geometry
        return project.read_scribble(CASE, geometry).ravel()


def _cut(place: Place, path: Path) -> None:
    """As half a write leaves a file: shorter, empty, or of zeros from some place on."""
    data = path.read_bytes()
    keep = place.rng.randrange(len(data))
    zeros = bytes(len(data) - keep) if place.rng.random() < 0.3 else b""
    path.write_bytes(b"" if place.rng.random() < 0.1 else data[:keep] + zeros)


def _damaged(place: Place, folder: Path, old: list[int]) -> str:
    """The project file half written: the strokes are all there as before."""
    _cut(place, folder / PROJECT_FILE)
    wrong = _lost(folder, old)
    return wrong and f"project file half written: {wrong}"


def _torn_journal(place: Place, folder: Path) -> str:
    """The journal torn: all that its whole records before the tear say is there."""
    journal = folder / "scribbles" / f"{CASE}.journal"
    if not journal.is_file() or not journal.stat().st_size:
        return ""
    place.measures["torn journals"] += 1
    whole = journal.read_bytes()
    _cut(place, journal)
    torn = journal.read_bytes()
    same = next((n for n, one in enumerate(torn) if one != whole[n]), len(torn))
    shutil.copytree(folder, untorn := folder.with_name("untorn.scribblemix"))
    (untorn / "scribbles" / journal.name).write_bytes(whole[: whole[:same].rfind(b"\n") + 1])
    wanted = _scribble(untorn)
    shutil.rmtree(untorn)
    if wrong := _lost(folder, []):
        return f"journal torn: {wrong}"
    # The last record may be whole but for its line's end, and is read then: never less is there.
    drawn = wanted != UNLABELLED
    if (_scribble(folder)[drawn] == UNLABELLED).any():
        return "journal torn: what was before the tear is lost"
    return ""


def attack(place: Place) -> Iterator[str]:
    """A project is painted on until the kill, then opened, then damaged and opened."""
    study = write_folder(place.folder / "study")
    fresh = place.folder / "fresh.scribblemix"
    with Project.create(fresh) as project:
        for files in survey(study).cases:
            project.add_case(files)
    while True:
        folder, said = place.folder / "p.scribblemix", place.folder / "said"
        shutil.rmtree(folder, ignore_errors=True)
        said.unlink(missing_ok=True)
        shutil.copytree(fresh, folder)
        died = _kill(place, said, lambda f=folder, s=said: _paint(f, s))
        gone = time.time()
        if not died:
            yield "the window ended before it was killed"
            continue
        old = [number for number, when in _painted(said) if gone - when > 1.0]
        place.measures["strokes older than 1 s"] += len(old)
        yield (_lost(folder, old) or _damaged(place, folder, old) or _torn_journal(place, folder))
