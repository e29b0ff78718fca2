"""The names of files: which case they belong to, and what their endings say they hold."""

from __future__ import annotations

import re
from pathlib import Path

from napari_scribblemix.data.nifti import split_name

SCRIBBLE = re.compile(r"_scribbles?$", re.IGNORECASE)
MASK = re.compile(r"_(gt|gd|manual|masks?|seg|segmentation|labels?)$", re.IGNORECASE)
IMAGE = re.compile(r"_(image|img)$", re.IGNORECASE)
DERIVED = re.compile(r"_(probability_.+|entropy)$", re.IGNORECASE)
CINE = re.compile(r"_4d$", re.IGNORECASE)


def stem_of(path: Path) -> str:
    """The file name without ``.nii(.gz)``."""
    return split_name(path.name)[0]


def case_name(path: Path) -> str:
    """The name of the case a file belongs to.

    That is the file name without ``.nii(.gz)`` and without what labels add to it (``_scribble``,
    ``_gt``, ``_manual``, ``_mask``, ``_seg``, ``_label`` and the like, also several of them).
    """
    name = stem_of(path)
    while True:
        shorter = name
        for ending in (SCRIBBLE, MASK, IMAGE):
            shorter = ending.sub("", shorter)
        if shorter in ("", name):
            return name
        name = shorter
