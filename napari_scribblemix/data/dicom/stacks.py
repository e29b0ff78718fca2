"""DICOM files to stacks: all images of one orientation, in order along the normal and in time.

Which images belong together is said by where they lie and how they were taken, not by their series:
a short-axis cine is one series or a series for each slice.  Nothing of a person is kept in what is
found; a stack's name says what it shows.  No pixel is read here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from napari_scribblemix.data.dicom import kinds
from napari_scribblemix.data.dicom.contents import Body, Contents, Stack
from napari_scribblemix.data.dicom.files import files_in
from napari_scribblemix.data.dicom.geometry import Placement, place
from napari_scribblemix.data.dicom.headers import Unusable, read_planes
from napari_scribblemix.data.dicom.limits import MOST_STACK_BYTES
from napari_scribblemix.data.dicom.needed import silent
from napari_scribblemix.data.dicom.planes import Plane
from napari_scribblemix.data.dicom.slices import Slice, lined_up, normal, same_phases, slices_of
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import FileError, GeometryError

__all__ = ["Body", "Contents", "Stack", "find_stacks", "no_stack"]

# Degrees: 0.2 is half a mm at the edge of a field of view of 300 mm.
_SAME_WAY = 0.2
_ECHO_SHARE = 0.2


@dataclass
class _Group:
    """A stack on its way."""

    study: int
    slices: list[Slice]
    placement: Placement
    frames: int = 1

    @property
    def look(self) -> kinds.Look:
        planes = [plane for each in self.slices for plane in each.planes]
        first = planes[0]
        return kinds.Look(
            normal(first),
            len(self.slices),
            self.frames,
            first.trigger_ms is not None or first.cycle_ms is not None,
            any(plane.inversion for plane in planes),
            first.part,
            frozenset().union(*(plane.hints for plane in planes)),
        )


class _LeftOut:
    """What is not used, by the reason."""

    def __init__(self) -> None:
        self.files: dict[str, list[Path]] = defaultdict(list)
        self.images: Counter[str] = Counter()

    def lines(self) -> tuple[tuple[str, str], ...]:
        files = [(counted(len(paths), "file"), why) for why, paths in self.files.items()]
        return (*files, *((counted(n, "image"), why) for why, n in self.images.items()))


Step = Callable[[int, int], None]
"""Called with how many files were looked at, and of how many; what it raises ends the search."""


def _read(files: Sequence[Path], left: _LeftOut, step: Step | None) -> list[Plane]:
    """The planes of all files, each image once."""
    planes: dict[bytes, Plane] = {}
    for number, path in enumerate(files):
        if step is not None:
            step(number, len(files))
        try:
            found = read_planes(path)
        except Unusable as reason:
            left.files[str(reason)].append(path)
            continue
        for plane in found:
            if planes.setdefault(plane.uid, plane) is not plane:
                left.images["there twice, as copies; one is used"] += 1
    return list(planes.values())


def _alike(a: Plane, b: Plane) -> bool:
    """Whether two images can be slices of one stack."""
    if (a.study, a.shape, a.part, a.inversion) != (b.study, b.shape, b.part, b.inversion):
        return False
    if not np.allclose(a.pixel, b.pixel, rtol=1e-3):
        return False
    echoes = a.echo_ms or 0.0, b.echo_ms or 0.0
    if abs(echoes[0] - echoes[1]) > _ECHO_SHARE * max(echoes):
        return False
    near = np.cos(np.radians(_SAME_WAY))
    pairs = ((a.along_row, b.along_row), (a.along_column, b.along_column))
    return all(float(np.dot(x, y)) >= near for x, y in pairs)


def _grouped(planes: Iterable[Plane]) -> list[list[Plane]]:
    """The planes by stack, roughly: one orientation, size and way of scanning."""
    bundles: dict[tuple[object, ...], list[Plane]] = defaultdict(list)
    for p in planes:
        exact = (p.study, p.shape, p.part, p.inversion, p.echo_ms, p.pixel)
        bundles[(*exact, p.along_row, p.along_column)].append(p)
    groups: list[list[Plane]] = []
    for bundle in bundles.values():
        group = next((each for each in groups if _alike(each[0], bundle[0])), None)
        if group is None:
            groups.append(bundle)
        else:
            group += bundle
    return groups


def _stacks_in(planes: list[Plane], study: int, left: _LeftOut) -> list[_Group]:
    found = []
    for column in lined_up(planes, max(0.5, min(planes[0].pixel))):
        for slices in filter(None, slices_of(column)):
            count = sum(len(each.planes) for each in slices)
            frames = same_phases(slices)
            size = 4 * frames * len(slices) * slices[0].planes[0].storage.rows
            if size * slices[0].planes[0].storage.columns > MOST_STACK_BYTES:
                left.images["a stack of more than 2 GB, which is not read"] += count
                continue
            try:
                found.append(_Group(study, slices, place(slices), frames))
            except GeometryError as error:
                left.images[str(error).rstrip(".")] += count
    return found


def _triggers(images: Sequence[Sequence[Plane]]) -> tuple[float | None, ...]:
    stated = [[plane.trigger_ms for plane in frame] for frame in images]
    if any(time is None for frame in stated for time in frame) or len(images) < 2:
        return (None,) * len(images)
    return tuple(float(median(time or 0.0 for time in frame)) for frame in stated)


def _heart_rate(images: Sequence[Sequence[Plane]]) -> float | None:
    cycles = [plane.cycle_ms for plane in images[0] if plane.cycle_ms]
    return round(60000.0 / median(cycles), 1) if cycles else None


def _stack(group: _Group, name: str, kind: str, *, is_likely: bool) -> Stack:
    images = tuple(zip(*(each.planes for each in group.slices), strict=True))
    first = images[0][0]
    said = [
        f"Slice {number} of {len(group.slices)}: {note}."
        for number, each in enumerate(group.slices, start=1)
        for note in each.notes
    ]
    if first.storage.inverted:
        said.append("Small numbers are bright in these images; they are turned to the usual.")
    return Stack(
        name,
        group.study,
        kind,
        is_likely,
        group.placement.geometry,
        group.frames,
        group.placement.steps,
        _triggers(images),
        _heart_rate(images),
        (*group.placement.notes, *said),
        group.placement.uneven,
        Body(first.height_m, first.weight_kg),
        images,
    )


def _named(groups: list[_Group]) -> list[Stack]:
    """The stacks of one study with their kinds and names, the likely one first."""
    looks = [group.look for group in groups]
    axis = kinds.short_axis(looks)
    guesses = [kinds.guess(look, axis) for look in looks]
    chosen = kinds.likely(guesses, looks)
    order = sorted(range(len(groups)), key=lambda n: (not chosen[n], *_rank(guesses[n], looks[n])))
    seen: Counter[str] = Counter()
    stacks = []
    for number in order:
        prefix = kinds.PREFIXES[guesses[number]]
        seen[prefix] += 1
        name = prefix if seen[prefix] == 1 else f"{prefix}{seen[prefix]}"
        stacks.append(_stack(groups[number], name, guesses[number], is_likely=chosen[number]))
    return stacks


def _rank(kind: str, look: kinds.Look) -> tuple[int, int, int]:
    return list(kinds.PREFIXES).index(kind), -look.slices, -look.frames


def find_stacks(source: Path | Sequence[Path], step: Step | None = None) -> Contents:
    """The stacks of a folder (with all inside), the disc of a DICOMDIR, or loose files.

    ``FileError`` if the extra is not installed, nothing is there, or far too much is.  A file that
    is damaged or no slice of a scan is left out with the reason, and so are images of the phase of
    the signal (velocities), which show no anatomy.
    """
    left = _LeftOut()
    with silent():
        planes = _read(files_in(source), left, step)
    shown = [plane for plane in planes if plane.part in ("magnitude", "real")]
    if hidden := len(planes) - len(shown):
        left.images["the phase of the signal, which shows no anatomy"] += hidden
    studies: dict[bytes, list[Plane]] = defaultdict(list)
    for plane in shown:
        studies[plane.study].append(plane)
    stacks: list[Stack] = []
    for number, of_study in enumerate(studies.values(), start=1):
        groups = [g for part in _grouped(of_study) for g in _stacks_in(part, number, left)]
        stacks += _named(groups)
    files = {why: tuple(paths) for why, paths in left.files.items()}
    return Contents(tuple(stacks), left.lines(), files)


def no_stack(contents: Contents, source: Path | Sequence[Path]) -> FileError:
    """What to tell where ``contents`` has no stack to use."""
    where = f"Got {source}" if isinstance(source, Path) else "Got files"
    reasons = "; ".join(f"{what}: {why}" for what, why in contents.left_out[:3])
    return FileError(
        f"{where} without a stack of MR slices; expected a study of DICOM files. {reasons}".rstrip()
    )
