"""What a person says of a case: strokes, and accepted slices in their place."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.project.corrections import lay_over, whole_slices
from napari_scribblemix.project.project import Project


def drawn_on(
    project: Project, case_id: str, geometry: Geometry
) -> tuple[NDArray[np.uint8], frozenset[int]]:
    """Class indices (Z, Y, X), 255 where nothing is said, and which slices are accepted.

    ``geometry`` is the image's.  Raises as ``read_scribble`` and ``read_accepted``.
    """
    strokes = project.read_scribble(case_id, geometry)
    accepted = project.read_accepted(case_id)
    return lay_over(strokes, accepted), whole_slices(accepted, strokes.shape)


def checksum_of(drawn: NDArray[np.uint8]) -> str:
    """What tells one state of the strokes from another."""
    return hashlib.sha256(np.ascontiguousarray(drawn).tobytes()).hexdigest()
