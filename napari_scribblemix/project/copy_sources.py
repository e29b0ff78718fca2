"""Where the working copies of a folder come from: ``sources.json`` beside them, and their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from napari_scribblemix.data.described import Description, as_json, read_description
from napari_scribblemix.data.dicom.contents import Stack
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.links import is_taken, real
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.folder import PROJECT_SUFFIX

SOURCES = "sources.json"
"""The one file beside working copies that knows where the DICOM files lie."""

Source = Path | Sequence[Path]


IMAGES = "images"
"""The folder for working copies, in a project or an output folder."""


def copies_in(folder: Path) -> Description:
    """What is said of the working copies in ``folder``, by file name; ``FileError`` if damaged."""
    copies = (read_description(folder / SOURCES) or {}).get("copies")
    return copies if isinstance(copies, dict) else {}


class KnownCopies:
    """Which working copies of a folder come from where, as ``sources.json`` has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / SOURCES
        self._copies = copies_in(folder)

    def _print_of(self, path: Path) -> object:
        entry = self._copies.get(path.name)
        return entry.get("fingerprint") if isinstance(entry, dict) else None

    def is_of(self, path: Path, its_print: str) -> bool:
        """Whether the copy at ``path``, there or not, was made of the files with that print."""
        return self._print_of(path) == its_print

    def sha256(self, path: Path) -> str | None:
        """The checksum that the copy at ``path`` had; ``None`` where it was not written down."""
        entry = self._copies.get(path.name)
        told = entry.get("sha256") if isinstance(entry, dict) else None
        return told if isinstance(told, str) else None

    def study(self, prints: dict[str, str], called: str | None) -> str:
        """What a study is called: as before, as asked for, or by the next free number.

        ``FileError`` if the name asked for is that of other files.
        """
        for file, entry in self._copies.items():
            for stack, its_print in prints.items():
                ending = f"_{stack}.nii"
                own = file.removesuffix(ending)
                same = isinstance(entry, dict) and entry.get("fingerprint") == its_print
                fits = same and file.endswith(ending) and called in (None, own)
                if fits and self._free(own, prints):
                    return own
        if called is not None:
            if not self._free(called, prints):
                raise FileError(
                    f"{self._folder} has a case {called} of other files already; choose another "
                    "name for the study."
                )
            return called
        number = 1
        while not self._free(f"study{number:02d}", prints, new=True):
            number += 1
        return f"study{number:02d}"

    def _free(self, study: str, prints: dict[str, str], *, new: bool = False) -> bool:
        """Whether the copies of ``study`` are ours already, or not there."""
        if new and any(file.startswith(f"{study}_") for file in self._copies):
            return False
        paths = {self._folder / f"{study}_{stack}.nii": own for stack, own in prints.items()}
        return all(self.is_of(path, own) or not is_taken(path) for path, own in paths.items())

    def add(
        self, path: Path, stack: Stack, source: Source, its_print: str, sha256: str | None
    ) -> None:
        """Write down where the copy at ``path`` comes from, and its checksum."""
        places = [source] if isinstance(source, Path) else list(source)
        entry = {
            "stack": stack.name,
            "study": stack.study,
            "fingerprint": its_print,
            "sha256": sha256,
            "source": [_relative(place, self._folder) for place in places],
        }
        if self._copies.get(path.name) == entry:
            return
        self._copies[path.name] = entry
        note = "Where the DICOM files lie. Leave this file behind when you hand the folder on."
        atomic_write(self._path, as_json({"note": note, "copies": self._copies}))


def places_of(entry: Description, folder: Path) -> list[Path]:
    """Where the DICOM files of one copy in ``folder`` lie, by its entry; empty if it says nothing.

    They need not be there any more.
    """
    stated = entry.get("source")
    beside = real(folder)
    listed = stated if isinstance(stated, list) else []
    return [Path(os.path.normpath(beside / str(place))) for place in listed]


def source_places(folder: Path) -> list[Path]:
    """Where the DICOM files of all working copies in ``folder`` lie; empty if there is none."""
    try:
        entries = copies_in(folder).values()
    except FileError:  # told by whoever needs the copies' origin
        return []
    found = (place for e in entries if isinstance(e, dict) for place in places_of(e, folder))
    return list(dict.fromkeys(found))


def projects_of(source: Source, place: Path) -> list[Path]:
    """The projects in the folder ``place`` that have working copies of ``source``."""
    wanted = {real(path) for path in ([source] if isinstance(source, Path) else source)}
    projects = sorted(place.glob(f"*{PROJECT_SUFFIX}")) if place.is_dir() else []
    return [each for each in projects if wanted & set(map(real, source_places(each / IMAGES)))]


def _relative(place: Path, folder: Path) -> str:
    try:
        return os.path.relpath(os.path.realpath(place), os.path.realpath(folder))
    except ValueError:  # another drive of Windows
        return str(place.absolute())
