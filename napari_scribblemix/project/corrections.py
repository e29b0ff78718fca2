"""Slices of masks that a person changed by hand, and which model made each slice.

A correction lies in a file of its own: taking back that a slice is accepted takes it out of the
training, but the work of the hand stays until somebody says that it may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.nifti import read_labels, write_labels
from napari_scribblemix.project.reviews import accepted_slices, keep_slices
from napari_scribblemix.project.scribbles import ScribbledCases

KEPT = "kept"
"""The entry of a mask's origin that says, by slice, what made those that were kept."""

_SOURCE = ("kind", "model", "step", "live")


class CorrectedMasks(ScribbledCases):
    """A project folder with the corrections of its masks."""

    def corrected_path(self, case_id: str) -> Path:
        """Where the slices corrected by hand are, or would be."""
        return self.folder / "reviews" / "corrected" / f"{case_id}.nii.gz"

    def read_corrected(self, case_id: str) -> NDArray[np.uint8] | None:
        """The slices corrected by hand (Z, Y, X), 255 in all others; ``None`` if none ever was."""
        path = self.corrected_path(case_id)
        if not path.is_file():
            return None
        return self.labels.decode(read_labels(path).array, source=str(path))

    def write_corrected(
        self, case_id: str, slices: Sequence[int], labels: NDArray[np.uint8], geometry: Geometry
    ) -> None:
        """Keep ``slices`` of ``labels`` (Z, Y, X) as corrected by hand, and no others.

        ``LabelError`` for a slice that is not there or is not labelled throughout.
        """
        self.require_lock()
        self.case(case_id)
        path = self._own(self.corrected_path(case_id))
        if slices or path.is_file():
            kept = keep_slices(labels, sorted(slices))
            write_labels(path, self.labels.encode(kept), geometry)

    def drop_corrected(self, case_id: str, slices: Iterable[int]) -> None:
        """Let ``slices`` be predicted again: what was corrected in them may go."""
        known = self.read_corrected(case_id)
        if known is not None:
            left = set(accepted_slices(known)) - set(slices)
            geometry = read_labels(self.corrected_path(case_id)).geometry
            self.write_corrected(case_id, sorted(left), known, geometry)


def lay_over(labels: NDArray[np.uint8], kept: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """``labels`` (Z, Y, X) with the labelled pixels of ``kept`` in their place."""
    # Labels of another shape belong to another image.
    if kept is None or kept.shape != labels.shape:
        return labels
    return np.where(kept == UNLABELLED, labels, kept)


def whole_slices(kept: NDArray[np.uint8] | None, shape: tuple[int, ...]) -> frozenset[int]:
    """The slices that ``kept`` holds of a mask of that ``shape``."""
    return frozenset() if kept is None or kept.shape != shape else frozenset(accepted_slices(kept))


def with_kept(
    origin: Mapping[str, Any], before: Mapping[str, Any], slices: Iterable[int]
) -> dict[str, Any]:
    """``origin`` of a new mask, in which ``slices`` are as they were in the mask ``before``."""
    earlier = before.get(KEPT, {})
    source = {name: before[name] for name in _SOURCE if name in before}
    kept = dict(origin.get(KEPT, {}))
    kept |= {str(number): earlier.get(str(number), source) for number in sorted(slices)}
    return {**origin, KEPT: kept} if kept else dict(origin)
