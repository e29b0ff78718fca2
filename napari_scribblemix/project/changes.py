"""Whether a file is the one that was added: fingerprints of images, and what is said of others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from napari_scribblemix.data.file_names import files_of
from napari_scribblemix.errors import FileError, GeometryError
from napari_scribblemix.project.case_files import CaseFiles

CHANGED = (
    "another file than when it was added to the project: strokes and masks were made on the one "
    "before. Put that one back, or look at them again and take the new one by inspect PROJECT "
    "--accept-images."
)
"""The end of the note of a case with changed images."""


def changed_images(files: CaseFiles) -> list[Path]:
    """The images that are other files than when they were added; ``FileError`` if one is gone."""
    pairs = zip(files.images, files.known, strict=False)
    return [image for image, known in pairs if known != hash_now(image)]


def change_notes(files: CaseFiles) -> list[str]:
    """A line if images are other files than when they were added, else nothing."""
    changed = changed_images(files)
    named = f"{', '.join(path.name for path in changed)} is" if files.further else "The image is"
    return [f"{named} {CHANGED}"] if changed else []


@contextmanager
def because_of(changed: Sequence[str]) -> Iterator[None]:
    """Where labels do not fit their image, say first that it was changed (``change_notes``)."""
    try:
        yield
    except GeometryError as error:
        raise GeometryError(" ".join((*changed, str(error)))) from error


def file_hash(path: Path, salt: str = "") -> str:
    """The sha256, in hex, of ``salt`` and the bytes of a file, of both files of a pair.

    ``FileError`` if unreadable.
    """
    digest = hashlib.sha256(salt.encode())
    try:
        for part in files_of(path):
            with part.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        raise FileError(f"{path} could not be read ({error.strerror}); check the path.") from error
    return digest.hexdigest()


def hash_now(image: Path) -> str:
    """``file_hash`` of an image, read again only if its time or size changed since."""
    stamps = []
    for part in files_of(image):
        try:
            state = part.stat()
        except OSError as error:
            raise FileError(
                f"{part} could not be read ({error.strerror}); check the path."
            ) from error
        stamps.append((state.st_mtime_ns, state.st_size))
    return _hash_of(image, tuple(stamps))


# The frames of a cine are one file, and a case is read again with each change of its strokes.
@lru_cache(maxsize=1024)
def _hash_of(image: Path, _stamps: tuple[tuple[int, int], ...]) -> str:
    return file_hash(image)


def case_hash(files: CaseFiles, salt: str) -> str:
    """A salted fingerprint of the case's (first) image: who has the image can recognise it."""
    return file_hash(files.image, salt)
