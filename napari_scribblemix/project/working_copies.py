"""Working copies of DICOM stacks: NIfTI files that say nothing of a person.

    study01_sax.nii     the voxels, 3-D or 4-D (uncompressed: a frame is read at once)
    study01_sax.json    what the stack is: kind, times, positions, notes
    sources.json        where the DICOM files lie; it alone may hold a name, in a path

Names are the user's or numbers, never those of a folder, which may be a patient's.  A copy is
written once.  It is used again as long as the files of its stack are the same; if they changed, a
copy with another number is made and the old one stays, because strokes and masks may lie on it.
One that is gone, damaged or was changed is made again, see ``mended_copies``.
The DICOM files stay where they are and are never written to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_scribblemix import __version__
from napari_scribblemix.data.described import Description, as_json, checksum
from napari_scribblemix.data.dicom.contents import Contents, Stack, positions
from napari_scribblemix.data.dicom.kinds import OTHER_VIEWS
from napari_scribblemix.data.dicom.reading import check_even, read_cine
from napari_scribblemix.data.dicom.stacks import find_stacks, no_stack
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.nifti_cine import encode_cine
from napari_scribblemix.data.wording import check_name
from napari_scribblemix.errors import FileError, SettingsError
from napari_scribblemix.project.apart import check_outside
from napari_scribblemix.project.copy_sources import (
    SOURCES,
    KnownCopies,
    Source,
    copies_in,
    places_of,
)
from napari_scribblemix.project.copy_state import State, is_told, make_way, state_of

FoundStacks = dict[tuple[Path, ...], tuple[Stack, ...]]
"""The stacks that were found in places."""


@dataclass(frozen=True, eq=False)
class WorkingCopy:
    """A stack as a NIfTI file; ``reused`` if it was there already, from the same files.

    ``note``: why it was made again, if it was.
    """

    path: Path
    stack: Stack
    reused: bool
    note: str | None = None

    @property
    def id(self) -> str:
        """The name of the case: that of the study, and what the stack is."""
        return self.path.stem


def unpack(
    source: Source,
    into: Path,
    stacks: Iterable[Stack] | None = None,
    *,
    name: str | None = None,
    uneven: bool = False,
    body: bool = False,
) -> list[WorkingCopy]:
    """A working copy in the folder ``into`` for each of ``stacks``, or for the likely ones.

    ``name`` of the study (``name01`` and on for several), else ``study01``.  ``uneven`` takes
    slices that are not evenly spaced as if they were.  ``body`` also writes height and weight.

    Raises:
        FileError: no stack, a file that cannot be read or written, or another's copy of that name.
        GeometryError: slices that are not evenly spaced.
        SettingsError: a name that cannot be part of a file's.
    """
    chosen = list(_likely(source) if stacks is None else stacks)
    try:
        checked = None if name is None else check_name(name)
    except ValueError as error:
        raise SettingsError(f"Got a name for a study: {error}.") from error
    check_outside(into, [source] if isinstance(source, Path) else source)
    for stack in chosen:  # before any is written
        check_even(stack, uneven=uneven)
    known = KnownCopies(into)
    numbers = sorted({stack.study for stack in chosen})
    copies: list[WorkingCopy] = []
    for number in numbers:
        of_study = [stack for stack in chosen if stack.study == number]
        prints = {stack.name: fingerprint(stack) for stack in of_study}
        called = checked if checked is None or len(numbers) == 1 else f"{checked}{number:02d}"
        study = known.study(prints, called)
        for stack in of_study:
            path, whose = into / f"{study}_{stack.name}.nii", (source, prints[stack.name])
            copies.append(_copy(path, stack, known, whose, uneven=uneven, body=body))
    return copies


def _copy(
    path: Path,
    stack: Stack,
    known: KnownCopies,
    whose: tuple[Source, str],
    *,
    uneven: bool,
    body: bool,
) -> WorkingCopy:
    """The copy of ``stack`` at ``path``, as it is if it is whole; ``whose``: source and print."""
    source, its_print = whose
    sha256 = known.sha256(path)
    was = state_of(path, sha256) if known.is_of(path, its_print) else None
    data = None if was is State.WHOLE else encoded(stack, uneven=uneven)
    note = make_way(path, was)
    # Written down first: a copy of nobody would be left by whoever is killed here.
    known.add(path, stack, source, its_print, sha256 if data is None else checksum(data))
    if was is None or body or not is_told(path):
        atomic_write(path.with_suffix(".json"), as_json(described(stack, body=body)))
    if data is not None:
        atomic_write(path, data)
    return WorkingCopy(path, stack, data is None, note)


def _likely(source: Source) -> tuple[Stack, ...]:
    contents = find_stacks(source)
    if not contents.likely:
        raise none_likely(contents, source)
    return contents.likely


def none_likely(contents: Contents, source: Source) -> FileError:
    """What to tell where no stack is ticked."""
    if not contents.stacks:
        return no_stack(contents, source)
    names = ", ".join(f"{stack.name} ({stack.kind})" for stack in contents.stacks[:6])
    return FileError(
        f"Got {len(contents.stacks)} stacks of DICOM, of which none looks like a short axis "
        f"({names}); choose with --stack."
    )


def fingerprint(stack: Stack) -> str:
    """A checksum of the names, sizes and times of a stack's files: another if one changes."""
    said = hashlib.sha256()
    for path in sorted({plane.path for frame in stack.images for plane in frame}):
        found = path.stat()
        said.update(
            f"{path.name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode("utf-8", "replace")
        )
    said.update(repr((stack.frames, stack.geometry.affine.tolist())).encode())
    return said.hexdigest()


