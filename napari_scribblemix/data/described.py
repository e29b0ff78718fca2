"""A file and what is said of it in a JSON file beside it, changed in one step.

Weights have their card, a mask tells which model made it, accepted labels tell who accepted them.
Two files cannot be renamed at once, and a crash between them would leave words about another file.
So each description names the checksum of its file, and there are three steps:

1. the new description is written, and inside it the one before;
2. the file is replaced: this is the switch;
3. the description is written once more, without the one before.

Whoever reads takes the description whose checksum is the file's.  After the third step, and before
the first, there is nothing to choose, and both files are as anybody would expect them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.errors import FileError

BEFORE = "before"
"""Where the description before stands in the new one, until the file is replaced."""

Description = dict[str, Any]


def checksum(data: bytes) -> str:
    """The sha256 of the bytes of a file, in hex."""
    return hashlib.sha256(data).hexdigest()


def read_description(path: Path) -> Description | None:
    """The object in a JSON file, ``None`` where there is no file.

    ``FileError`` if it cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(f"{path} could not be read ({error}); restore or remove it.") from error
    if not isinstance(content, dict):
        raise FileError(
            f"{path} holds a {type(content).__name__}, expected an object; restore or remove it."
        )
    return content


def is_unfinished(content: Description) -> bool:
    """Whether a description was written and its file perhaps not replaced any more."""
    return isinstance(content.get(BEFORE), dict)


def without_before(content: Description) -> Description:
    """The new description of an unfinished one."""
    return {name: value for name, value in content.items() if name != BEFORE}


def fitting(content: Description, sha256: str | None, key: str) -> Description | None:
    """The part of a description that is about the file of that checksum; ``None`` if none is.

    One that names no checksum, as written by earlier versions, is about whatever file is there.
    ``key`` is where the checksum stands.
    """
    for description in (without_before(content), content.get(BEFORE)):
        if isinstance(description, dict) and description.get(key) in (None, sha256):
            return description
    return None


def checksum_of(path: Path) -> str | None:
    """The sha256 of the file at ``path``, in hex, ``None`` where there is none.

    ``FileError`` if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path} could not be read ({error.strerror}).") from error


def description_of(path: Path, said: Path, key: str) -> Description | None:
    """What the file ``said`` says of the file at ``path``; ``None`` if nothing.

    ``FileError`` as ``read_description``, and if ``path`` cannot be read.
    """
    content = read_description(said)
    return None if content is None else fitting(content, checksum_of(path), key)


def as_json(content: Mapping[str, Any]) -> bytes:
    """As a file for people to read."""
    return (json.dumps(content, indent=2) + "\n").encode()


def _before(path: Path, said: Path, key: str) -> Description | None:
    """What is said of the file that is about to be replaced, with its checksum."""
    there = checksum_of(path)
    if there is None:
        return None
    try:
        content = read_description(said)
    except FileError:
        return None  # damaged, and written anew now
    known = None if content is None else fitting(content, there, key)
    return None if known is None else {**known, key: there}


def replace_described(
    path: Path,
    data: bytes,
    said: Path,
    description: Mapping[str, Any],
    key: str,
    further: Iterable[tuple[Path, bytes]] = (),
) -> None:
    """Replace the file at ``path`` and what ``said`` says of it, durably and in one step.

    ``key`` is where the checksum of ``data`` goes in the description.  ``further`` files are
    written before the switch; which of them belongs to it is for the description to say.
    ``FileError`` if the disk refuses.
    """
    new, before = {**description, key: checksum(data)}, _before(path, said, key)
    atomic_write(said, as_json(new if before is None else {**new, BEFORE: before}))
    for other, its_data in further:
        atomic_write(other, its_data)
    atomic_write(path, data)
    if before is not None:
        atomic_write(said, as_json(new))
