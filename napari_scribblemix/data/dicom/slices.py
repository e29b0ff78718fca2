"""The planes of one orientation, put in order: along the normal, and in time at each position.

Time is the rank within a position, never the trigger time itself, which differs from slice to slice
with each heart cycle.  What was scanned twice at one position is there once: the later one.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from napari_scribblemix.data.dicom.planes import Plane
from napari_scribblemix.data.wording import counted

SAME_PLACE_MM = 0.1
"""Planes that lie no further apart are at one position."""

# Of the usual distance: a second breath-hold seldom meets the first to the tenth of a mm.
_AGAIN = 0.3
# So many single images at one position, each of a series of its own, are phases.
_PHASES = 6


@dataclass
class Slice:
    """The images at one position, in time; ``place``: its way along the normal in mm."""

    place: float
    planes: list[Plane]
    notes: list[str] = field(default_factory=list)

    @property
    def position(self) -> NDArray[np.float64]:
        """Of the first pixel's centre, mm."""
        return np.array(self.planes[0].position)


def normal(plane: Plane) -> NDArray[np.float64]:
    """Towards where slices are counted: across rows and columns."""
    across: NDArray[np.float64] = np.cross(plane.along_row, plane.along_column)
    return across / np.linalg.norm(across)


def in_time(planes: Iterable[Plane]) -> list[Plane]:
    """The images of one position in the order in which they were taken.

    By the first of trigger time, temporal position, acquisition time and instance number that
    differs from image to image.
    """
    there = list(planes)
    for number in range(len(there[0].times)):
        stated = {plane.times[number] for plane in there}
        if None not in stated and len(stated) == len(there):
            return sorted(there, key=lambda plane: plane.times[number] or 0.0)
    return sorted(there, key=lambda plane: tuple(time or 0.0 for time in plane.times))


def _by_place(planes: Sequence[Plane]) -> list[tuple[float, list[Plane]]]:
    axis = normal(planes[0])
    placed = sorted(
        ((float(np.dot(p.position, axis)), p) for p in planes), key=lambda pair: pair[0]
    )
    groups: list[tuple[float, list[Plane]]] = []
    for place, plane in placed:
        if groups and place - groups[-1][0] <= SAME_PLACE_MM:
            groups[-1][1].append(plane)
        else:
            groups.append((place, [plane]))
    return groups


def acquisitions(planes: Sequence[Plane]) -> list[list[Plane]]:
    """The images of one position by the scan they come from, the earliest scan first.

    A series is a scan, unless each phase has a series of its own; within a series a trigger time
    that comes again begins another scan.
    """
    by_series: dict[bytes, list[Plane]] = defaultdict(list)
    for plane in planes:
        by_series[plane.series].append(plane)
    triggers = {plane.trigger_ms for plane in planes}
    if (
        len(by_series) >= _PHASES
        and all(len(group) == 1 for group in by_series.values())
        and len(triggers) == len(planes)
    ):
        return [in_time(planes)]
    scans = [scan for group in by_series.values() for scan in _scans(group)]
    return sorted(scans, key=lambda scan: (scan[0].taken, scan[0].times[3] or 0.0))


def _scans(planes: list[Plane]) -> list[list[Plane]]:
    """One series at one position: apart where all trigger times come equally often."""
    by_trigger: dict[float | None, list[Plane]] = defaultdict(list)
    for plane in planes:
        by_trigger[plane.trigger_ms].append(plane)
    times = {len(group) for group in by_trigger.values()}
    again = next(iter(times))
    if len(times) > 1 or again == 1 or len(by_trigger) == 1 or None in by_trigger:
        return [in_time(planes)]
    ordered = [
        sorted(group, key=lambda plane: (plane.times[2] or 0.0, plane.times[3] or 0.0))
        for group in by_trigger.values()
    ]
    return [in_time([group[number] for group in ordered]) for number in range(again)]


