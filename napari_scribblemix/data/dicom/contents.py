"""What is found in DICOM files: stacks, and what is left out with the reason.

Nothing of a person is in it, but for what a report may ask for and the paths of the files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.planes import Plane
from napari_scribblemix.data.geometry import Geometry


@dataclass(frozen=True)
class Body:
    """What indexed volumes need; ``None`` where the header says nothing."""

    height_m: float | None
    weight_kg: float | None


@dataclass(frozen=True, eq=False)
class Stack:
    """Images of one orientation: ``frames`` times as many slices as ``geometry`` has.

    ``name`` is neutral and unique in its study, ``study`` counts from 1.  ``kind`` is a guess and
    ``likely`` whether this is the stack that is meant.  ``steps``: distances between slices in mm.
    ``trigger_ms``: for each frame, the median over the slices, or ``None`` if not stated for all.
    ``uneven``: why the slices are on no even grid, or ``None``.  ``body`` is for a report that asks
    for it.
    """

    name: str
    study: int
    kind: str
    likely: bool
    geometry: Geometry
    frames: int
    steps: tuple[float, ...]
    trigger_ms: tuple[float | None, ...]
    heart_rate: float | None
    notes: tuple[str, ...]
    uneven: str | None
    body: Body = field(repr=False)
    images: tuple[tuple[Plane, ...], ...] = field(repr=False)
    """The planes, ``images[frame][slice]``."""


@dataclass(frozen=True)
class Contents:
    """What was found: ``stacks``, and what was ``left_out`` (``3 files``) with the reason.

    ``files_left_out``: the paths for each reason; their names may be a person's.
    """

    stacks: tuple[Stack, ...]
    left_out: tuple[tuple[str, str], ...]
    files_left_out: dict[str, tuple[Path, ...]] = field(repr=False, default_factory=dict)

    @property
    def likely(self) -> tuple[Stack, ...]:
        """The stacks that are meant, most likely."""
        return tuple(stack for stack in self.stacks if stack.likely)


def positions(stack: Stack) -> NDArray[np.float64]:
    """Where each slice lies along the normal, mm: zero at the first."""
    return np.concatenate([[0.0], np.cumsum(stack.steps)])
