"""What of a folder is not read, and the line that says so and what to do.

The first few of a kind get a line each, the rest one line together: a hundred patients with the
same surplus file need no hundred lines.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from napari_scribblemix.data.pointers import FETCH
from napari_scribblemix.project.names import stem_of, suggested_case

_LINES = 3
_NAMED = 3


class Leftover(Enum):
    """Why something is not read."""

    LABELS = "looks like labels and is not taken as an image"
    NAMED_LABELS = "is called labels of a kind that its name does not tell, and is not read"
    UNNAMED = "is not read, because neither its name nor its folder says what it holds"
    SECOND = "is not read, because its case has labels of that kind in a folder of their own"
    BESIDE = "is not read, because it lies beside the folder of images"
    DANGLING = "is only a link to a file that is not there"
    NO_FILE = "is called a file but is none"
    HALF = "is half of a pair of .img and .hdr, and is not read"
    OTHER_FORMAT = "is no NIfTI file, and is not read"
    FOLDER = "is not read"
    TEST_SET = "is not read: images that a challenge keeps for its test are not trained on"
    SET = "is a set of images of its own, and is not read"


def _todo(why: Leftover, path: Path) -> str:
    case = suggested_case(stem_of(path))
    name_it = f"name it {case}_scribble (strokes) or {case}_gt (a full mask)"
    match why:
        case Leftover.LABELS:
            return (
                f"{name_it}, or put it into a folder scribbles or masks (if it is an image after "
                f"all, name it {case}_image)"
            )
        case Leftover.NAMED_LABELS | Leftover.UNNAMED:
            return f"{name_it}, or put it into a folder scribbles or masks"
        case Leftover.SECOND:
            return "keep one of them"
        case Leftover.BESIDE:
            return "move it into that folder, or into scribbles or masks"
        case Leftover.DANGLING:
            return f"{FETCH}, or remove it"
        case Leftover.NO_FILE:
            return "move the file out of the folder of this name"
        case Leftover.HALF:
            return "copy the other half, or convert the pair to one file (.nii.gz)"
        case Leftover.OTHER_FORMAT:
            return "save it as .nii.gz"
        case Leftover.FOLDER:
            return "name it scribbles or masks if it holds such, or open it by itself"
        case Leftover.TEST_SET | Leftover.SET:
            return "open it by itself"


class Leftovers:
    """Collects what is not read under the folder ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[Leftover, list[Path]] = {}

    def add(self, why: Leftover, path: Path) -> None:
        """``path`` is not read; said once."""
        paths = self._found.setdefault(why, [])
        if path not in paths:
            paths.append(path)

    def of(self, why: Leftover) -> list[Path]:
        """What was left for one reason."""
        return self._found.get(why, [])

    def lines(self, *only: Leftover) -> list[str]:
        """What to tell; of these reasons alone, if some are given."""
        return [
            line
            for why, paths in self._found.items()
            if not only or why in only
            for line in self._about(why, paths)
        ]

    def _about(self, why: Leftover, paths: list[Path]) -> list[str]:
        singly = paths if len(paths) <= _LINES + 1 else paths[:_LINES]
        lines = [f"{self._shown(path)} {why.value}; {_todo(why, path)}." for path in singly]
        if rest := paths[len(singly) :]:
            named = ", ".join(self._shown(path) for path in rest[:_NAMED])
            more = ", ..." if len(rest) > _NAMED else ""
            lines.append(f"The same holds for {len(rest)} more: {named}{more}")
        return lines

    def _shown(self, path: Path) -> str:
        name = path.relative_to(self._root) if path.is_relative_to(self._root) else path
        return f"The folder {name}" if path.is_dir() else str(name)