def slices_of(planes: Sequence[Plane]) -> tuple[list[Slice], list[Slice]]:
    """Slices of several phases, and slices of one: a cine and a still image are two stacks."""
    moving: list[Slice] = []
    still: list[Slice] = []
    for place, there in _by_place(planes):
        scans = acquisitions(there)
        for kind, wanted in ((moving, True), (still, False)):
            of_kind = _whole([scan for scan in scans if (len(scan) > 1) is wanted])
            if of_kind:
                notes = [f"scanned {len(of_kind)} times; the last is used"] * (len(of_kind) > 1)
                kind.append(Slice(place, of_kind[-1], notes))
    return _without_near(moving), _without_near(still)


def _whole(scans: list[list[Plane]]) -> list[list[Plane]]:
    """Without those that were broken off: with less than half the phases of the longest."""
    longest = max(map(len, scans), default=0)
    return [scan for scan in scans if 2 * len(scan) >= longest]


def _without_near(slices: list[Slice]) -> list[Slice]:
    """Of two slices of different series that nearly touch, the later alone."""
    steps = [b.place - a.place for a, b in itertools.pairwise(slices)]
    if len(steps) < 3:
        return slices
    usual, kept = median(steps), slices[:1]
    for after in slices[1:]:
        before = kept[-1]
        apart = after.place - before.place
        series = {before.planes[0].series, after.planes[0].series}
        if apart >= _AGAIN * usual or len(series) == 1:
            kept.append(after)
            continue
        later = max(before, after, key=lambda each: each.planes[0].taken)
        later.notes.append(f"scanned again {apart:.1f} mm away; the last is used")
        kept[-1] = later
    return kept


def lined_up(planes: Sequence[Plane], tolerance: float) -> list[list[Plane]]:
    """The images of one orientation by the columns of pixels that go through them all.

    A field of view that was moved sideways, by more than ``tolerance`` mm, makes another stack.
    """
    first, places = planes[0], np.array([plane.position for plane in planes])
    side = places @ np.stack([first.along_row, first.along_column], axis=1)
    along = places @ normal(first)
    if np.ptp(along) > tolerance:  # slices may lie on a slanted way, all of them
        fit = np.stack([np.polyval(np.polyfit(along, each, 1), along) for each in side.T], axis=1)
        if np.abs(side - fit).max() <= tolerance:
            return [list(planes)]
    groups: list[tuple[NDArray[np.float64], list[Plane]]] = []
    for offset, plane in zip(side, planes, strict=True):
        known = next((g for at, g in groups if np.abs(at - offset).max() <= tolerance), None)
        if known is None:
            groups.append((offset, [plane]))
        else:
            known.append(plane)
    return [group for _, group in groups]


def _fractions(planes: Sequence[Plane]) -> NDArray[np.float64]:
    """When in the heart cycle (0 to 1) each image was taken: by its trigger time, else its rank."""
    count = len(planes)
    triggers = [plane.trigger_ms for plane in planes]
    if count < 3 or None in triggers:
        return np.arange(count) / count
    times = np.array([time or 0.0 for time in triggers])
    step = float(np.median(np.diff(times)))
    if step <= 0:
        return np.arange(count) / count
    fractions: NDArray[np.float64] = (times - times[0]) / (times[-1] - times[0] + step)
    return fractions


def same_phases(slices: list[Slice]) -> int:
    """Bring all slices to the number of phases that most of them have; that number.

    Where a slice has another number, each phase shows its image nearest in the heart cycle; the
    slice's note says so.
    """
    counts = [len(each.planes) for each in slices]
    usual = max(set(counts), key=lambda count: (counts.count(count), count))
    wanted = np.arange(usual) / usual
    for each in slices:
        if len(each.planes) == usual:
            continue
        apart = np.abs(_fractions(each.planes)[None] - wanted[:, None])
        # Rounded, so that of two that are equally near the earlier is taken.
        nearest = np.minimum(apart, 1 - apart).round(6).argmin(axis=1)
        each.notes.append(
            f"{counted(len(each.planes), 'phase')} where most have {usual}; each phase shows the "
            "image nearest in the heart cycle"
        )
        each.planes = [each.planes[index] for index in nearest]
    return usual
