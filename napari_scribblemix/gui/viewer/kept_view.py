"""The part of the image on screen, kept while layers are replaced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def kept_view(viewer: Any) -> Iterator[None]:
    """Zoom and centre of ``viewer`` are afterwards what they were before."""
    camera = viewer.scene.camera
    zoom, centre = camera.zoom, tuple(camera.center)
    yield
    camera.zoom, camera.center = zoom, centre
