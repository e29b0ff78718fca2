"""Working copies that are gone or damaged, made again from the scanner's files.

Whoever works on a folder with copies asks first: a study that was opened weeks ago should not end
in a line about a broken file as long as the files that it came from are there.  A copy that can be
read is left as it is, even if it was changed: that is told where a case is read, and opening the
study again makes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_scribblemix.data.described import as_json
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.errors import FileError, ScribbleMixError
from napari_scribblemix.project.copy_sources import copies_in
from napari_scribblemix.project.copy_state import State, is_told, make_way, state_of
from napari_scribblemix.project.working_copies import (
    FoundStacks,
    described,
    encoded,
    source_stack,
)

Step = Callable[[int, int], None]
"""Called with how many copies were looked at, and of how many; what it raises ends the work."""


def broken_copies(folder: Path) -> list[Path]:
    """The copies in ``folder`` that are gone or damaged, or whose times are; no voxel is read."""
    try:
        names = sorted(copies_in(folder))
    except FileError:  # told by whoever needs the copies' origin
        return []
    paths = [folder / name for name in names if Path(name).name == name]
    return [
        path
        for path in paths
        if state_of(path, None, thorough=False) is not State.WHOLE or not is_told(path)
    ]


def mend_copies(folder: Path, step: Step | None = None) -> tuple[str, ...]:
    """Make ``broken_copies`` again; a line for each, also where that could not be done."""
    lines: list[str] = []
    found: FoundStacks = {}
    broken = broken_copies(folder)
    for done, path in enumerate(broken):
        if step is not None:
            step(done, len(broken))
        try:
            lines.append(_mend(path, found))
        except ScribbleMixError as error:
            lines.append(f"{path.name} in {folder} is gone or damaged. {error}")
    return tuple(lines)


def _mend(path: Path, found: FoundStacks) -> str:
    stack = source_stack(path, found)
    was, said = state_of(path, None, thorough=False), path.with_suffix(".json")
    if not is_told(path):
        # Height and weight are taken only when somebody asks for them.
        atomic_write(said, as_json(described(stack)))
    if was is State.WHOLE:
        return f"The file {said.name} was gone or damaged; it was made again."
    # Uneven slices were accepted when it was made.
    atomic_write(path, encoded(stack, uneven=True))
    return str(make_way(path, was))
