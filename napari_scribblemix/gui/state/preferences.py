"""What the user may set for good, as the manifest lists it (File > Preferences in napari).

The defaults stand in ``napari.yaml`` alone; napari keeps what was changed.  Nothing here remembers
anything.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

from napari.settings import get_plugin_settings

from napari_scribblemix.settings import Unlabelled

PLUGIN = "napari-scribblemix"


def _setting(category: str, name: str) -> Any:
    return getattr(getattr(get_plugin_settings(PLUGIN), category), name)


def projects_folder() -> Path:
    """Where projects go that cannot lie beside their images."""
    return Path(str(_setting("projects", "folder"))).expanduser()


def brush_mm() -> float:
    """The width of a stroke when a case is opened."""
    return float(_setting("scribbling", "brush_mm"))


def show_enclosed() -> bool:
    """Whether the enclosed background is tinted."""
    return bool(_setting("scribbling", "show_enclosed"))


def live_mask() -> bool:
    """Whether the mask follows the strokes when the panel is opened."""
    return bool(_setting("scribbling", "live_mask"))


def ready_minutes() -> float:
    """For how long a process waits for work after the last act; 0: none waits."""
    return float(_setting("worker", "ready_minutes"))


def unlabelled() -> Unlabelled:
    """Which value of scribble files that are opened means "not labelled"."""
    chosen: Unlabelled = str(_setting("scribbling", "unlabelled")).partition(" ")[0]  # type: ignore[assignment]
    return chosen


def smooth_image() -> bool:
    """Whether the grey values between the pixels of an image are interpolated on screen."""
    return bool(_setting("seeing", "smooth_image"))


def window_by_dragging() -> bool:
    """Whether the right button changes window and level."""
    return bool(_setting("seeing", "window_by_dragging"))


def reviewer() -> str:
    """Who accepts slices: the name set, or that of the login."""
    named = str(_setting("reviewing", "reviewer")).strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return "unknown"
