"""``gui``: napari with the panel, in a process of its own.

This process stays without Qt, as every command does; the other one is told what to open.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

from napari_scribblemix.data.pointers import absent
from napari_scribblemix.errors import FileError, SettingsError
from napari_scribblemix.settings import GuiSettings

_MODULE = "napari_scribblemix.gui"
_QT = ("PyQt6", "PyQt5", "PySide6")


def check_installed() -> None:
    """``SettingsError`` naming the command that installs what is missing."""
    if find_spec("napari") is None or not any(find_spec(name) for name in _QT):
        raise SettingsError(
            "napari or Qt is not installed here; install them: "
            "pip install 'napari-scribblemix[all]'."
        )


def run(settings: GuiSettings) -> int:
    """Open the window; returns its exit code once it is closed."""
    if settings.path is not None and settings.sample is not None:
        raise SettingsError(f"Got --sample and {settings.path}; expected one of them.")
    if settings.path is not None and not settings.path.exists():
        raise FileError(absent(settings.path))
    check_installed()
    command = [sys.executable, "-m", _MODULE]
    if settings.sample is not None:
        command += ["--sample", settings.sample]
    if settings.path is not None:
        command += [str(settings.path.absolute())]
    return subprocess.call(command)
