"""Which files of a folder may be DICOM, by their first bytes; names say nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from napari_scribblemix.data.dicom.limits import MOST_DEPTH, MOST_FILES
from napari_scribblemix.data.file_names import is_nifti
from napari_scribblemix.data.pointers import absent
from napari_scribblemix.errors import FileError

PREAMBLE = 128
DIRECTORY = "DICOMDIR"
"""The name of the table of contents on a disc; the files themselves are beside it."""

# Old files begin at once with their first group, 0008, and an element of it.
_BARE = tuple(b"\x08\x00" + bytes([low]) + b"\x00" for low in (0x00, 0x01, 0x05, 0x08, 0x12, 0x16))


def starts_as_dicom(start: bytes) -> bool:
    """Whether a file that begins with the bytes ``start`` (132 or more) is DICOM."""
    return start[PREAMBLE : PREAMBLE + 4] == b"DICM" or start.startswith(_BARE)


def is_dicom(path: Path) -> bool:
    """Whether the file at ``path`` begins as DICOM does; an unreadable one does not."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return starts_as_dicom(file.read(PREAMBLE + 4))
    except OSError:
        return False


def _is_ours(folder: str) -> bool:
    """Whether a folder of this name is a project, whose working copies are no part of a study."""
    return folder.endswith(".scribblemix")


def _walk(folder: Path) -> Iterator[Path]:
    """The files of ``folder`` and those inside, in order; not behind links, nor of projects.

    What is no regular file (a pipe, a device) is passed over.
    """
    depth = len(folder.parts)
    for place, folders, names in os.walk(folder):
        here = Path(place)
        deep = len(here.parts) - depth >= MOST_DEPTH
        kept = (name for name in folders if not name.startswith(".") and not _is_ours(name))
        folders[:] = [] if deep else sorted(kept)
        files = (here / name for name in sorted(names) if not name.startswith("."))
        # A link to nothing is told of later.
        yield from (file for file in files if file.is_file() or not file.exists())


def files_in(source: Path | Sequence[Path]) -> list[Path]:
    """The files to look at: of a folder, of the disc of a DICOMDIR, or those given.

    ``FileError`` if there is nothing, or more than any study has.
    """
    paths = [source] if isinstance(source, Path) else list(source)
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise FileError(absent(path))
        folder = path.parent if path.is_file() and path.name.upper() == DIRECTORY else path
        inside = _walk(folder) if folder.is_dir() else iter([path])
        found.update(dict.fromkeys(islice(inside, MOST_FILES + 1 - len(found))))
        if len(found) > MOST_FILES:
            raise FileError(
                f"Got a folder with more than {MOST_FILES} files; expected a study: choose a "
                "folder inside."
            )
    return list(found)


def dicom_beside(folder: Path) -> bool:
    """Whether DICOM lies in a ``folder`` that is read for its NIfTI files."""
    files = islice(_walk(folder), MOST_FILES) if folder.is_dir() else iter(())
    return any(not is_nifti(file) and is_dicom(file) for file in files)


def is_study(path: Path) -> bool:
    """Whether ``path`` is DICOM: a file, or a folder with such files and without NIfTI."""
    if path.is_file():
        return path.name.upper() == DIRECTORY or (not is_nifti(path) and is_dicom(path))
    if not path.is_dir():
        return False
    found = False
    for file in islice(_walk(path), MOST_FILES):
        if is_nifti(file):
            return False
        found = found or is_dicom(file)
    return found
