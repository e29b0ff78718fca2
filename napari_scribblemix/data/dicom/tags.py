"""Values of a DICOM header, as numbers and words, or ``None`` where they are not what they should.

A header may lack any value or have a word in place of a number.  What is needed is asked for in
``headers``, which says what is missing; here nothing is raised.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from napari_scribblemix.data.dicom.needed import damaged
from napari_scribblemix.data.dicom.planes import Vector

if TYPE_CHECKING:
    from pydicom import Dataset

# A unit vector is written with six digits or so.
_UNIT = 0.01


def value(data: Dataset | None, keyword: str) -> Any:
    """The value as pydicom has it; ``None`` if it is missing, empty or damaged."""
    if data is None:
        return None
    try:
        found = data.get(keyword)
    except damaged():
        return None
    return None if found == "" else found


def number(data: Dataset | None, keyword: str) -> float | None:
    """One finite number, the first of several."""
    numbers_found = numbers(data, keyword)
    return numbers_found[0] if numbers_found else None


def numbers(data: Dataset | None, keyword: str) -> tuple[float, ...]:
    """Finite numbers; none at all if one of them is not."""
    found = value(data, keyword)
    if found is None:
        return ()
    several = (
        found if isinstance(found, Iterable) and not isinstance(found, str | bytes) else [found]
    )
    try:
        result = tuple(float(each) for each in several)
    except damaged():
        return ()
    return result if all(map(math.isfinite, result)) else ()


def whole(data: Dataset | None, keyword: str) -> int | None:
    """One whole number."""
    found = number(data, keyword)
    return int(found) if found is not None and abs(found) < 2**31 else None


def word(data: Dataset | None, keyword: str) -> str:
    """The value in one line of text, empty if there is none."""
    found = value(data, keyword)
    return "" if found is None else str(found).strip()


def words(data: Dataset | None, keyword: str) -> tuple[str, ...]:
    """Several words, as those of ``ImageType``."""
    found = value(data, keyword)
    if found is None:
        return ()
    several = [found] if isinstance(found, str | bytes) else found
    return tuple(str(each) for each in several) if isinstance(several, Iterable) else ()


def item(data: Dataset | None, keyword: str) -> Dataset | None:
    """The first item of a sequence."""
    found = value(data, keyword)
    try:
        return found[0] if found else None
    except damaged():
        return None


def vector(found: tuple[float, ...]) -> Vector | None:
    """Three numbers as a place."""
    return (found[0], found[1], found[2]) if len(found) == 3 else None


def directions(found: tuple[float, ...]) -> tuple[Vector, Vector] | None:
    """Two unit vectors at right angles, from the six numbers of ``ImageOrientationPatient``."""
    if len(found) != 6:
        return None
    first, second = found[:3], found[3:]
    lengths = math.hypot(*first), math.hypot(*second)
    if any(abs(length - 1) > _UNIT for length in lengths):
        return None
    if abs(sum(a * b for a, b in zip(first, second, strict=True))) > _UNIT:
        return None
    a, b = (
        [each / size for each in unit] for unit, size in zip((first, second), lengths, strict=True)
    )
    return (a[0], a[1], a[2]), (b[0], b[1], b[2])


def seconds(text: str) -> float | None:
    """A DICOM time (``HHMMSS.ffffff``, also after a date) in seconds of the day."""
    digits = text.split("+")[0].split("-")[0].replace(":", "").strip()
    if len(digits.split(".")[0]) >= 14:
        digits = digits[8:]
    try:
        return int(digits[:2]) * 3600.0 + int(digits[2:4] or 0) * 60.0 + float(digits[4:] or 0)
    except ValueError:
        return None
