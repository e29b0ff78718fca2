"""The case on screen as it is in the project: image, strokes, prediction, what is accepted.

Accepted slices are the reader's word: whatever the training predicts later, they stay as they were
when they were accepted, on screen and in what is exported.  Slices corrected by hand stay too, also
when they are accepted no longer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.matching import onto_grid
from napari_scribblemix.data.nifti import number_of_frames, read_labels
from napari_scribblemix.data.scribbles import is_done
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.project.changes import because_of
from napari_scribblemix.project.corrections import whole_slices
from napari_scribblemix.project.project import Project

Labels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Untouched:
    """A slice of a mask before it was corrected: ``labels`` (Y, X), and what was said of it."""

    labels: Labels
    accepted: bool
    corrected: bool


@dataclass(eq=False)
class OpenCase:
    """``scribble``, ``prediction`` (class indices) and ``uncertainty`` (percent) are (Z, Y, X).

    ``origin`` says which model made the prediction; ``accepted`` and ``corrected`` are slices;
    ``untouched`` holds, by slice, what corrections of this session began with; ``warnings`` say
    what does not fit together on the disk.
    """

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
    corrected: frozenset[int] = frozenset()
    untouched: dict[int, Untouched] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def slices(self) -> int:
        """The number of slices."""
        return len(self.image.array)


def accepted_slices(project: Project, case_id: str) -> frozenset[int]:
    """The slices of a case that somebody accepted."""
    return frozenset(int(z) for z in project.read_review(case_id).get("accepted_slices", ()))


def corrected_slices(project: Project, case_id: str, shape: tuple[int, ...]) -> frozenset[int]:
    """The slices of a mask of that ``shape`` that somebody corrected by hand."""
    return whole_slices(project.read_corrected(case_id), shape)


def shown_mask(project: Project, case_id: str) -> Labels | None:
    """The prediction of a case, accepted and corrected slices as they are, or ``None``."""
    found = project.read_prediction(case_id)
    return None if found is None else found[0]


@dataclass(frozen=True, eq=False)
class Correction:
    """What a mask corrected by hand is now, and what is said of its slices.

    ``undone``: the slices that are again as they were before anybody corrected them.
    """

    mask: Labels
    corrected: frozenset[int]
    accepted: frozenset[int]
    untouched: dict[int, Untouched]
    undone: frozenset[int]


def corrected(case: OpenCase, mask: Labels, slices: Collection[int]) -> Correction:
    """``slices`` of the mask of ``case`` as in ``mask`` (Z, Y, X), changed by hand, so accepted.

    Who undoes a correction takes back that it was accepted.
    """
    before = mask if case.prediction is None else case.prediction
    whole, numbers = before.copy(), list(slices)
    whole[numbers] = mask[numbers]
    known = dict(case.untouched)
    for z in numbers:
        was = Untouched(before[z].copy(), z in case.accepted, z in case.corrected)
        known.setdefault(z, was)
    undone = {z: known.pop(z) for z in numbers if np.array_equal(whole[z], known[z].labels)}
    done = frozenset(numbers) - undone.keys()
    return Correction(
        whole,
        case.corrected - {z for z, was in undone.items() if not was.corrected} | done,
        case.accepted - {z for z, was in undone.items() if not was.accepted} | done,
        known,
        frozenset(undone),
    )


def corrections_at_risk(project: Project, case_ids: Collection[str]) -> dict[str, frozenset[int]]:
    """The slices of each case that were corrected by hand and are not accepted."""
    found = {}
    for case_id in case_ids:
        mask = project.read_corrected(case_id)
        if mask is not None:
            left = whole_slices(mask, mask.shape) - accepted_slices(project, case_id)
            if left:
                found[case_id] = left
    return found


def may_be_ring(case: OpenCase, number: int) -> bool:
    """Whether the background strokes of a slice may be meant to lie round the heart.

    Where the slice has a mask, a line that does not reach round its middle corrects it.
    """
    heart = () if case.prediction is None else np.nonzero(case.prediction[number])
    strokes = np.nonzero(case.scribble[number] == 0)
    if not len(heart) or not len(heart[0]) or not len(strokes[0]):
        return True
    return all(
        along.min() < middle.mean() < along.max()
        for along, middle in zip(strokes, heart, strict=True)
    )


def decided_cases(
    project: Project, case_ids: Collection[str], *, corrections: bool
) -> frozenset[str]:
    """The cases of whose mask every slice is accepted or, with ``corrections``, corrected by hand.

    Nothing is left in them that a model could replace.
    """
    found = set()
    for case_id in case_ids:
        by_hand = project.read_corrected(case_id) if corrections else None
        labels = project.read_accepted(case_id) if by_hand is None else by_hand
        if labels is None or not project.prediction_path(case_id).is_file():
            continue
        decided = accepted_slices(project, case_id)
        if by_hand is not None:
            decided |= whole_slices(by_hand, by_hand.shape)
        if decided >= set(range(len(labels))):
            found.add(case_id)
    return frozenset(found)


def _of_shape(labels: Labels | None, shape: tuple[int, ...]) -> Labels | None:
    """``labels``, unless they belong to another image (a file that was exchanged)."""
    return labels if labels is not None and labels.shape == shape else None


def read_masks(project: Project, case: OpenCase) -> None:
    """Take the case's prediction, uncertainty and review from the disk."""
    shape = case.image.array.shape
    case.accepted = accepted_slices(project, case.id)
    case.corrected = corrected_slices(project, case.id, shape)
    found = project.read_prediction(case.id)
    labels, case.origin = (None, {}) if found is None else found
    case.prediction = _of_shape(labels, shape)
    case.uncertainty = _of_shape(project.read_uncertainty(case.id), shape)


def _made_by_hand(project: Project, case_id: str, image: Volume) -> Labels:
    """The strokes; ``GeometryError`` if these or whole slices were made on another shape."""
    for path in (project.accepted_path(case_id), project.corrected_path(case_id)):
        if path.is_file():
            onto_grid(read_labels(path), image.geometry, "Accepted or corrected slices", str(path))
    return project.read_scribble(case_id, image.geometry)


def read_case(project: Project, case_id: str) -> OpenCase:
    """The case from the disk, strokes of the journal included; errors as the readers raise them."""
    record = project.case(case_id)
    image = project.read_image(case_id)
    changed = project.change_notes(case_id)
    with because_of(changed):
        scribble = _made_by_hand(project, case_id, image)
    case = OpenCase(
        id=case_id,
        image=image,
        frames=number_of_frames(project.image_path(case_id)),
        frame=record.frame,
        scribble=scribble,
        recovered=project.unsaved_strokes(case_id),
        warnings=tuple(changed),
    )
    read_masks(project, case)
    if case.prediction is None and project.prediction_path(case_id).is_file():
        case.warnings += (
            "Its mask has another shape than the image and is not shown: segment it again.",
        )
    return case


def done_slices(case: OpenCase) -> frozenset[int]:
    """Slices that need no more strokes, and those that are accepted."""
    return frozenset(np.flatnonzero(is_done(case.scribble)).tolist()) | case.accepted
