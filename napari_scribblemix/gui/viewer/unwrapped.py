"""The viewer itself: to plugins napari gives it in a wrapping in which no layer is itself."""

from __future__ import annotations

from typing import Any


def unwrapped(viewer: Any) -> Any:
    """The viewer in the wrapping, or ``viewer`` if it has none."""
    return getattr(viewer, "__wrapped__", viewer)
