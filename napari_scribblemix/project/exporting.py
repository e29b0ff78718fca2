"""Which masks an export writes: those of a project, or mask files and the images they belong to.

What could lose data is refused before the first file: a source among the targets, and files that
are there already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.labels import guess_scheme
from napari_scribblemix.data.links import identity, real
from napari_scribblemix.data.matching import turned_onto
from napari_scribblemix.data.nifti import read_geometry, read_labels
from napari_scribblemix.errors import FileError, LabelError, ProjectError
from napari_scribblemix.project.apart import check_apart
from napari_scribblemix.project.mask_files import FullMask
from napari_scribblemix.project.mask_notes import MaskNotes
from napari_scribblemix.project.names import Holds, case_name, holds, stem_of
from napari_scribblemix.project.project import Project

_FRAME = re.compile(r"^(?P<image>.+)_frame(?P<frame>\d+)$", re.IGNORECASE)


@dataclass(frozen=True)
class MaskToExport:
    """A mask by its ``name``; ``image`` is the file it belongs to, where that is known."""

    name: str
    image: Path | None
    read: Callable[[], FullMask]


def masks_of_project(project: Project, case_ids: Sequence[str] | None = None) -> list[MaskToExport]:
    """The masks that there are, of all cases or of some; ``ProjectError`` without any."""
    ids = [record.id for record in project.cases] if case_ids is None else case_ids
    there = [case_id for case_id in ids if project.prediction_path(case_id).is_file()]
    if not there:
        raise ProjectError("There is no mask to export yet; train or segment first.")
    return [
        MaskToExport(case_id, project.image_path(case_id), _of_case(project, case_id))
        for case_id in there
    ]


def _of_case(project: Project, case_id: str) -> Callable[[], FullMask]:
    def read() -> FullMask:
        found = project.read_prediction(case_id)
        if found is None:
            raise ProjectError(f"{case_id} has no mask any more; segment it again.")
        by_hand = bool(project.read_review(case_id).get("accepted_slices"))
        return FullMask(
            found[0],
            project.labels,
            read_geometry(project.image_path(case_id)),
            project.image_path(case_id),
            project.case(case_id).frame,
            by_hand or project.corrected_path(case_id).is_file(),
            bool(found[1]),
        )

    return read


def masks_in(path: Path, images: Path | None = None) -> list[MaskToExport]:
    """The mask file at ``path``, or those of that folder, sorted by name.

    ``images``: the folder of their images, by which they are named.  ``FileError`` if there is
    none.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    masks = [f for f in files if is_nifti(f) and holds(stem_of(f)) is not Holds.DERIVED]
    if not masks:
        raise FileError(f"Got {path}; expected a mask (.nii.gz, .nii), or a folder of them.")
    there = sorted(images.iterdir()) if images is not None and images.is_dir() else []
    by_name = {stem_of(image): image for image in there if is_nifti(image)}
    notes = MaskNotes(path if path.is_dir() else path.parent)
    found = []
    for file in masks:
        name, frame = case_name(file), None
        image = by_name.get(name)
        if image is None and (part := _FRAME.match(name)) is not None:
            image, frame = by_name.get(part["image"]), int(part["frame"])
        found.append(MaskToExport(name, image, _of_file(file, image, frame, notes)))
    return found


def _of_file(
    file: Path, image: Path | None, frame: int | None, notes: MaskNotes
) -> Callable[[], FullMask]:
    def read() -> FullMask:
        volume = read_labels(file)
        if image is not None:
            # Other programs save masks turned; their header says how.
            volume = turned_onto(volume, read_geometry(image)) or volume
        try:
            scheme = guess_scheme(np.unique(volume.array).tolist())
        except LabelError as error:
            raise LabelError(f"{file.name}: {error}") from error
        labels = scheme.decode_mask(volume.array, source=file.name)
        recorded = bool(notes.of(file))
        return FullMask(labels, scheme, volume.geometry, image, frame, recorded=recorded)

    return read


def check_target(folder: Path, sources: Sequence[Path], project: Project | None = None) -> None:
    """``FileError`` if something written to ``folder`` could replace what it was made from.

    As ``check_apart`` too, for the images among ``sources``.
    """
    check_apart(folder, [path for path in sources if not path.is_dir()])
    inside = project is not None and real(folder).is_relative_to(real(project.folder))
    there = {identity(path) for path in folder.iterdir()} - {None} if folder.is_dir() else set()
    if inside or there & ({identity(path) for path in sources} - {None}):
        raise FileError(
            f"Got {folder}, where the images or the project lie; a mask would replace what is "
            "there: choose another folder."
        )
