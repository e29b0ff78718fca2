"""Where nothing may be written: among the images, and among the scanner's files.

One check for all that writes masks, files for other programs and reports to a folder that a person
names.  It is asked before the work, not after.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_scribblemix.data.links import identity, real
from napari_scribblemix.errors import FileError, SettingsError
from napari_scribblemix.project.copy_sources import source_places


def check_writable(output: Path) -> None:
    """``FileError`` if nothing can be written to ``output``: told before the work, not after."""
    place = next((path for path in (output, *output.absolute().parents) if path.exists()), output)
    if not place.is_dir():
        raise FileError(f"Got --output {output}, but {place} is no folder; choose another.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise FileError(
            f"Got --output {output}, but {place} may not be written to; choose another folder, or "
            "change its permissions."
        )


def check_apart(output: Path, images: Iterable[Path]) -> None:
    """Raises if ``output`` is the folder of one of ``images``, or lies among their DICOM files.

    Folders are compared, not names: an image may be a link into another folder.  ``SettingsError``
    for the images' folder, ``FileError`` for the scanner's.
    """
    folders = {folder for image in images for folder in (image.parent, real(image).parent)}
    found = identity(output)
    if found is not None and found in {identity(folder) for folder in folders}:
        raise SettingsError(
            f"Got {output}, where the images lie; a mask would replace its image, and "
            "nothing else is written there: choose another folder."
        )
    for folder in sorted(folders):
        check_outside(output, source_places(folder))


def check_outside(output: Path, places: Sequence[Path]) -> None:
    """``FileError`` if ``output`` lies in one of ``places``, DICOM files and folders of them."""
    for place in places:
        folder = real(place if place.is_dir() else place.parent)
        if real(output) == folder or (place.is_dir() and folder in real(output).parents):
            raise FileError(
                f"Got {output}, which is inside the DICOM folder; that is left as it is: choose a "
                "folder outside."
            )
