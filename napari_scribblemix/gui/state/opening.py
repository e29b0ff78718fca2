"""From what a user opens to the cases of a project: files, folders, samples.

Images stay where they are; a project is made beside them, or in the projects folder where one may
not write beside them, and it is opened again if it is there already.  No Qt here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_scribblemix.data.labels import CARDIAC, LabelScheme, guess_scheme
from napari_scribblemix.data.links import real
from napari_scribblemix.data.nifti import number_of_frames, read_labels
from napari_scribblemix.errors import FileError, ScribbleMixError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import decided
from napari_scribblemix.project.frames import frame_of_cine, frames_of, labels_left
from napari_scribblemix.project.layouts import sort_files, survey
from napari_scribblemix.project.patients import other_frame
from napari_scribblemix.project.project import PROJECT_FILE, PROJECT_SUFFIX, Project
from napari_scribblemix.resources import sample_folder

_MOST_CASES = 100
"""So many cases are made at once where frames of cines are among them."""


@dataclass(frozen=True)
class Wanted:
    """Cases to add, the project they belong to, and what was noticed on the way."""

    project: Path
    cases: tuple[CaseFiles, ...]
    notes: tuple[str, ...] = ()


def is_project(path: Path) -> bool:
    """Whether ``path`` is a project folder."""
    return (path / PROJECT_FILE).is_file()


def _place(name: str, beside: Path, elsewhere: Path) -> Path:
    folder = beside if os.access(beside, os.W_OK | os.X_OK) else elsewhere
    return folder / f"{name}{PROJECT_SUFFIX}"


def from_files(paths: Sequence[Path], elsewhere: Path) -> Wanted:
    """Image files, channels put together: a project beside the first case, named after it.

    Scribbles and masks chosen with them go with their images.  Errors as ``sort_files``.
    """
    found = sort_files(paths)
    first = found.cases[0]
    place = _place(first.id, first.image.absolute().parent, elsewhere)
    return Wanted(place, found.cases, found.warnings)


def from_folder(folder: Path, elsewhere: Path) -> Wanted:
    """A folder in one of the known layouts: a project beside it. Errors as ``survey``."""
    found = survey(folder)
    folder = folder.absolute()
    place = _place(folder.name or "images", folder.parent, elsewhere)
    return Wanted(place, found.cases, found.warnings)


def from_sample(kind: str, elsewhere: Path) -> Wanted:
    """The bundled sample: its scribbled cases, then those with masks to validate on."""
    folder = sample_folder(kind)
    cases = [case for part in ("train", "heldout") for case in survey(folder / part).cases]
    return Wanted(elsewhere / f"sample-{kind}{PROJECT_SUFFIX}", tuple(cases))


def open_or_create(folder: Path, cases: Sequence[CaseFiles] = ()) -> Project:
    """The project in ``folder``, new if there is none; errors as ``Project``.

    A new one takes the label scheme of the labels that come with ``cases``.
    """
    return Project.open(folder) if is_project(folder) else Project.create(folder, _scheme_of(cases))


def _scheme_of(cases: Sequence[CaseFiles]) -> LabelScheme:
    """That of the first readable scribbles, else masks; hearts as usual where there are none."""
    files = [case.scribble for case in cases] + [case.mask for case in cases]
    for path in files:
        if path is not None:
            # One that cannot be read is told when its case is added.
            with contextlib.suppress(ScribbleMixError):
                return guess_scheme(np.unique(read_labels(path).array).tolist())
    return CARDIAC


def _one_frame(files: CaseFiles) -> tuple[CaseFiles, str | None]:
    """``files``, or the first frame of what turns out to be a cine, and a note of it."""
    frames = 1 if files.frame is not None else number_of_frames(files.image)
    if frames == 1 or files.further:
        return files, None
    note = f"{files.id} is a cine of {frames} frames: the first is shown; All frames adds the rest."
    first = frame_of_cine(files, 0)
    return first, " ".join((note, *labels_left(files, (first,))))


def with_frames(cases: Sequence[CaseFiles]) -> tuple[tuple[CaseFiles, ...], tuple[str, ...]]:
    """``cases``, of each cine all frames, unless that would be more than a list can be looked at.

    What cannot be read stays as it is: it is told when it is added.  The lines tell of labels that
    no frame takes.
    """
    if len(cases) > _MOST_CASES:
        return tuple(cases), ()
    expanded: list[CaseFiles] = []
    told: list[str] = []
    for files in cases:
        own: tuple[CaseFiles, ...] = (files,)
        with contextlib.suppress(ScribbleMixError):
            own = frames_of(files)
        told += [f"{files.id}: {line}" for line in labels_left(files, own)]
        expanded += own
        if len(expanded) > _MOST_CASES:
            return tuple(cases), ()
    return tuple(expanded), tuple(told)


def at_frame(wanted: Wanted, at: Sequence[int]) -> Wanted:
    """``wanted``, of a cine the frame on screen: ``at`` is the pixel index of its layer."""
    files = wanted.cases[0]
    frames = number_of_frames(files.image)
    if frames == 1 or len(at) < 4 or files.frame is not None or files.further:
        return wanted
    frame = min(max(at[0], 0), frames - 1)
    return dataclasses.replace(wanted, cases=(frame_of_cine(files, frame),))


def _is_there(project: Project, files: CaseFiles) -> bool:
    if not project.has_case(files.id):
        return False
    if real(project.image_path(files.id)) != real(files.image):
        raise FileError(
            f"The project has a case {files.id} already, from {project.image_path(files.id)}; "
            "rename the new file, or open it alone."
        )
    return True


def add_cases(project: Project, cases: Sequence[CaseFiles]) -> Iterator[tuple[str, str | None]]:
    """Add ``cases`` one after the other; yields the name and, if there is one, what to tell.

    A case that is there already is left as it is, and one that cannot be read stops no other.
    """
    for files in cases:
        try:
            files, note = _one_frame(files)
            if not _is_there(project, files):
                how = decided(project.add_case(files))
                note = " ".join([*([note] if note else []), *(f"{files.id}: {w}" for w in how)])
        except ScribbleMixError as error:
            yield files.id, str(error)
        else:
            yield files.id, note or None


def add_frame(project: Project, case_id: str, frame: int) -> str:
    """The case of another frame of the cine that ``case_id`` is a frame of, added if need be."""
    record = project.case(case_id)
    image = project.image_path(record.id)
    files = CaseFiles(other_frame(case_id, frame), image, frame=frame)
    if not _is_there(project, files):
        project.add_case(files)
    return files.id


def add_frames(project: Project, case_id: str, frames: int) -> Iterator[tuple[str, str | None]]:
    """As ``add_cases``, of all ``frames`` of the cine that ``case_id`` is a frame of."""
    for frame in range(frames):
        try:
            yield add_frame(project, case_id, frame), None
        except ScribbleMixError as error:
            yield other_frame(case_id, frame), str(error)
