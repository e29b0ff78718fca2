"""Where the project of a DICOM study lies, and what the study is called before anybody says so.

The project lies beside the study, or in the projects folder where one may not write there.  Its
name is the study's: a number, or what the user called it, and never taken from the scanner's files
or folders.  A study that was opened before is found again by where its files lie.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_scribblemix.data.links import is_taken
from napari_scribblemix.project.copy_sources import Source, projects_of
from napari_scribblemix.project.project import PROJECT_SUFFIX


def place_of(source: Source, elsewhere: Path) -> Path:
    """The folder in which the project of ``source`` goes."""
    paths = [path.absolute() for path in ([source] if isinstance(source, Path) else source)]
    # A DICOMDIR or an image stands for its folder.
    folders = [path if path.is_dir() else path.parent for path in paths]
    beside = _common(folders).parent
    return beside if os.access(beside, os.W_OK | os.X_OK) else elsewhere


def _common(folders: Sequence[Path]) -> Path:
    """The folder in which all ``folders`` lie, or the first where there is none."""
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # several drives of Windows
        return folders[0]


def suggested_name(source: Source, place: Path) -> str:
    """The name under which the study was opened before, or the next free number."""
    for project in projects_of(source, place):
        return project.name.removesuffix(PROJECT_SUFFIX)
    number = 1
    while is_taken(place / f"study{number:02d}{PROJECT_SUFFIX}"):
        number += 1
    return f"study{number:02d}"
