"""The names of files: which case they belong to, and what they say the file holds."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum, auto
from pathlib import Path

from napari_scribblemix.data.file_names import split_name


class Holds(Enum):
    """What a file holds, as far as its name (or that of its folder) says."""

    IMAGE = auto()
    SCRIBBLES = auto()
    MASK = auto()
    LABELS = auto()
    """Labels, strokes or a full mask: their values say which."""
    UNCLEAR = auto()
    """Labels, but of which kind, or which copy of them, nobody says."""
    DERIVED = auto()
    """What ``segment`` writes beside a mask."""
    ANY = auto()
    """Nothing: an image, if its values are not those of labels."""


_SCRIBBLE = re.compile(r"[_\-. ]scribbles?$|^scribbles?[_\-. ]", re.IGNORECASE)
_MASK = re.compile(r"[_\-. ](gt|gd|manual|masks?)$|^(gt|masks?)_", re.IGNORECASE)
# Before the name as in the short-axis pipelines of UK Biobank.
_LABELS = re.compile(r"_(d?seg|segmentation|labels?)$|^labels?_", re.IGNORECASE)
# Slicer and ITK-SNAP export strokes and masks alike under such names.
_UNCLEAR = re.compile(
    r"[\-. ](d?seg|segmentation|labels?|label-?map)$|_label-?map$|^(seg|segmentation)_",
    re.IGNORECASE,
)
_COPY = re.compile(r"( ?\(\d+\)| - copy( \(\d+\))?| copy( \d+)?)$", re.IGNORECASE)
_IMAGE = re.compile(r"[_\-. ](image|img)$|^(image|img)_", re.IGNORECASE)
_DERIVED = re.compile(r"_(probability_.+|entropy|uncertainty)$", re.IGNORECASE)
_CINE = re.compile(r"_4d$", re.IGNORECASE)
_BARE = re.compile(
    r"image|img|scribbles?|masks?|gt|manual|labels?|seg|segmentation|C0|DE|LGE|T2", re.IGNORECASE
)

_KINDS = (
    (_SCRIBBLE, Holds.SCRIBBLES),
    (_MASK, Holds.MASK),
    (_LABELS, Holds.LABELS),
    (_UNCLEAR, Holds.UNCLEAR),
    (_IMAGE, Holds.IMAGE),
)


def stem_of(path: Path) -> str:
    """The file name without ``.nii(.gz)``, composed as most systems write accents."""
    # macOS stores them decomposed; a scribble drawn elsewhere would not find its image.
    return unicodedata.normalize("NFC", split_name(path.name)[0])


def holds(stem: str) -> Holds:
    """What a file of this name holds."""
    if _DERIVED.search(stem):
        return Holds.DERIVED
    for pattern, kind in _KINDS:
        if pattern.search(stem) and _without_endings(stem) != stem:
            return kind
    original = _COPY.sub("", stem)
    if original != stem and holds(original) not in (Holds.ANY, Holds.IMAGE):
        return Holds.UNCLEAR
    return Holds.ANY


def is_cine_name(path: Path) -> bool:
    """Whether the name says that the file is a whole cine."""
    return bool(_CINE.search(stem_of(path)))


def is_bare(stem: str) -> bool:
    """Whether the name says only what the file holds, so that its folder must say whose it is."""
    return bool(_BARE.fullmatch(stem))


def case_of(stem: str) -> str:
    """The name of the case that a file of this name (without ``.nii``) belongs to.

    That is the name without what labels add to it (``_scribble``, ``_gt``, ``_manual``, ``_mask``,
    ``_seg``, ``_label`` and the like, also several of them, and ``label_`` before it).
    """
    name = stem
    while (shorter := _without_endings(name)) != name:
        name = shorter
    return name


def case_name(path: Path) -> str:
    """The name of the case a file belongs to, see ``case_of``."""
    return case_of(stem_of(path))


def suggested_case(stem: str) -> str:
    """The name of the case of what may be a second copy of its labels."""
    original = _COPY.sub("", stem)
    return case_of(original if holds(stem) is Holds.UNCLEAR else stem)


def _without_endings(name: str) -> str:
    for pattern in (_SCRIBBLE, _MASK, _LABELS, _UNCLEAR, _IMAGE):
        if shorter := pattern.sub("", name):
            name = shorter
    return name
