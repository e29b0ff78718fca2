"""What is said of the masks of a project: which model made one, who accepted it.

A mask and what is said of it are replaced in one step (``data.described``), so nothing is ever said
of another mask than the one that is there: where two saves got mixed, nothing is said at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_scribblemix.data.described import (
    Description,
    checksum,
    checksum_of,
    description_of,
    read_description,
    replace_described,
)
from napari_scribblemix.errors import FileError, ProjectError

# Where a description names the checksum of the file that it is about.
_MASK, _UNCERTAINTY, _ACCEPTED = "mask_sha256", "uncertainty_sha256", "labels_sha256"
_CHECKSUMS = {_MASK, _UNCERTAINTY, _ACCEPTED}


def _description(path: Path, said: Path, key: str) -> Description | None:
    try:
        return description_of(path, said, key)
    except FileError as error:
        raise ProjectError(str(error)) from error


def _without_checksums(description: Description | None) -> dict[str, Any]:
    return {name: value for name, value in (description or {}).items() if name not in _CHECKSUMS}


def read_origin(mask: Path, said: Path) -> dict[str, Any]:
    """Which model made the ``mask`` that is there; empty where nothing is said of it.

    ``ProjectError`` if ``said`` is damaged.
    """
    return _without_checksums(_description(mask, said, _MASK))


def origin_before(mask: Path, said: Path) -> dict[str, Any]:
    """As ``read_origin``, of a mask about to be replaced: what is damaged is written anew then."""
    try:
        return read_origin(mask, said)
    except ProjectError:
        return {}


def replace_mask(
    mask: Path,
    data: bytes,
    said: Path,
    origin: Mapping[str, Any],
    uncertainty: tuple[Path, bytes] | None,
) -> None:
    """Replace a mask, its origin and, where there is one, its uncertainty, in one step."""
    if uncertainty is None:
        replace_described(mask, data, said, origin, _MASK)
    else:
        named = {**origin, _UNCERTAINTY: checksum(uncertainty[1])}
        replace_described(mask, data, said, named, _MASK, [uncertainty])


def is_of_mask(uncertainty: Path, mask: Path, said: Path) -> bool:
    """Whether an uncertainty was made with the ``mask`` that is there."""
    origin = _description(mask, said, _MASK)
    if origin is None:
        return read_description(said) is None
    # Earlier versions named no checksums.
    return _MASK not in origin or origin.get(_UNCERTAINTY) == checksum_of(uncertainty)


def read_acceptance(accepted: Path, said: Path) -> dict[str, Any]:
    """Who accepted the labels that are there; empty if nobody did.

    ``ProjectError`` if ``said`` is damaged.
    """
    return _without_checksums(_description(accepted, said, _ACCEPTED))


def replace_accepted(accepted: Path, data: bytes, said: Path, review: Mapping[str, Any]) -> None:
    """Replace the accepted labels and who accepted them, in one step."""
    replace_described(accepted, data, said, review, _ACCEPTED)
