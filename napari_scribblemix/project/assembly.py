"""From sorted files to cases: images, channels of one image, and the labels that go with them.

Files are paired by the name of the case, never by their order.  Where patients' folders hold files
of the same names, the folder is part of the name (P0/sa_ED is the case P0_sa_ED).  Two files for
one case are an error, because choosing would be a guess.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from napari_scribblemix.data.label_values import label_counts
from napari_scribblemix.data.labels import LabelScheme, guess_scheme
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.data.untouched import zero_is_unlabelled
from napari_scribblemix.errors import FileError, InputError, LabelError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.channels import group_channels, keep_alike
from napari_scribblemix.project.gathering import Filed, Gathered
from napari_scribblemix.project.leftovers import Leftover

# Of a patient's sequences, where they are cases of their own, the LGE image shows most.
_SEQUENCES = ("DE", "LGE", "C0", "T2")
ONLY_CHANNEL = "0000"
"""nnU-Net: the only channel of a case has a number too, its label has none."""


@dataclass(frozen=True)
class Found:
    """The cases of a folder, sorted by name, and what in it fits no case."""

    cases: tuple[CaseFiles, ...]
    warnings: tuple[str, ...] = ()


def case_ids(*kinds: Iterable[Filed]) -> dict[Filed, str]:
    """What the case of each file is called: with its patient's folder, where names come twice.

    ``kinds``: images, scribbles, masks and so on, each of which may have a file of one name.
    """
    several = False
    for kind in kinds:
        subjects = Counter(name for name, _ in {(file.name, file.subject) for file in kind})
        several = several or any(count > 1 for count in subjects.values())
    files = [file for kind in kinds for file in kind]
    return {file: _in_subject(file) if several else file.name for file in files}


def _in_subject(file: Filed) -> str:
    said = file.name.casefold().startswith(file.subject.casefold())
    return file.name if said else f"{file.subject}_{file.name}"


def by_case(files: Iterable[Filed], ids: dict[Filed, str], what: str) -> dict[str, Path]:
    """The paths by case; ``FileError`` if two files have one."""
    named: dict[str, Path] = {}
    for file in files:
        name = ids[file]
        if name in named:
            raise FileError(
                f"Got two {what} for the case {name}: {named[name]} and {file.path}; expected one: "
                "move one of them away."
            )
        named[name] = file.path
    return named


def _are_strokes(path: Path) -> bool:
    """Whether labels are scribbles: most voxels say "not labelled", or thin strokes lie in 0.

    A few voxels of the value that means "not labelled" may be a structure that is not known here.
    """
    counts = label_counts(path) or {}
    try:
        scheme = guess_scheme(counts)
    except LabelError:
        return False
    if scheme.dense_background is None:
        if 2 * counts.get(scheme.unlabelled_value, 0) > sum(counts.values()):
            return True
        state = path.stat()
        return _lie_in_zero(path, scheme, state.st_mtime_ns, state.st_size)
    # In MyoPS 0 is both "not labelled" and the background of full masks.
    return scheme.file_values[0] in counts


# A folder is surveyed again with each change of its strokes.
@lru_cache(maxsize=1024)
def _lie_in_zero(path: Path, scheme: LabelScheme, _changed: int, _size: int) -> bool:
    try:
        return zero_is_unlabelled(read_labels(path).array, scheme) is True
    except InputError:
        return False


def _share_out(
    gathered: Gathered, ids: dict[Filed, str], drawn: dict[str, Path], full: dict[str, Path]
) -> None:
    """Put the labels of which the layout does not say the kind where their values say."""
    strokes = [file for file in gathered.labels if _are_strokes(file.path)]
    masks = [file for file in gathered.labels if file not in strokes]
    for kind, files, what in ((drawn, strokes, "scribble files"), (full, masks, "masks")):
        for name, path in by_case(files, ids, what).items():
            if name in kind:
                gathered.leftovers.add(Leftover.SECOND, path)
            else:
                kind[name] = path


def assemble(gathered: Gathered) -> Found:
    """The cases of the files found, and what does not fit; ``FileError`` for two of a kind."""
    kinds = (gathered.images, gathered.scribbles, gathered.masks, gathered.labels)
    ids = case_ids(*kinds)
    named = by_case(gathered.images, ids, "images")
    drawn = by_case(gathered.scribbles, ids, "scribble files")
    full = by_case(gathered.masks, ids, "masks")
    _share_out(gathered, ids, drawn, full)
    found = pair_labels(named, drawn, full)
    alike, odd = keep_alike(found.cases)
    cases = tuple(sorted(alike, key=lambda case: case.id))
    return Found(cases, (*found.warnings, *odd))


def pair_labels(named: dict[str, Path], drawn: dict[str, Path], full: dict[str, Path]) -> Found:
    """Images by case, channels put together, with their scribbles and masks."""
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
        if image != label and (dropped := _drop_others(label, image, named, labels)):
            warnings.append(
                f"{label}: its labels go with {named[image].name}; {', '.join(dropped)} are "
                "left out."
            )
    rest = [CaseFiles(name, path) for name, path in named.items() if name not in cases]
    return Found((*cases.values(), *rest), tuple(warnings))


def _drop_others(
    label: str, image: str, named: dict[str, Path], labels: Iterable[str]
) -> list[str]:
    """Take the patient's other sequences out, those without labels of their own; their names."""
    others = {f"{label}_{sequence}" for sequence in _SEQUENCES} - set(labels) - {image}
    return [named.pop(name).name for name in sorted(others) if name in named]


def _image_of(label: str, images: dict[str, Path]) -> str | None:
    """The image a label's case name belongs to: its own, or one of the patient's sequences."""
    candidates = (label, *(f"{label}_{ending}" for ending in (*_SEQUENCES, ONLY_CHANNEL)))
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
