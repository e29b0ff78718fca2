"""``inspect``: what is in a model, a project, a folder or an image, and what is wrong with it.

The findings are those that training and drawing would meet, all at once.  Exit code 1 if something
found could not be trained on or used.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from rich.progress import track

from napari_scribblemix.cli.console import (
    messages,
    number,
    print_error,
    print_warning,
    results,
    table,
)
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.label_values import MOST_LABELS
from napari_scribblemix.data.labels import LabelScheme, guess_scheme
from napari_scribblemix.data.limits import doubts
from napari_scribblemix.data.nifti import number_of_frames, read_image, read_labels
from napari_scribblemix.data.scribbles import check_image, coverage
from napari_scribblemix.data.untouched import zero_is_unlabelled
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, LabelError, ProjectError, ScribbleMixError
from napari_scribblemix.inference.card import find_card, find_weights
from napari_scribblemix.project.case_files import WHOLE_CINE, is_whole_cine
from napari_scribblemix.project.cases import Case, load_case
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.project import PROJECT_FILE, Project
from napari_scribblemix.project.run_models import models_of
from napari_scribblemix.settings import InspectSettings, Unlabelled


def _print(text: str) -> None:
    results().print(text, markup=False, soft_wrap=True)


def _millimetres(spacing: tuple[float, ...]) -> str:
    return " x ".join(f"{size:.3g}" for size in spacing)


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _show_geometry(geometry: Geometry, frames: int) -> None:
    of_frames = f", {frames} frames" if frames > 1 else ""
    _print(f"slices, rows, columns: {_sizes(geometry.shape)}{of_frames}")
    _print(f"spacing: {_millimetres(geometry.spacing)} mm (slices, rows, columns)")
    _print(
        f"file: {_sizes(geometry.file_shape)}, axes towards {geometry.axis_codes}, slices along "
        f"axis {geometry.slice_axis + 1}"
    )


def _label_volume(path: Path, frames: int) -> Volume | None:
    """The file as labels, or ``None`` if it looks like an image."""
    if frames > 1:
        return None
    try:
        volume = read_labels(path)
    except LabelError:
        return None
    return volume if len(np.unique(volume.array)) <= MOST_LABELS else None


def _show_labels(volume: Volume) -> None:
    values, counts = np.unique(volume.array, return_counts=True)
    try:
        scheme = guess_scheme(values.tolist())
        names = _value_names(scheme, unlabelled=zero_is_unlabelled(volume.array, scheme))
    except LabelError as error:
        print_warning(str(error))
        names = {}
    lines = table("value", "meaning, if these are labels", "voxels", "ml", text_columns=2)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        millilitres = number(count * volume.geometry.voxel_volume_ml, 1)
        lines.add_row(str(value), names.get(value, "?"), str(count), millilitres)
    results().print(lines)


def _value_names(scheme: LabelScheme, *, unlabelled: bool | None) -> dict[int, str]:
    """What each value means; ``unlabelled``: whether 0 means so, ``None`` if that is not clear."""
    own = scheme.unlabelled_value
    names = {own: "unlabelled"} | dict(zip(scheme.file_values, scheme.names, strict=True))
    if unlabelled is None:
        return names | {0: "background, or unlabelled", own: "unlabelled, or background"}
    return names | {0: names[own], own: names[0]} if unlabelled else names


def inspect_image(path: Path) -> int:
    """Print what a NIfTI file holds; 1 if it cannot be used as an image."""
    frames = number_of_frames(path)
    labels = _label_volume(path, frames)
    volume = labels or read_image(path, 0 if frames > 1 else None)
    _print(f"{path}")
    _show_geometry(volume.geometry, frames)
    for note in (*volume.notes, *doubts(volume.geometry.shape, volume.geometry.spacing)):
        print_warning(note)
    if labels is not None:
        _show_labels(labels)
        return 0
    findings = check_image(volume.array)
    finite = volume.array[np.isfinite(volume.array)]
    if finite.size:
        low, middle, high = np.percentile(finite, [0, 50, 100])
        _print(f"intensities: {low:g} to {high:g}, median {middle:g}")
    for finding in findings:
        print_error(finding.message)
    return 1 if findings else 0


def inspect_model(path: Path) -> int:
    """Print the card of a run folder or a model file."""
    card, notes = find_card(path)
    _print(f"{find_weights(path)}")
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
    row = [case.id, _sizes(geometry.shape), _millimetres(geometry.spacing)]
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
    _print(f"project, {counted(len(project.cases), 'case')}; runs: {runs}")
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
            _print(f"{case_id}: its image as it is now belongs to the case.")


def inspect_folder(folder: Path, unlabelled: Unlabelled = "auto") -> int:
    """Print the cases of a project or plain folder; 1 if one of them cannot be used."""
    found = survey(folder)
    _print(f"{folder}")
    if (folder / PROJECT_FILE).is_file():
        _show_project(folder)
    cases, notes, failed = [], NoteList(), 0
    for files in track(found.cases, "Reading", console=messages(), transient=True):
        try:
            if not files.scribbled and is_whole_cine(files):
                notes.add(files.id, [WHOLE_CINE])
                continue
            case = load_case(dataclasses.replace(files, unlabelled=unlabelled))
        except ScribbleMixError as error:
            failed += 1
            print_error(f"{files.id}: {error}")
            continue
        notes.add(case.id, case.notes)
        cases.append(case)
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
    _print(
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
        raise FileError(f"{path} does not exist; check the path.")
    if settings.accept_images:
        _accept_images(path)
    if path.suffix == ".safetensors":
        return inspect_model(path)
    if models := models_of(path):
        return max(inspect_model(model) for model in models)
    if path.is_dir():
        return inspect_folder(path, settings.unlabelled)
    if is_nifti(path):
        return inspect_image(path)
    raise FileError(
        f"Got {path.name}; expected a NIfTI file (.nii, .nii.gz), a model (.safetensors), a run, a "
        "project or a folder of images."
    )
