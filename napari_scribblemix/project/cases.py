"""One case: its files read, decoded and checked.

``load_case`` is the one door from files to arrays for training and for display: whatever it lets
through has finite intensities, known labels and labels on the image's voxels (``data.matching``
says when they are turned onto them).  What was decided on the way is a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.channels import check_channels, read_channels
from napari_scribblemix.data.geometry import SHORT_AXIS_NOTE
from napari_scribblemix.data.labels import UNLABELLED, LabelScheme, guess_scheme
from napari_scribblemix.data.limits import DOUBTED, doubts
from napari_scribblemix.data.matching import TURNED, onto_grid
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.data.scribbles import Finding, check_scribbles
from napari_scribblemix.data.sides import EXCHANGED, sides_exchanged
from napari_scribblemix.data.untouched import ZERO_READ, decode_scribble
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.errors import (
    ImageError,
    InputError,
    LabelError,
    ScribbleError,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.changes import because_of, change_notes
from napari_scribblemix.project.durable import Journal
from napari_scribblemix.project.reviews import accepted_slices
from napari_scribblemix.project.strokes import check_strokes, replay

_DECIDED = (SHORT_AXIS_NOTE, TURNED, ZERO_READ, *DOUBTED)


@dataclass(frozen=True, eq=False)
class Case:
    """A case in memory; ``scribble`` and ``mask`` are uint8 (Z, Y, X) class indices.

    ``scribble`` has 255 where unlabelled; its slices of the numbers ``accepted`` are whole labels
    that a person accepted.  ``notes`` say what was decided or noticed on the way.
    """

    id: str
    image: Volume
    scribble: NDArray[np.uint8] | None
    mask: NDArray[np.uint8] | None
    scheme: LabelScheme
    notes: tuple[str, ...] = ()
    accepted: tuple[int, ...] = ()


def _stop_at_blocks(findings: list[Finding], path: Path, kind: type[InputError]) -> list[str]:
    for finding in findings:
        if finding.level == "block":
            raise kind(f"{path}: {finding.message}")
    return [finding.message for finding in findings]


def _read_saved(
    path: Path, files: CaseFiles, image: Volume, scheme: LabelScheme | None
) -> tuple[NDArray[np.uint8], LabelScheme, list[str]]:
    labels, notes = onto_grid(read_labels(path), image.geometry, "Scribbles", str(path))
    try:
        scheme = scheme or guess_scheme(np.unique(labels.array).tolist())
    except LabelError as error:
        raise LabelError(f"{path}: {error}") from error
    if files.scheme is not None:
        return scheme.decode(labels.array, source=str(path)), scheme, notes
    decoded, more = decode_scribble(labels.array, scheme, files.unlabelled, str(path))
    return decoded, scheme, notes + more


def _read_scribble(
    files: CaseFiles, image: Volume, scheme: LabelScheme | None
) -> tuple[NDArray[np.uint8] | None, LabelScheme | None, list[str]]:
    """The strokes of file and journal; ``None`` if there are none."""
    # The journal first: who saves it meanwhile has its strokes in the file before it is emptied.
    records = Journal(files.journal).records() if files.journal is not None else []
    notes: list[str] = []
    if files.scribble is not None:
        scribble, scheme, notes = _read_saved(files.scribble, files, image, scheme)
    else:
        scribble = np.full(image.array.shape, UNLABELLED, np.uint8)
    check_strokes(records, scribble.shape, str(files.journal))
    scribble = replay(scribble, records)
    path = files.scribble or files.journal
    # What was drawn and erased again is no mistake; a file from elsewhere without a stroke is.
    erased = (scribble == UNLABELLED).all() and (records or files.scheme is not None)
    if path is None or erased:
        return None, scheme, notes
    scheme = scheme or guess_scheme(())
    findings = check_scribbles(scribble, scheme, image.array.shape)
    return scribble, scheme, notes + _stop_at_blocks(findings, path, ScribbleError)


def _lay_accepted(
    files: CaseFiles, image: Volume, scribble: NDArray[np.uint8] | None, scheme: LabelScheme | None
) -> tuple[NDArray[np.uint8] | None, LabelScheme | None, tuple[int, ...]]:
    """The scribbles with the accepted slices in place of what was drawn there."""
    if files.accepted is None:
        return scribble, scheme, ()
    labels, scheme, _ = _read_saved(files.accepted, files, image, scheme)
    slices = accepted_slices(labels)
    if not slices:
        return scribble, scheme, ()
    whole = np.full(labels.shape, UNLABELLED, np.uint8) if scribble is None else scribble.copy()
    whole[list(slices)] = labels[list(slices)]
    return whole, scheme, slices


def _read_mask(
    path: Path, image: Volume, scheme: LabelScheme | None
) -> tuple[NDArray[np.uint8], LabelScheme, list[str]]:
    labels, notes = onto_grid(read_labels(path), image.geometry, "Masks", str(path))
    values = np.unique(labels.array).tolist()
    own = scheme
    # Raw masks may use other values for the structures that the scribbles name.
    if own is None or not own.knows(values, dense=True):
        try:
            guessed = guess_scheme(values)
        except LabelError as error:
            raise LabelError(f"{path}: {error}") from error
        own = guessed if scheme is None or guessed.names == scheme.names else scheme
    decoded = own.decode_mask(labels.array, source=str(path))
    if sides_exchanged(decoded, own):
        notes.append(EXCHANGED)
    return decoded, scheme or own, notes


def load_case(files: CaseFiles, scheme: LabelScheme | None = None) -> Case:
    """Read, decode and check the files of a case.

    Without a ``scheme`` (here or in ``files``) it is guessed from the scribbles, else from the
    mask, else it is ``CARDIAC``.  Raises ``FileError``, ``GeometryError``, ``ImageError``,
    ``LabelError`` or ``ScribbleError``, each naming the file.
    """
    image = read_channels(files.images, files.channels, files.frame)
    changed = change_notes(files)
    notes = [*changed, *image.notes]
    notes += _stop_at_blocks(check_channels(image), files.image, ImageError)
    notes += doubts(image.geometry.shape, image.geometry.spacing)
    with because_of(changed):
        return _with_labels(files, image, notes, scheme or files.scheme)


def _with_labels(
    files: CaseFiles, image: Volume, notes: list[str], scheme: LabelScheme | None
) -> Case:
    scribble, scheme, more = _read_scribble(files, image, scheme)
    notes += more
    scribble, scheme, accepted = _lay_accepted(files, image, scribble, scheme)
    mask = None
    if files.mask is not None:
        mask, scheme, more = _read_mask(files.mask, image, scheme)
        notes += more
    return Case(files.id, image, scribble, mask, scheme or guess_scheme(()), tuple(notes), accepted)


def decided(notes: Sequence[str]) -> list[str]:
    """Those of the notes of a case that say how its files were read, against their face or nearly.

    The others say what could be drawn better.
    """
    return [note for note in notes if any(words in note for words in _DECIDED)]
