"""End-diastole and end-systole from the volume of the left ventricle over the heart cycle.

A cine's frames follow each other round the cycle: the first comes after the last.  Before the
extremes are taken, a frame that lies far off its neighbours is left out of account, and the curve
is smoothed round the cycle, so that one bad mask is no phase.  Basal slices come and go from frame
to frame, so only slices with a cavity throughout tell the time.  What is reported is the volume of
the whole mask.  Where end-systole lies is checked against the cycle and
told, never changed: a person sees the curve and can choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_FRAMES = 8
"""From so many frames on that follow each other they are a cine, which may be smoothed."""

SYSTOLE = (0.2, 0.6)
"""Share of the cycle after end-diastole within which the ventricle is smallest."""


_THROUGHOUT = 0.9
"""Share of the frames in which a slice must hold the cavity to tell the time."""

_OUTLIER = 0.35
"""How far a frame may lie off its neighbours, as a share of what the curve spans."""


@dataclass(frozen=True)
class Extremes:
    """Positions of end-diastole and end-systole in the curve; ``notes`` say what is odd."""

    ed: int
    es: int
    notes: tuple[str, ...] = ()


def is_cine(numbers: Sequence[int], of: int | None = None) -> bool:
    """Whether frames of these numbers, in order, are a whole cine: many, and none left out.

    ``of``: how many frames there are, where that is known.
    """
    whole = of is None or len(numbers) == of
    return whole and len(numbers) >= LEAST_FRAMES and bool((np.diff(numbers) == 1).all())


def steady_slices(per_slice_ml: NDArray[np.floating]) -> NDArray[np.float64]:
    """The curve (frames) of those slices that hold the cavity in nearly every frame.

    ``per_slice_ml`` is (frames, slices); where no slice does, the curve of all.
    """
    throughout = (per_slice_ml > 0).mean(axis=0) > _THROUGHOUT
    if not throughout.any():
        throughout[:] = True
    curve: NDArray[np.float64] = per_slice_ml[:, throughout].sum(axis=1, dtype=np.float64)
    return curve


def smoothed(volumes_ml: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """The curve of a whole cycle: single outliers put between their neighbours, then 1-2-1."""
    curve = np.asarray(volumes_ml, np.float64)
    around = np.median([np.roll(curve, shift) for shift in (-2, -1, 1, 2)], axis=0)
    off = np.abs(curve - around) > _OUTLIER * np.ptp(around)
    # One beside another is no single outlier but how the heart moves.
    off &= ~(np.roll(off, 1) | np.roll(off, -1))
    curve = np.where(off, (np.roll(curve, 1) + np.roll(curve, -1)) / 2.0, curve)
    smooth: NDArray[np.float64] = (np.roll(curve, 1) + 2.0 * curve + np.roll(curve, -1)) / 4.0
    return smooth


def cycle_ms(trigger_ms: Sequence[float]) -> float | None:
    """Length of the cycle that frames at ``trigger_ms`` cover; ``None`` if they are not in order.

    One more step is added to the time between the first and the last.
    """
    steps = np.diff(np.asarray(trigger_ms, np.float64))
    if len(steps) < 1 or not np.isfinite(steps).all() or (steps <= 0).any():
        return None
    return float(trigger_ms[-1] - trigger_ms[0] + np.median(steps))


def find_extremes(
    volumes_ml: Sequence[float] | NDArray[np.floating],
    numbers: Sequence[int],
    trigger_ms: Sequence[float] | None = None,
    of: int | None = None,
) -> Extremes:
    """ED and ES of at least two frames.

    Args:
        volumes_ml: of the left ventricle, a frame each.
        numbers: of the frames, rising; a cine only where none is left out, see ``is_cine``.
        trigger_ms: when in the cycle each frame was taken, where that is known.
        of: how many frames the cine has, where that is known.
    """
    whole = is_cine(numbers, of)
    curve = smoothed(volumes_ml) if whole else np.asarray(volumes_ml, np.float64)
    ed = int(np.argmax(curve))
    # The last of the smallest, so that equal volumes still give two different frames.
    es = len(curve) - 1 - int(np.argmin(curve[::-1]))
    if not whole:
        return Extremes(ed, es, check_frames(len(numbers), of))
    return Extremes(ed, es, check_systole(ed, es, len(curve), trigger_ms))


def check_frames(masks: int, of: int | None) -> tuple[str, ...]:
    """A line if there are masks of some frames of a cine only."""
    if of is None or masks >= of:
        return ()
    line = (
        f"Masks of {masks} of {of} frames: end-diastole and end-systole may be among the others; "
        "segment all frames, or choose ED and ES."
    )
    return (line,)


def check_systole(
    ed: int, es: int, frames: int, trigger_ms: Sequence[float] | None = None
) -> tuple[str, ...]:
    """A line if end-systole lies at no plausible part of the cycle of so many frames."""
    share, how = ((es - ed) % frames) / frames, "frames"
    if trigger_ms is not None and len(trigger_ms) == frames:
        length = cycle_ms(trigger_ms)
        if length is not None:
            share, how = ((trigger_ms[es] - trigger_ms[ed]) % length) / length, "trigger times"
    low, high = SYSTOLE
    if low <= share <= high:
        return ()
    line = (
        f"End-systole lies at {100 * share:.0f} % of the cycle after end-diastole (by {how}); "
        f"expected {100 * low:.0f} to {100 * high:.0f} %: look at the curve and choose ED and ES."
    )
    return (line,)
