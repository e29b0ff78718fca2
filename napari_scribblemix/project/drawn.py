"""Whether anything is drawn on a case: pixels, not files.

A scribble file stays when all its strokes were erased, so its being there says nothing.  It is read
until the first labelled pixel; only an empty one is read to its end.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError

from napari_scribblemix.data.labels import UNLABELLED
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.project.durable import Journal
from napari_scribblemix.project.project import Project
from napari_scribblemix.project.strokes import replay

_BLOCK = 1 << 16
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    HeaderDataError,
    WrapStructError,
    ScribbleMixError,
)


def has_label(path: Path, unlabelled: int) -> bool:
    """Whether a label file holds another value than ``unlabelled``; true if it is unreadable.

    What is there and cannot be read may hold work, and is told where the case is opened.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = Nifti1Header.from_fileobj(file)
            kind = header.get_data_dtype()
            if kind.kind not in "ui" or header.get_slope_inter()[0] not in (None, 1.0):
                return bool((read_labels(path).array != unlabelled).any())
            left = int(np.prod(header.get_data_shape())) * kind.itemsize
            file.seek(int(header.get_data_offset()))
            while block := file.read(min(_BLOCK, left)):
                left -= len(block)
                whole = len(block) - len(block) % kind.itemsize
                if (np.frombuffer(block[:whole], kind) != unlabelled).any():
                    return True
    except _DAMAGED:
        return True
    return False


def is_drawn_on(project: Project, case_id: str) -> bool:
    """Whether a case has strokes, those of its journal included."""
    saved, journal = project.scribble_path(case_id), project.journal_path(case_id)
    records = Journal(journal).records() if journal.is_file() else []
    if not records:
        return saved.is_file() and has_label(saved, project.labels.unlabelled_value)
    try:
        if saved.is_file():
            before = project.labels.decode(read_labels(saved).array)
        else:
            before = np.full(records[-1]["shape"], UNLABELLED, np.uint8)
    except ScribbleMixError:
        return True
    return bool((replay(before, records) != UNLABELLED).any())
