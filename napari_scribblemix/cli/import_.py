"""``import``: a folder of images with scribbles becomes a project; of a cine each frame is a case.

Training does not need this (``train`` takes the folder itself); a project is for drawing, reviewing
and keeping predictions.  Images stay where they are unless a copy is asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from napari_scribblemix.cli.console import messages, print_error, print_summary, print_warning
from napari_scribblemix.cli.dicom import Choice, cases_of, warn_of_dicom
from napari_scribblemix.cli.inspect_image import print_line
from napari_scribblemix.data.cine_times import copy_cine_times
from napari_scribblemix.data.dicom.files import is_study
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.file_names import files_of, split_name
from napari_scribblemix.data.links import inside, is_taken
from napari_scribblemix.data.nifti import number_of_frames
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import (
    FileError,
    ImageError,
    InputError,
    ProjectError,
    SettingsError,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.cases import load_case
from napari_scribblemix.project.copy_sources import IMAGES
from napari_scribblemix.project.frames import frames_of, labels_left
from napari_scribblemix.project.layouts import Found, survey
from napari_scribblemix.project.names import stem_of
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.project import PROJECT_FILE, PROJECT_SUFFIX, Project
from napari_scribblemix.settings import ImportSettings


def project_folder(output: Path) -> Path:
    """``output`` with the ending of a project folder."""
    return output if output.suffix == PROJECT_SUFFIX else Path(f"{output}{PROJECT_SUFFIX}")


def _copied(path: Path, project: Path, kind: str, case_id: str, ending: str = "") -> Path:
    """The copy, of both files of a pair; with the case's name where the file's own lacks it."""
    stem = stem_of(path)
    stem = stem if stem.startswith(case_id) else f"{case_id}{ending}"
    folder = inside(project, project / kind / path.name).parent
    copies = {part: folder / f"{stem}{split_name(part.name)[1]}" for part in files_of(path)}
    for part, target in copies.items():
        if is_taken(target):
            raise FileError(f"{target} is already there; choose a new --output.")
        atomic_write(target, part.read_bytes())
    return copies[path]


def _with_copies(files: CaseFiles, project: Path) -> CaseFiles:
    mask = files.mask
    endings = [f"_{channel}" for channel in files.channels] or [""]
    image, *further = (
        _copied(path, project, "images", files.id, ending)
        for path, ending in zip(files.images, endings, strict=True)
    )
    if mask is not None:
        mask = _copied(mask, project, "masks", files.id, "_gt")
    copy_cine_times(files.image, image, number_of_frames(files.image))
    return dataclasses.replace(files, image=image, further=tuple(further), mask=mask)


def _scheme_giver(cases: tuple[CaseFiles, ...]) -> list[CaseFiles]:
    # The label scheme of the project is that of its first readable scribbles, else masks.
    return sorted(cases, key=lambda files: (files.scribble is None, files.mask is None))


def _create(output: Path, cases: tuple[CaseFiles, ...]) -> Project:
    error: InputError | None = None
    for files in _scheme_giver(cases):
        try:
            return Project.create(output, load_case(files).scheme)
        except InputError as problem:
            error = error or problem
    raise error or FileError("Got no case to import.")


def _found(settings: ImportSettings, output: Path) -> Found:
    """The cases of a folder, those of DICOM by working copies in the project's ``images``."""
    if not is_study(settings.folder):
        warn_of_dicom(settings.folder)
        return survey(settings.folder)
    if is_taken(output / PROJECT_FILE):
        raise ProjectError(f"{output} already holds a project; open it, or choose another name.")
    return Found(cases_of(settings.folder, output / IMAGES, Choice.of(settings)))


Cases = tuple[CaseFiles, ...]


def _taken(found: Cases, frames: list[int], notes: NoteList) -> list[tuple[CaseFiles, Cases]]:
    """Each image with the cases that it makes: itself, or frames of a cine, which is told.

    None, with a line, where a frame that is asked for is not in it.
    """
    taken: list[tuple[CaseFiles, Cases]] = []
    for files in found:
        own: Cases = (files,)
        try:
            own = frames_of(files, frames)
        except ImageError as error:
            print_error(f"{files.id} is left out: {error}")
            own = ()
        except FileError:
            pass  # told where it is left out
        if own and files not in own:
            numbers = ", ".join(str(one.frame) for one in own) if frames else str(len(own))
            which = f"of its frames {numbers}" if frames else f"{numbers} frames, a case each"
            print_line(f"{files.id}: {which}")
            notes.add(files.id, labels_left(files, own))
        taken.append((files, own))
    if frames and all(files in own for files, own in taken):
        raise SettingsError(
            f"Got --frame {frames[0]}, and no image is a cine; leave it out, or check the folder."
        )
    return taken


def _copied_cases(files: CaseFiles, cases: Cases, project: Path) -> Cases:
    """``cases`` of the image ``files``, with copies of it in ``project``; frames share one."""
    load_case(cases[0])  # before anything of a bad case is copied
    numbers = [case.frame for case in cases if case.frame is not None]
    return frames_of(_with_copies(files, project), numbers)


def _added(
    project: Project, taken: list[tuple[CaseFiles, Cases]], copies: Path | None, notes: NoteList
) -> Iterator[bool]:
    """Add one case after the other, with copies of the images in ``copies``; whether it was."""
    for files, cases in taken:
        try:
            if copies is not None and cases and copies not in files.image.parents:
                cases = _copied_cases(files, cases, copies)
        except (InputError, ProjectError) as error:
            print_error(f"{files.id} is left out: {error}")
            yield from (False for _ in cases)
            continue
        for case in cases:
            try:
                notes.add(case.id, project.add_case(case))
            except (InputError, ProjectError) as error:
                print_error(f"{case.id} is left out: {error}")
                yield False
            else:
                yield True


def run(settings: ImportSettings) -> int:
    """Make the project; 1 if a case had to be left out."""
    if (settings.folder / PROJECT_FILE).is_file():
        raise ProjectError(f"{settings.folder} is a project already; use it as it is.")
    output = project_folder(settings.output)
    found = _found(settings, output)
    cases = tuple(
        dataclasses.replace(files, unlabelled=settings.unlabelled) for files in found.cases
    )
    for warning in found.warnings:
        print_warning(warning)
    notes = NoteList()
    taken = _taken(cases, settings.frames, notes)
    failed = sum(not own for _, own in taken)
    total = sum(len(own) for _, own in taken)
    with _create(output, tuple(own[0] for _, own in taken if own)) as project:
        added = _added(project, taken, output if settings.copy_images else None, notes)
        steps = track(added, "Importing", total=total, console=messages(), transient=True)
        failed += sum(not there for there in steps)
        count = len(project.cases)
    for line in notes.lines():
        print_warning(line)
    lost = f"{failed} left out" if failed else ""
    print_summary(f"Project: {output}", counted(count, "case"), lost)
    return 1 if failed else 0
