"""Which images a segmentation takes and which files it will write, known before it begins.

What could lose data is refused here: two images that would write the same file, files that are
there already, and a mask that would replace an image, whatever names and links lead to it.  Only
headers are read, and this file imports no torch, so a mistake is told at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from napari_scribblemix.data.file_names import files_of, split_name, written_name
from napari_scribblemix.data.links import identity, is_taken, real
from napari_scribblemix.data.nifti import number_of_frames
from napari_scribblemix.data.pointers import absent
from napari_scribblemix.errors import FileError, ScribbleMixError, SettingsError
from napari_scribblemix.project.apart import check_apart, check_writable
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.folder import PROJECT_FILE
from napari_scribblemix.project.layouts import Found, images_in, sort_files
from napari_scribblemix.project.names import stem_of
from napari_scribblemix.settings import SegmentSettings

_PROBABILITY = "_probability_"


def collect_cases(paths: list[Path]) -> Found:
    """The images named and those of the folders named, in any of the known layouts.

    Channels are put together, and labels are no images: what is left out is in the warnings.
    """
    if gone := [path for path in paths if not path.exists()]:
        raise FileError(absent(gone[0]))
    files = [path for path in paths if not path.is_dir()]
    found = [images_in(path) for path in paths if path.is_dir()]
    found += [sort_files(files)] if files else []
    cases: dict[object, CaseFiles] = {}
    for case in (case for part in found for case in part.cases):
        cases.setdefault((case.images, case.frame), case)
    warnings = dict.fromkeys(line for part in found for line in part.warnings)
    return Found(tuple(cases.values()), tuple(warnings))


def _beside(mask: Path, addition: str) -> Path:
    stem, suffix = split_name(mask.name)
    return mask.with_name(f"{stem}{addition}{suffix}")


def _target(case: CaseFiles, settings: SegmentSettings) -> Path:
    """The name of the image, or that of the case if it has channels or its folder's name."""
    name = written_name(case.image.name)
    own = not case.channels and stem_of(case.image).startswith(case.id)
    return settings.output / (name if own else f"{case.id}{split_name(name)[1]}")


def frame_of(case: CaseFiles, settings: SegmentSettings) -> int | None:
    """The frame of a cine that is wanted: the one asked for, or the one that is the case."""
    return case.frame if settings.frame is None else settings.frame


def mask_paths(case: CaseFiles, settings: SegmentSettings) -> list[Path]:
    """Where the masks of a case go: one, or one for each frame of a cine.

    Raises as ``number_of_frames`` if the image cannot be read.
    """
    target = _target(case, settings)
    frames = number_of_frames(case.image)
    # A case that is a frame bears its number in its name.
    if frames == 1 or (settings.frame is None and case.frame is not None):
        return [target]
    wanted = range(frames) if settings.frame is None else [settings.frame]
    return [_beside(target, f"_frame{frame:02d}") for frame in wanted]


def probability_path(mask: Path, structure: str) -> Path:
    """Where the probability of a structure goes."""
    return _beside(mask, f"{_PROBABILITY}{structure.replace(' ', '_')}")


def entropy_path(mask: Path) -> Path:
    """Where the uncertainty goes."""
    return _beside(mask, "_entropy")


def _planned(cases: list[CaseFiles], settings: SegmentSettings) -> tuple[list[str], set[str]]:
    """The names of all files to write, probabilities aside, and which of them are masks."""
    masks: list[Path] = []
    for case in cases:
        try:
            masks += mask_paths(case, settings)
        except ScribbleMixError:
            # It is told when its turn comes, and must not stop the others now.
            masks.append(_target(case, settings))
    names = [mask.name for mask in masks]
    others = [entropy_path(mask).name for mask in masks] if settings.entropy else []
    return names + others, set(names)


def _is_probability(name: str, masks: set[str]) -> bool:
    """Whether ``name`` is a probability of one of ``masks``, whatever the model's structures."""
    stem, suffix = split_name(name)
    head, found, _ = stem.rpartition(_PROBABILITY)
    return bool(found) and f"{head}{suffix}" in masks


def _check_project(output: Path) -> None:
    """``SettingsError`` if masks would come among what a person made in a project."""
    folder = real(output)
    for place in (folder, *folder.parents):
        if (place / PROJECT_FILE).is_file() and folder.relative_to(place).parts[:1] != ("runs",):
            raise SettingsError(
                f"Got --output {output}, inside a project; masks there could replace scribbles or "
                "what was corrected by hand: choose a folder outside, or one in its runs."
            )


def _check_images(cases: list[CaseFiles], there: list[Path], settings: SegmentSettings) -> None:
    """As ``check_apart``, and ``SettingsError`` if a mask could replace an image of another name.

    ``there`` is what masks would replace.  Files are compared, not names: a file may have several.
    """
    images = [image for case in cases for image in case.images]
    check_apart(settings.output, images)
    known = {identity(part) for image in images for part in files_of(image)} - {None}
    if replaced := [path for path in there if identity(path) in known]:
        raise SettingsError(
            f"Got --output {settings.output}, where {replaced[0].name} is one of the images by "
            "another name; a mask would replace its image: choose another folder."
        )


def check_folder(settings: SegmentSettings) -> None:
    """What ``check_outputs`` refuses whatever the cases are; for one who writes there before."""
    _check_project(settings.output)
    check_writable(settings.output)


def check_outputs(
    cases: list[CaseFiles], settings: SegmentSettings, there_already: Collection[Path] = ()
) -> None:
    """``SettingsError`` if writing could lose something, ``FileError`` if it cannot be.

    ``there_already``: masks that may be there, because this segmentation goes on.
    """
    check_folder(settings)
    if settings.frame is not None and (own := [c for c in cases if c.frame is not None]):
        raise SettingsError(
            f"Got --frame {settings.frame}, but {own[0].id} is a frame already; leave --frame out."
        )
    names, masks = _planned(cases, settings)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if settings.probabilities:
        twice += [name for name in names if _is_probability(name, masks)]
    if twice:
        raise SettingsError(
            f"Got images that would write {len(twice)} file names twice ({twice[0]}), one in place "
            "of the other: segment them in several calls with different --output folders."
        )
    there = [path for name in names if is_taken(path := settings.output / name)]
    if settings.probabilities and settings.output.is_dir():
        found = sorted(settings.output.iterdir())
        there += [path for path in found if _is_probability(path.name, masks)]
    _check_images(cases, there, settings)
    expected = {mask.name for mask in there_already}
    known = expected | {entropy_path(mask).name for mask in there_already}
    new = [each for each in there if each.name not in known]
    new = [each for each in new if not _is_probability(each.name, expected)]
    if new and not settings.overwrite:
        raise SettingsError(
            f"{len(new)} of the files to write are already in {settings.output} ({new[0].name}); "
            "use --resume to go on where a stop left off, --overwrite to replace them, or another "
            "--output."
        )
