"""The case on screen as it is in the project: image, strokes, prediction, what is accepted.

Accepted slices are the reader's word: whatever the training predicts later, they stay as they were
when they were accepted, on screen and in what is exported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.nifti import number_of_frames
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.project.project import Project

Labels = NDArray[np.uint8]


@dataclass(eq=False)
class OpenCase:
    """``scribble``, ``prediction`` (class indices) and ``uncertainty`` (percent) are (Z, Y, X)."""

    id: str
    image: Volume
    frames: int
    frame: int | None
    scribble: Labels
    recovered: int
    prediction: Labels | None = None
    uncertainty: Labels | None = None
    origin: dict[str, Any] = field(default_factory=dict)
    accepted: frozenset[int] = frozenset()

    @property
    def slices(self) -> int:
        """The number of slices."""
        return len(self.image.array)


def accepted_slices(project: Project, case_id: str) -> frozenset[int]:
    """The slices of a case that somebody accepted."""
    return frozenset(int(z) for z in project.read_review(case_id).get("accepted_slices", ()))


def shown_mask(project: Project, case_id: str) -> Labels | None:
    """The prediction of a case with the accepted slices as they were accepted, or ``None``."""
    found = project.read_prediction(case_id)
    return None if found is None else found[0]


def _of_shape(labels: Labels | None, shape: tuple[int, ...]) -> Labels | None:
    """``labels``, unless they belong to another image (a file that was exchanged)."""
    return labels if labels is not None and labels.shape == shape else None


def read_masks(project: Project, case: OpenCase) -> None:
    """Take the case's prediction, uncertainty and review from the disk."""
    shape = case.image.array.shape
    case.accepted = accepted_slices(project, case.id)
    found = project.read_prediction(case.id)
    labels, case.origin = (None, {}) if found is None else found
    case.prediction = _of_shape(labels, shape)
    case.uncertainty = _of_shape(project.read_uncertainty(case.id), shape)


def read_case(project: Project, case_id: str) -> OpenCase:
    """The case from the disk, strokes of the journal included; errors as the readers raise them."""
    record = project.case(case_id)
    image = project.read_image(case_id)
    case = OpenCase(
        id=case_id,
        image=image,
        frames=number_of_frames(project.image_path(case_id)),
        frame=record.frame,
        scribble=project.read_scribble(case_id, image),
        recovered=project.unsaved_strokes(case_id),
    )
    read_masks(project, case)
    return case


def done_slices(case: OpenCase) -> frozenset[int]:
    """Slices that need no more strokes: with background and a structure, or accepted."""
    labelled = case.scribble != UNLABELLED
    background = (case.scribble == 0).any(axis=(1, 2))
    structure = (labelled & (case.scribble > 0)).any(axis=(1, 2))
    drawn = np.flatnonzero(background & structure).tolist()
    return frozenset(drawn) | case.accepted
