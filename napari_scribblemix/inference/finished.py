"""What a segmentation that was stopped has finished, so that it can go on without doing it again.

Beside each mask stands a checksum of all that it was made from: the model, the options that change
a mask, and the images of its heart, whose frames agree with each other.  A heart is finished where
all its masks are there and were made from what they would be made from now.  No torch here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from napari_scribblemix import __version__
from napari_scribblemix.data.described import checksum
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ScribbleMixError, SettingsError
from napari_scribblemix.inference.look import Look
from napari_scribblemix.inference.outputs import (
    entropy_path,
    frame_of,
    mask_paths,
    probability_path,
)
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.changes import hash_now
from napari_scribblemix.project.expected import Expected, expected_of
from napari_scribblemix.project.mask_notes import MaskNotes
from napari_scribblemix.project.patients import same_heart
from napari_scribblemix.settings import SegmentSettings

MADE_FROM = "made_from"
"""Where the checksum stands in what is known of a mask."""

UNFINISHED = "unfinished"
"""Stands there while other frames of the heart are missing or do not agree yet."""


def hearts(cases: Iterable[CaseFiles]) -> Iterator[list[CaseFiles]]:
    """The cases in their order, those together that are frames of one heart in one folder."""
    together: list[CaseFiles] = []
    for case in cases:
        last = together[-1] if together else case
        if last.image.parent != case.image.parent or not same_heart(last.id, case.id):
            yield together
            together = []
        together.append(case)
    if together:
        yield together


def made_from(heart: list[CaseFiles], settings: SegmentSettings, model: str) -> str | None:
    """The checksum of all that the masks of a heart are made from.

    ``model`` is the checksum of its weights.  ``None`` if an image cannot be read, which is told
    where it is segmented.
    """
    try:
        images = [
            [case.id, frame_of(case, settings), [hash_now(image) for image in case.images]]
            for case in heart
        ]
    except ScribbleMixError:
        return None
    given = [__version__, model, asdict(Look.of(settings)), images]
    return checksum(json.dumps(given).encode())


@dataclass(frozen=True)
class Finished:
    """What is left to do, and what stays.

    Attributes:
        left: the cases to segment.
        kept: the masks that stay, and how good they were expected to be.
        changed: those of them that somebody changed since.
        replaceable: masks of hearts that were left half done; they are made again.
    """

    left: tuple[CaseFiles, ...]
    kept: dict[Path, Expected]
    changed: tuple[Path, ...]
    replaceable: frozenset[Path]


def find_finished(
    cases: Iterable[CaseFiles], settings: SegmentSettings, model: str, structures: Iterable[str]
) -> Finished:
    """Look at what is there of ``cases``; reads every image of a heart that may be finished.

    Args:
        cases: all that are to be segmented.
        settings: of the segmentation that goes on.
        model: the checksum of its weights.
        structures: the names for which it writes probabilities.

    Errors: ``SettingsError`` for masks that are there and are no part of this segmentation, unless
    they may be overwritten.
    """
    notes = MaskNotes(settings.output)
    left: list[CaseFiles] = []
    kept: dict[Path, Expected] = {}
    changed: list[Path] = []
    replaceable: set[Path] = set()
    strange: list[Path] = []
    for heart in hearts(cases):
        masks = _masks(heart, settings)
        there = [mask for mask in masks if mask.exists()]
        stated = made_from(heart, settings, model) if there else None
        if stated is not None and all(
            notes.stated(mask, MADE_FROM) == stated
            and not notes.stated(mask, UNFINISHED)
            and _complete(mask, settings, structures)
            for mask in masks
        ):
            kept |= {mask: expected_of(notes.of(mask)) for mask in masks}
            changed += [mask for mask in masks if notes.changed(mask)]
            continue
        left += heart
        for mask in there:
            # A heart that was left in the middle: its masks are ours, and as they were made.
            ours = stated is not None and notes.of(mask).get(MADE_FROM) == stated
            (replaceable.add if ours else strange.append)(mask)
    if strange and not settings.overwrite:
        if by_hand := [mask for mask in strange if notes.changed(mask)]:
            raise SettingsError(
                f"Got {counted(len(by_hand), 'mask')} in {settings.output} ({by_hand[0].name}) "
                "with changes by hand, and other frames of the heart have to be made again with "
                "it: copy what was changed elsewhere first; --overwrite replaces it."
            )
        raise SettingsError(
            f"Got {counted(len(strange), 'mask')} in {settings.output} ({strange[0].name}) made "
            "otherwise (another model, other options or images) or not yet noted when the machine "
            "stopped; add --overwrite to make such masks anew, or use another --output."
        )
    return Finished(tuple(left), kept, tuple(changed), frozenset(replaceable))


def _masks(heart: list[CaseFiles], settings: SegmentSettings) -> list[Path]:
    """The masks of all frames; none where an image cannot be read, which is told in its turn."""
    try:
        return [mask for case in heart for mask in mask_paths(case, settings)]
    except ScribbleMixError:
        return []


def _complete(mask: Path, settings: SegmentSettings, structures: Iterable[str]) -> bool:
    """Whether the mask and what was asked for beside it are there."""
    wanted = [mask]
    if settings.entropy:
        wanted.append(entropy_path(mask))
    if settings.probabilities:
        wanted += [probability_path(mask, name) for name in structures]
    return all(path.exists() for path in wanted)
