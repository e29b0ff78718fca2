"""The folders people have: which files in them are one case.

    a project                 NAME.scribblemix/ or any folder with a project.json
    images/ and scribbles/    (and masks/): plain folders, also of ACDC and MSCMRseg
    images/ and labels/       scribbles and masks in one folder, told apart by their endings
    one flat folder           IMG.nii.gz, IMG_scribble.nii.gz, IMG_gt.nii.gz (_manual, _mask, ...)
    a folder for each patient the same, one level deeper (ACDC as distributed)

Images whose names differ in a channel are one case (see ``channels``); labels go with the case, or,
where they are named after one of the sequences, with that image alone.  Files are paired by the
name of the case, never by their order.  What does not fit is said: an error where going on would be
a guess, else a warning.  No file is opened here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_scribblemix.data.nifti import is_nifti
from napari_scribblemix.errors import FileError, ProjectError
from napari_scribblemix.project.cases import CaseFiles
from napari_scribblemix.project.channels import group_channels, keep_alike
from napari_scribblemix.project.names import CINE, DERIVED, MASK, SCRIBBLE, case_name, stem_of
from napari_scribblemix.project.project import PROJECT_FILE, PROJECT_SUFFIX, Project

# Of a patient's sequences, where they are cases of their own, the LGE image shows most.
_SEQUENCES = ("DE", "LGE", "C0", "T2")
# nnU-Net: the only channel of a case has a number too, its label has none.
_ONLY_CHANNEL = "0000"


@dataclass(frozen=True)
class Found:
    """The cases of a folder, sorted by name, and what in it fits no case."""

    cases: tuple[CaseFiles, ...]
    warnings: tuple[str, ...] = ()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise FileError(f"The folder {folder} could not be read ({error.strerror}).") from error


def _files(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if is_nifti(path) and path.is_file()]


def _by_case(paths: Iterable[Path], what: str) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        name = case_name(path)
        if name in named:
            raise FileError(
                f"Got two {what} for the case {name}: {named[name]} and {path}; expected one: "
                "move one of them away."
            )
        named[name] = path
    return named


def _image_of(label: str, images: dict[str, Path]) -> str | None:
    """The image a label's case name belongs to: its own, or one of the patient's sequences."""
    endings = (*_SEQUENCES, _ONLY_CHANNEL)
    candidates = (label, *(f"{label}_{ending}" for ending in endings))
    return next((name for name in candidates if name in images), None)


def _merged(case: CaseFiles, scribble: Path | None, mask: Path | None) -> CaseFiles:
    """``case`` with the labels that its image has under a second name."""
    pairs = (("scribble files", case.scribble, scribble), ("masks", case.mask, mask))
    for what, first, second in pairs:
        if first is not None and second is not None:
            raise FileError(
                f"Got two {what} for the image {case.image.name}: {first} and {second}; expected "
                "one: move one of them away."
            )
    return dataclasses.replace(case, scribble=case.scribble or scribble, mask=case.mask or mask)


def _assemble(images: list[Path], scribbles: list[Path], masks: list[Path]) -> Found:
    named = _by_case(images, "images")
    drawn, full = _by_case(scribbles, "scribble files"), _by_case(masks, "masks")
    warnings: list[str] = []
    labels = drawn.keys() | full.keys()
    grouped, named = group_channels(named, labels)
    cases = {
        name: dataclasses.replace(case, scribble=drawn.get(name), mask=full.get(name))
        for name, case in grouped.items()
    }
    for label in sorted(labels - grouped.keys()):
        image = _image_of(label, named)
        if image is None:
            files = [str(kind[label].name) for kind in (drawn, full) if label in kind]
            warnings.append(
                f"{' and '.join(files)}: no image named {label}; expected one of the same name, so "
                "it is left out."
            )
            continue
        if image in cases:
            cases[image] = _merged(cases[image], drawn.get(label), full.get(label))
            continue
        cases[image] = CaseFiles(label, named[image], drawn.get(label), full.get(label))
        if image != label:
            # Another sequence with labels of its own is a case of its own.
            others = {f"{label}_{sequence}" for sequence in _SEQUENCES} - labels
            dropped = [
                named.pop(name).name for name in sorted(others) if name in named and name != image
            ]
            if dropped:
                warnings.append(
                    f"{label}: its labels go with {named[image].name}; {', '.join(dropped)} are "
                    "left out."
                )
    rest = [CaseFiles(name, path) for name, path in named.items() if name not in cases]
    alike, odd = keep_alike((*cases.values(), *rest))
    return Found(tuple(sorted(alike, key=lambda case: case.id)), (*warnings, *odd))


def _subfolder(folder: Path, *names: str) -> Path | None:
    found = [path for path in _entries(folder) if path.name.lower() in names]
    return next((path for path in found if path.is_dir()), None)


def _by_ending(paths: list[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Scribbles, masks, and what its name calls neither."""
    scribbles = [path for path in paths if SCRIBBLE.search(stem_of(path))]
    masks = [path for path in paths if MASK.search(stem_of(path))]
    return scribbles, masks, [path for path in paths if path not in {*scribbles, *masks}]