def described(stack: Stack, *, body: bool = False) -> Description:
    """What the sidecar says of a stack: no name, date, number or UID of a person or a scan."""
    said: Description = {
        "format": 1,
        "written_by": f"napari-scribblemix {__version__}",
        "kind": stack.kind,
        "short_axis": stack.kind not in OTHER_VIEWS,
        "frames": stack.frames,
        "trigger_ms": None if None in stack.trigger_ms else list(stack.trigger_ms),
        "heart_rate": stack.heart_rate,
        "spacing_mm": list(stack.geometry.spacing),
        "slice_positions_mm": [round(float(place), 3) for place in positions(stack)],
        "notes": [*stack.notes, *([stack.uneven] if stack.uneven else [])],
    }
    if body:
        height = stack.body.height_m
        said["height_cm"] = None if height is None else round(100 * height, 1)
        said["weight_kg"] = stack.body.weight_kg
    return said


def frame_ms(stack: Stack) -> float | None:
    """Time from frame to frame, or ``None`` where the headers do not say it."""
    times = [time for time in stack.trigger_ms if time is not None]
    if len(times) > 1:
        return float(np.median(np.diff(times)))
    return None if stack.heart_rate is None else 60000.0 / stack.heart_rate / stack.frames


def encoded(stack: Stack, *, uneven: bool) -> bytes:
    """The bytes of a stack's copy, always the same; raises as ``read_cine``."""
    return encode_cine(read_cine(stack, uneven=uneven), stack.geometry, frame_ms(stack))


def source_stack(copy: Path, found: FoundStacks | None = None) -> Stack:
    """The stack that the working copy at ``copy`` was made of, found again in its DICOM files.

    ``found`` keeps what was found where, for the next copy.  ``FileError`` if ``copy`` is none, or
    its files are gone or changed since.
    """
    entry = copies_in(copy.parent).get(copy.name)
    if not isinstance(entry, dict) or not isinstance(entry.get("source"), list):
        raise FileError(
            f"{copy.name} is no working copy of DICOM files, or its {SOURCES} is missing; import "
            "the study again."
        )
    places = places_of(entry, copy.parent)
    if not all(place.exists() for place in places):
        # Without the path, which nobody typed and which may hold the patient's name.
        raise FileError(
            f"The DICOM files of {copy.name} are not where they were when it was made; put them "
            "back, or import the study again from where they are now."
        )
    known, key = {} if found is None else found, tuple(places)
    if key not in known:
        known[key] = find_stacks(places[0] if len(places) == 1 else places).stacks
    for stack in known[key]:
        if fingerprint(stack) == entry.get("fingerprint"):
            return stack
    raise FileError(
        f"The DICOM files of {copy.name} are not what they were when it was made; import the study "
        "again."
    )
