"""``inspect``: what is in a model, a project, a folder or an image, and what is wrong with it.

The findings are those that training and drawing would meet, all at once.  Exit code 1 if something
found could not be trained on or used.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rich.progress import track

from napari_scribblemix.cli.console import (
    messages,
    print_error,
    print_warning,
    results,
    table,
)
from napari_scribblemix.cli.dicom import inspect_dicom, mend, warn_of_dicom
from napari_scribblemix.cli.inspect_image import inspect_image, millimetres, print_line, sizes
from napari_scribblemix.data.dicom.files import is_study
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.pointers import absent
from napari_scribblemix.data.scribbles import coverage
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, ProjectError, ScribbleMixError
from napari_scribblemix.inference.card import find_card, find_weights
from napari_scribblemix.project.case_files import WHOLE_CINE, is_whole_cine
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.project import PROJECT_FILE, Project
from napari_scribblemix.project.run_models import models_of
from napari_scribblemix.settings import InspectSettings, Unlabelled


def inspect_model(path: Path) -> int:
    """Print the card of a run folder or a model file."""
    card, notes = find_card(path)
    print_line(f"{find_weights(path)}")
    for note in notes:
        print_warning(note)
    lines = table("what", "value", text_columns=2)
    lines.show_header = False
    lines.add_row("name", card.name)
    lines.add_row("structures", ", ".join(card.labels.names[1:]))
    lines.add_row("network", f"{card.network}, {counted(card.in_channels, 'channel')} in")
    if card.channels:
        lines.add_row("channels", ", ".join(card.channels))
    lines.add_row("pixel size", f"{card.spacing:g} mm")
    lines.add_row("method", card.method)
    lines.add_row(
        "trained", f"{counted(card.steps, 'step')}, {card.seconds / 60:.1f} min, seed {card.seed}"
    )
    lines.add_row("cases", f"{len(card.case_hashes)} (salted hashes in the card)")
    for name, value in card.metrics.items():
        lines.add_row(f"measured: {name}", str(value))
    lines.add_row("purpose", card.purpose)
    lines.add_row("licence", card.licence)
    lines.add_row("written by", f"napari-scribblemix {card.code_version}")
    results().print(lines)
    return 0


def _case_row(case: Case, classes: int, *, channels: bool) -> list[str]:
    geometry = case.image.geometry
    row = [case.id, sizes(geometry.shape), millimetres(geometry.spacing)]
    if channels:
        row.insert(1, ", ".join(case.image.channels) or "–")
    if case.scribble is None:
        row += ["–"] * (classes + 2)
    else:
        reach = coverage(case.scribble, case.scheme)
        row += [str(count) for count in reach.pixels[:classes]]
        row += ["–"] * (classes - len(reach.pixels))
        row += [f"{100 * reach.fraction:.1f}", f"{len(reach.scribbled)}/{len(case.scribble)}"]
    return [*row, "yes" if case.mask is not None else "–"]


def _show_project(folder: Path) -> None:
    project = Project.open(folder, write=False)
    unsaved = sum(project.unsaved_strokes(record.id) for record in project.cases)
    runs = ", ".join(path.name for path in project.runs()) or "none"
    print_line(f"project, {counted(len(project.cases), 'case')}; runs: {runs}")
    if left_out := [record.id for record in project.cases if record.left_out]:
        print_line(f"left out of training: {', '.join(left_out)}")
    if unsaved:
        print_warning(
            f"Not in the scribble files yet but in the journal: {counted(unsaved, 'stroke')}; "
            "train uses them too."
        )


def _accept_images(folder: Path) -> None:
    """Take changed images for those of their cases; ``ProjectError`` for what is no project."""
    if not (folder / PROJECT_FILE).is_file():
        raise ProjectError(f"Got --accept-images and {folder}, which is no project; leave it out.")
    with Project.open(folder) as project:
        for case_id in project.accept_images():
            print_line(f"{case_id}: its image as it is now belongs to the case.")


def inspect_folder(folder: Path, unlabelled: Unlabelled = "auto") -> int:
    """Print the cases of a project or plain folder; 1 if one of them cannot be used."""
    found = survey(folder)
    print_line(f"{folder}")
    if (folder / PROJECT_FILE).is_file():
        _show_project(folder)
    cases, notes, errors, failed = [], NoteList(), NoteList(), 0
    for files in track(found.cases, "Reading", console=messages(), transient=True):
        try:
            if not files.scribbled and is_whole_cine(files):
                notes.add(files.id, [WHOLE_CINE])
                continue
            case = load_case(dataclasses.replace(files, unlabelled=unlabelled))
        except ScribbleMixError as error:
            failed += 1
            errors.add(files.id, [str(error)])  # the frames of a cine are one file
            continue
        notes.add(case.id, case.notes)
        cases.append(case)
    for line in errors.lines():
        print_error(line)
    if cases:
        scheme = max((case.scheme for case in cases), key=lambda scheme: scheme.classes)
        short = scheme.abbreviations or scheme.names
        channels = any(case.image.channels for case in cases)
        heads = ["case", "slices, rows, columns", "spacing mm"]
        if channels:
            heads.insert(1, "channels")
        lines = table(
            *heads,
            *(f"{name} px" for name in short),
            "labelled %",
            "slices",
            "mask",
            text_columns=len(heads),
        )
        for case in cases:
            lines.add_row(*_case_row(case, scheme.classes, channels=channels))
        results().print(lines)
    scribbled = sum(case.scribble is not None for case in cases)
    masked = sum(case.mask is not None for case in cases)
    print_line(
        f"{counted(len(cases), 'case')}, {scribbled} scribbled, {masked} with a mask; {failed} "
        "unusable"
    )
    for line in (*found.warnings, *notes.lines()):
        print_warning(line)
    return 1 if failed else 0


def run(settings: InspectSettings) -> int:
    """Find out what ``settings.path`` is and print what is in it."""
    path = settings.path
    if not path.exists():
        raise FileError(absent(path))
    if settings.accept_images:
        _accept_images(path)
    if path.suffix == ".safetensors":
        return inspect_model(path)
    if models := models_of(path):
        return max(inspect_model(model) for model in models)
    if is_study(path):
        return inspect_dicom(path, file_names=settings.file_names)
    if path.is_dir():
        warn_of_dicom(path)
        mend(path)
        return inspect_folder(path, settings.unlabelled)
    if is_nifti(path):
        return inspect_image(path)
    raise FileError(
        f"Got {path.name}; expected a NIfTI file (.nii, .nii.gz), DICOM, a model (.safetensors), "
        "a run, a project or a folder of images."
    )