def _plain(folder: Path, images: Path) -> Found:
    scribbles = _subfolder(folder, "scribbles", "scribble")
    masks = _subfolder(folder, "masks", "mask")
    labels = _subfolder(folder, "labels", "label")
    drawn, full, unclear = _by_ending(_files(labels) if labels else [])
    found = _assemble(
        _files(images),
        (_files(scribbles) if scribbles else []) + drawn,
        (_files(masks) if masks else []) + full,
    )
    known = {images, scribbles, masks, labels}
    ignored = []
    if labels and unclear:
        ignored.append(
            f"{len(unclear)} files of the folder {labels.name} are not read ({unclear[0].name}): "
            "expected names that end in _scribble, or in _gt or _manual for masks; or put them in "
            "folders scribbles and masks."
        )
    ignored += [
        f"The folder {path.name} is not read; name it scribbles or masks if it holds such."
        for path in _entries(folder)
        if path.is_dir() and path not in known and _files(path)
    ]
    return Found(found.cases, (*found.warnings, *ignored))


def _flat(paths: list[Path]) -> Found:
    scribbles, masks, others = _by_ending(paths)
    images = [path for path in others if not DERIVED.search(stem_of(path))]
    cines = [path for path in images if CINE.search(stem_of(path))]
    warnings: list[str] = []
    if len(cines) < len(images):
        images = [path for path in images if path not in cines]
        warnings = [f"{path.name} is a whole cine and is left out." for path in cines]
    found = _assemble(images, scribbles, masks)
    return Found(found.cases, (*found.warnings, *warnings))


def survey(folder: Path) -> Found:
    """The cases of ``folder`` and what in it fits none; see the module for the layouts known.

    Raises ``FileError`` for a missing folder, one without images, or two files for one case, and
    ``ProjectError`` for a damaged project.
    """
    if not folder.is_dir():
        what = "a file" if folder.exists() else "nothing there"
        raise FileError(f"Got {folder} ({what}); expected a folder with images.")
    if (folder / PROJECT_FILE).is_file():
        return Found(tuple(Project.open(folder, write=False).case_files()))
    if folder.suffix == PROJECT_SUFFIX:
        raise ProjectError(f"{folder} has no {PROJECT_FILE}; it is no project, or a damaged one.")
    if images := _subfolder(folder, "images", "image"):
        found = _plain(folder, images)
    else:
        nested = [path for path in _entries(folder) if path.is_dir()]
        found = _flat(_files(folder) or [file for path in nested for file in _files(path)])
    if not found.cases:
        inside = [path.name for path in _entries(folder) if (path / "images").is_dir()]
        hint = f"choose {folder / inside[0]}" if inside else "choose another folder"
        raise FileError(
            f"Got {folder} without an image; expected NIfTI files (.nii, .nii.gz) in it or in its "
            f"images/: {hint}."
        )
    return found


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
    place = {path: number for number, path in enumerate(paths)}
    return sorted(cases, key=lambda case: min(place[path] for path in case.images))


def find_cases(folder: Path) -> list[CaseFiles]:
    """The cases of ``folder``, sorted by name; errors as ``survey``, whose warnings it drops."""
    return list(survey(folder).cases)


def _labels_in(path: Path) -> dict[str, Path]:
    """The label files of a folder (or its ``masks/``) by case; images beside them do not count."""
    if not path.is_dir():
        raise FileError(f"Got {path}; expected a folder or a NIfTI file.")
    inside = _files(_subfolder(path, "masks", "mask") or path)
    files = [file for file in inside if not DERIVED.search(stem_of(file))]
    marked = {case_name(file) for file in files if MASK.search(stem_of(file))}
    return _by_case(
        (
            file
            for file in files
            if not SCRIBBLE.search(stem_of(file))
            and (MASK.search(stem_of(file)) or case_name(file) not in marked)
        ),
        "masks",
    )


def _named_like(labels: dict[str, Path], others: dict[str, Path]) -> dict[str, Path]:
    """``labels`` by case, where a single channel's number is dropped if the others lack it."""
    named = {}
    for name, path in labels.items():
        case = name.removesuffix(f"_{_ONLY_CHANNEL}")
        known = name in others or case in labels or case not in others
        named[name if known else case] = path
    return named


def pair_by_case(a: Path, b: Path) -> tuple[list[tuple[str, Path, Path]], list[str]]:
    """Label files of ``a`` and ``b`` (folders, or two files) of the same case, sorted by name.

    Also one message for each file without a partner.  ``FileError`` for what is neither file nor
    folder or for two files of one case.
    """
    if a.is_file() and b.is_file():
        return [(case_name(a), a, b)], []
    first = {case_name(a): a} if a.is_file() else _labels_in(a)
    second = {case_name(b): b} if b.is_file() else _labels_in(b)
    first, second = _named_like(first, second), _named_like(second, first)
    pairs = [(name, first[name], second[name]) for name in sorted(first.keys() & second.keys())]
    messages = []
    # A single file asks about one case: the other cases of the folder are not missing anything.
    if not b.is_file():
        messages += [
            f"{first[n].name} has no partner in {b}." for n in sorted(first.keys() - second)
        ]
    if not a.is_file():
        messages += [
            f"{second[n].name} has no partner in {a}." for n in sorted(second.keys() - first)
        ]
    return pairs, messages
