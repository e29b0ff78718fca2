"""``doctor --report``: what ``doctor`` found, as a file that can be sent to a maintainer.

It names no person, no machine, no folder and no file: paths, the user's name and the machine's are
taken out of every line.  What is in a project or in a log is not in it at all.
"""

from __future__ import annotations

import contextlib
import getpass
import locale
import os
import platform
import re
import socket
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import napari_scribblemix
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.links import is_taken
from napari_scribblemix.errors import FileError

_PATH = re.compile(r"(?:~|\b[A-Za-z]:)?[/\\]{1,2}[^\s,;:()'\"]*[^\s,;:()'\".]")
_VARIABLES = (
    "QT_API", "QT_QPA_PLATFORM", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "WAYLAND_DISPLAY",
    "DISPLAY", "XDG_SESSION_TYPE",
)  # fmt: skip
_SHORTEST_NAME = 3
"""Shorter names of people and machines are parts of other words."""


def _own_names() -> list[str]:
    """Names that belong to the user or to the machine, the longest first."""
    names = {socket.gethostname(), socket.gethostname().partition(".")[0], platform.node()}
    names |= {Path.home().name}
    with contextlib.suppress(OSError, KeyError):  # an account without a name
        names.add(getpass.getuser())
    # The administrator's name says nothing of a person.
    return sorted((n for n in names - {"root"} if len(n) >= _SHORTEST_NAME), key=len, reverse=True)


def without_names(text: str, names: Iterable[str] | None = None) -> str:
    """``text`` with PATH, NAME in the place of paths and of names of the user and the machine."""
    # First what is known, blanks and all: a pattern cannot tell where a path with blanks ends.
    package = str(Path(napari_scribblemix.__file__).parent)
    places = {sys.executable, sys.prefix, package, str(Path.home()), str(Path.cwd())} - {"/"}
    found = text
    for place in sorted(places, key=len, reverse=True):
        found = found.replace(place, "PATH")
    found = _PATH.sub("PATH", found)
    for name in _own_names() if names is None else names:
        found = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "NAME", found, flags=re.IGNORECASE)
    return found


def write_report(
    path: Path, facts: Iterable[tuple[str, str]], verdicts: Iterable[tuple[bool, str]]
) -> None:
    """Write the report to a new file; ``FileError`` if there is one or the disk refuses."""
    if is_taken(path):
        raise FileError(f"{path} is there already; choose another file for --report.")
    lines = [f"{what}: {found}" for what, found in facts]
    lines += [f"{'good' if good else 'look'}: {text}" for good, text in verdicts]
    lines.append(f"language: {locale.getlocale()[0]}, {locale.getpreferredencoding()}")
    lines += [f"{name}: {os.environ[name]}" for name in _VARIABLES if name in os.environ]
    head = [
        "napari-scribblemix, report for a maintainer",
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "No name of a person, a machine, a folder or a file is in it. Read it before you send it.",
        "",
    ]
    names = _own_names()
    text = "\n".join([*head, *(without_names(line, names) for line in lines)])
    atomic_write(path, (text + "\n").encode())
