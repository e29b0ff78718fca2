"""The folders people have: which files in them are one case.

    a project                 NAME.scribblemix/ or any folder with a project.json
    images/ and scribbles/    (and masks/): plain folders, also of ACDC and MSCMRseg
    images/ and labels/       scribbles and masks in one folder, told apart by their endings
    imagesTr/ and labelsTr/   nnU-Net's raw folder and the decathlon; imagesTs/ is left out
    one flat folder           IMG.nii.gz, IMG_scribble.nii.gz, IMG_gt.nii.gz (_manual, _mask, ...),
                              labels also in scribbles/, masks/ or labels/ (MONAI Label: final/)
    a folder for each patient any of these, deeper (ACDC as distributed, M&Ms, UK Biobank, BIDS)

Images whose names differ in a channel are one case (see ``channels``); labels go with the case, or,
where they are named after one of the sequences, with that image alone (see ``assembly``).  What
does not fit is said: an error where going on would be a guess, else a warning.  Of a file no more
is read than tells labels from an image (see ``gathering``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from napari_scribblemix.data.file_names import as_volume
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.project.assembly import Found, assemble, by_case, case_ids
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.channels import group_channels
from napari_scribblemix.project.gathering import Gathered, Gatherer
from napari_scribblemix.project.leftovers import Leftover
from napari_scribblemix.project.names import case_name, is_cine_name, stem_of
from napari_scribblemix.project.project import PROJECT_FILE, PROJECT_SUFFIX, Project

__all__ = ["Found", "find_cases", "group_images", "images_in", "sort_files", "survey"]

_REASONS = 2


def survey(folder: Path) -> Found:
    """The cases of ``folder`` and what in it fits none; see the module for the layouts known.

    Raises ``FileError`` for a missing folder, one without images, or two files for one case, and
    ``ProjectError`` for a damaged project.
    """
    if (project := _project_in(folder)) is not None:
        return project
    gathered = Gatherer(folder).folder(folder)
    cines = _without_whole_cines(gathered)
    found = assemble(gathered)
    if not found.cases:
        raise _no_images(folder, gathered)
    return Found(found.cases, (*found.warnings, *cines, *gathered.leftovers.lines()))


def find_cases(folder: Path) -> list[CaseFiles]:
    """The cases of ``folder``, sorted by name; errors as ``survey``, whose warnings it drops."""
    return list(survey(folder).cases)


def images_in(folder: Path) -> Found:
    """The images of ``folder`` to be segmented, channels put together, whole cines too.

    Labels are not looked at, so that no image is left out because it has none.  Errors as
    ``survey``.
    """
    if (project := _project_in(folder)) is not None:
        return project
    gathered = Gatherer(folder).folder(folder)
    if not gathered.images:
        raise _no_images(folder, gathered)
    named = by_case(gathered.images, case_ids(gathered.images), "images")
    grouped, left = group_channels(named)
    cases = [*grouped.values(), *(CaseFiles(name, path) for name, path in left.items())]
    return Found(_in_order(cases, named.values()), tuple(gathered.leftovers.lines()))


def group_images(paths: Iterable[Path]) -> list[CaseFiles]:
    """Image files as cases, channels put together, in the order of their first files.

    No two images of one name are told apart here: files of different folders may share it.
    """
    paths = list(paths)
    cases: list[CaseFiles] = []
    for folder in dict.fromkeys(path.parent for path in paths):
        inside = {stem_of(path): path for path in paths if path.parent == folder}
        grouped, _ = group_channels(inside)
        cases += grouped.values()
    taken = {path for case in cases for path in case.images}
    cases += [CaseFiles(case_name(path), path) for path in paths if path not in taken]
    return list(_in_order(cases, paths))


def sort_files(paths: Iterable[Path]) -> Found:
    """Files that were chosen one by one: the images as cases, in their order, with their labels.

    ``FileError`` if there is no image among them, or two labels of one kind for one image.
    """
    paths = list(dict.fromkeys(as_volume(path) for path in paths))
    gathered = Gatherer(Path()).files(paths)
    lines = gathered.leftovers.lines()
    if not gathered.images:
        reasons = " ".join(lines[:_REASONS]) or "Choose its image."
        raise FileError(f"Got {paths[0]}, which is no image. {reasons}")
    cases = group_images(file.path for file in gathered.images)
    for folder in dict.fromkeys(path.parent for path in paths):
        labels = [
            by_case([file for file in kind if file.path.parent == folder], case_ids(kind), what)
            for kind, what in ((gathered.scribbles, "scribble files"), (gathered.masks, "masks"))
        ]
        cases, more = _with_labels(cases, folder, *labels)
        lines += more
    return Found(tuple(cases), tuple(lines))


def _with_labels(
    cases: list[CaseFiles], folder: Path, drawn: dict[str, Path], full: dict[str, Path]
) -> tuple[list[CaseFiles], list[str]]:
    """The cases of one folder with their labels, and a line for each label without an image."""
    own = {case.id for case in cases if case.image.parent == folder}
    labelled = [
        dataclasses.replace(case, scribble=drawn.get(case.id), mask=full.get(case.id))
        if case.image.parent == folder
        else case
        for case in cases
    ]
    alone = [path for kind in (drawn, full) for name, path in kind.items() if name not in own]
    return labelled, [f"{path.name}: its image was not chosen with it." for path in alone]


def _project_in(folder: Path) -> Found | None:
    """The cases of a project, ``None`` for a folder that is none; ``FileError`` for no folder."""
    if not folder.is_dir():
        what = "a file" if folder.exists() else "nothing there"
        raise FileError(f"Got {folder} ({what}); expected a folder with images.")
    if (folder / PROJECT_FILE).is_file():
        project = Project.open(folder, write=False)
        return Found(tuple(project.case_files()), project.notes)
    if folder.suffix == PROJECT_SUFFIX:
        raise ProjectError(f"{folder} has no {PROJECT_FILE}; it is no project, or a damaged one.")
    return None


def _without_whole_cines(gathered: Gathered) -> list[str]:
    """Leave out what is called a whole cine, where there are other images; a line for each."""
    cines = [file for file in gathered.images if is_cine_name(file.path)]
    if len(cines) == len(gathered.images):
        return []
    gathered.images = [file for file in gathered.images if file not in cines]
    return [f"{file.path.name} is a whole cine and is left out." for file in cines]


def _no_images(folder: Path, gathered: Gathered) -> FileError:
    sets = gathered.leftovers.of(Leftover.SET)
    hint = f"choose {sets[0]}" if sets else "choose another folder"
    reasons = "" if sets else " ".join(gathered.leftovers.lines()[:_REASONS])
    return FileError(
        f"Got {folder} without an image; expected NIfTI files (.nii, .nii.gz, .img and .hdr) in it "
        f"or in its images/: {hint}. {reasons}".rstrip()
    )


def _in_order(cases: Iterable[CaseFiles], paths: Iterable[Path]) -> tuple[CaseFiles, ...]:
    place = {path: number for number, path in enumerate(paths)}
    return tuple(sorted(cases, key=lambda case: min(place[path] for path in case.images)))
