"""Which file names are NIfTI: ``NAME.nii``, ``NAME.nii.gz``, pairs ``NAME.img`` and ``NAME.hdr``.

A pair (also of ``.img.gz`` and ``.hdr.gz``) is one volume in two files: here it goes by the file
that holds the voxels.  Endings count in any case.  No file is opened here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

SUFFIXES = (".nii.gz", ".nii")
"""The endings of files that hold header and voxels; what is written has one of them."""

_VOXELS = (".img.gz", ".img")
_HEADERS = (".hdr.gz", ".hdr")
_ALL = (*SUFFIXES, *_VOXELS, *_HEADERS)


def is_nifti(path: Path) -> bool:
    """Whether the name says NIfTI, single file or one of a pair, and is not a hidden file."""
    return path.name.lower().endswith(_ALL) and not path.name.startswith(".")


def is_pair(path: Path) -> bool:
    """Whether the name is that of one file of a pair."""
    return path.name.lower().endswith((*_VOXELS, *_HEADERS))


def split_name(name: str) -> tuple[str, str]:
    """A file name without its NIfTI ending, and the ending as it is written there (or nothing)."""
    suffix = next((suffix for suffix in _ALL if name.lower().endswith(suffix)), "")
    end = len(name) - len(suffix)
    return name[:end], name[end:]


def written_name(name: str) -> str:
    """The name under which something on the grid of the file ``name`` is written, in one file."""
    stem, suffix = split_name(name)
    return f"{stem}{suffix if suffix.lower() in SUFFIXES else SUFFIXES[0]}"


def _others(path: Path, ending: str) -> list[Path]:
    """The names that the other file of a pair may have: the ending is written like this one's."""
    stem, suffix = split_name(path.name)
    written = ending.upper() if suffix.isupper() else ending
    return [
        path.with_name(stem + each) for each in dict.fromkeys((written, ending, ending.upper()))
    ]


def pair_of(path: Path) -> tuple[Path, Path]:
    """Header and voxels of the pair that ``path`` is one file of, whether or not both are there."""
    zipped = ".gz" if path.name.lower().endswith(".gz") else ""
    is_header = path.name.lower().endswith(_HEADERS)
    candidates = _others(path, (".img" if is_header else ".hdr") + zipped)
    other = next((each for each in candidates if each.is_file()), candidates[0])
    return (path, other) if is_header else (other, path)


def files_of(path: Path) -> tuple[Path, ...]:
    """The files in which the volume at ``path`` lies: one, or header and voxels of a pair."""
    return pair_of(path) if is_pair(path) else (path,)


def volumes_among(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The volumes among NIfTI files, a pair by its voxels alone, and the halves of pairs."""
    there = list(paths)
    whole, halves = [], []
    for path in there:
        if not is_pair(path):
            whole.append(path)
        elif not _complete(path, there):
            halves.append(path)
        elif pair_of(path)[1] == path:
            whole.append(path)
    return whole, halves


def _complete(path: Path, there: Collection[Path]) -> bool:
    return all(part in there or part.is_file() for part in pair_of(path))


def as_volume(path: Path) -> Path:
    """``path``, or the voxels' file where it is the header of a pair whose voxels are there."""
    voxels = files_of(path)[-1]
    return voxels if voxels.is_file() else path
