"""What a stack is likely to show, by its angle, its size and time, and the words of its header.

A guess for a person to look at.  The short axis is the cine with the most parallel slices that lies
oblique in the body; the others are named by their angle to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORT_CINE = "short-axis cine"
LONG_CINE = "long-axis cine"
CINE = "cine"
LATE = "LGE"
LATE_PHASE = "LGE, phase sensitive"
LATE_LONG = "LGE, long axis"
LOCALISER = "localiser"
UNKNOWN = "unknown"

PREFIXES = {
    SHORT_CINE: "sax",
    LONG_CINE: "lax",
    CINE: "cine",
    LATE: "late",
    LATE_PHASE: "psir",
    LATE_LONG: "latelong",
    LOCALISER: "loc",
    "perfusion": "perf",
    "flow": "flow",
    "mapping": "map",
    "tagging": "tag",
    UNKNOWN: "stack",
}
"""What the name of a stack begins with."""

OTHER_VIEWS = frozenset(PREFIXES) - {SHORT_CINE, CINE, LATE, LATE_PHASE, UNKNOWN}
"""Kinds that show no short axis, or no anatomy as the models know it."""

# Degrees.
_PARALLEL = 25.0
_ACROSS = 45.0
_STRAIGHT = 12.0
# From the base to the apex of the heart, towards left, back and head: to the left, front and feet.
_TO_APEX = np.array([0.65, -0.6, -0.45])
_HEART_LIKE = 35.0
_FEW_SLICES = 5


@dataclass(frozen=True)
class Look:
    """What a guess is made from: ``normal`` (3) of length 1, and the words' hints.

    ``timed``: whether the header speaks of a heart's beat.
    """

    normal: NDArray[np.float64]
    slices: int
    frames: int
    timed: bool
    inversion: bool
    part: str
    hints: frozenset[str]


def angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Between two directions, whichever way they point: 0 to 90 degrees."""
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(min(1.0, abs(float(a @ b)) / size))))


def _straight(normal: NDArray[np.float64]) -> bool:
    """Whether the slices lie along the body, as those of a localiser do."""
    return min(angle(normal, axis) for axis in np.eye(3)) < _STRAIGHT


def _named(look: Look) -> str | None:
    """What the words say, where that is no anatomy."""
    return next((k for k in ("perfusion", "flow", "mapping", "tagging") if k in look.hints), None)


def _is_cine(look: Look) -> bool:
    """Several frames of a heart: of a beat, or oblique in the body, as no other organ is cut."""
    if look.frames < 2 or _named(look) is not None:
        return False
    return look.timed or not _straight(look.normal) or bool(look.hints & {"cine", "short", "long"})


def short_axis(looks: Sequence[Look]) -> NDArray[np.float64] | None:
    """The normal of the short axis among the stacks of one study; ``None`` if nothing says it."""
    cines = [look for look in looks if _is_cine(look) and "long" not in look.hints]
    stacks = [look for look in cines if look.slices > 2]
    oblique = [look for look in stacks if not _straight(look.normal)]
    late = [
        k for k in looks if k.frames == 1 and k.slices > 2 and (k.inversion or "late" in k.hints)
    ]
    for among in (oblique, stacks, late):
        if among:
            return max(among, key=lambda look: (look.slices, look.frames)).normal
    single = [
        look
        for look in cines
        if "short" in look.hints or angle(look.normal, _TO_APEX) < _HEART_LIKE
    ]
    return max(single, key=lambda look: (look.slices, look.frames)).normal if single else None


def _of_cine(look: Look, axis: NDArray[np.float64] | None) -> str:
    if axis is None:
        return LONG_CINE if "long" in look.hints else CINE
    apart = angle(look.normal, axis)
    if apart < _PARALLEL and "long" not in look.hints:
        return SHORT_CINE
    return LONG_CINE if apart > _ACROSS or "long" in look.hints else CINE


def guess(look: Look, axis: NDArray[np.float64] | None) -> str:
    """The kind of one stack, where ``axis`` is the normal of the study's short axis."""
    if (named := _named(look)) is not None:
        return named
    if look.frames > 1:
        return _of_cine(look, axis) if _is_cine(look) else UNKNOWN
    if "localiser" in look.hints:
        return LOCALISER
    if look.inversion or "late" in look.hints:
        if axis is not None and angle(look.normal, axis) > _ACROSS:
            return LATE_LONG
        return LATE_PHASE if look.part == "real" else LATE
    if look.slices <= _FEW_SLICES and _straight(look.normal):
        return LOCALISER
    return UNKNOWN


def likely(kinds: Sequence[str], looks: Sequence[Look]) -> list[bool]:
    """Which stacks of one study are meant, most likely: the largest short-axis cine, else LGE."""
    for wanted in (SHORT_CINE, LATE, LATE_PHASE):
        of_kind = [number for number, kind in enumerate(kinds) if kind == wanted]
        if of_kind:
            best = max(of_kind, key=lambda number: (looks[number].slices, looks[number].frames))
            return [number == best for number in range(len(kinds))]
    return [len(kinds) == 1] * len(kinds)
