"""One image plane of a DICOM file: where it lies, when it was taken, and how its pixels are kept.

Nothing here names a person: UIDs are kept as digests, to tell files apart, and of the words of a
header only those that say what kind of image it is.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Storage:
    """How the pixels of a file are kept.

    ``offset``: where they begin in the file; ``length`` in bytes, ``None`` if compressed.
    """

    syntax: str
    offset: int
    length: int | None
    rows: int
    columns: int
    frames: int
    allocated: int
    stored: int
    high: int
    signed: bool
    inverted: bool = False
    """``MONOCHROME1``: small numbers are bright."""


@dataclass(frozen=True, slots=True)
class Plane:
    """One image: frame number ``frame`` (from 0) of the file at ``path``.

    ``position`` of the centre of the first pixel, and the directions in which columns and rows are
    counted (``along_row``, ``along_column``), in mm towards left, back and head, as DICOM has it.
    ``pixel``: distances between rows and between columns, mm.  ``times``: trigger time in ms,
    temporal position, acquisition time in s, instance number; what is not stated is ``None``.
    ``cycle_ms``: how long the heart cycle lasted.  ``part``: ``magnitude``, ``phase``, ``real``,
    ``imaginary``.  ``hints``: what the header's words say of the kind of image.
    """

    path: Path
    frame: int
    storage: Storage
    position: Vector
    along_row: Vector
    along_column: Vector
    pixel: tuple[float, float]
    thickness: float | None
    times: tuple[float | None, float | None, float | None, float | None]
    cycle_ms: float | None
    part: str
    inversion: bool
    echo_ms: float | None
    hints: frozenset[str]
    slope: float
    intercept: float
    taken: tuple[str, float, float]
    """When, to tell which of two images of one place is the later."""
    study: bytes
    series: bytes
    uid: bytes
    height_m: float | None = None
    weight_kg: float | None = None

    @property
    def trigger_ms(self) -> float | None:
        """The time since the R wave."""
        return self.times[0]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.storage.rows, self.storage.columns


def digest(*words: str) -> bytes:
    """What tells files apart without saying what their UIDs are."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).digest()


_HINTS = {
    "late": r"\blge\b|\bde\b|late|delayed|viab|psir|\bir_?tfl|enhanc",
    "psir": r"psir|phase.?sens",
    "localiser": r"locali[sz]er|scout|survey|\bloc\b",
    "perfusion": r"perf|first.?pass",
    "flow": r"\bflow\b|venc|\bpc\b|velocity|4dflow",
    "mapping": r"\bmap\b|mapping|molli|shmolli|t1.?map|t2.?map|t2.?star|t2\*",
    "tagging": r"\btag",
    "short": r"short.?ax|\bsa\b|\bsax\b|kurzachse|petit.?axe",
    "long": r"long.?ax|\bla\b|\blax\b|[234].?ch\b|[234].?chamber|lvot|rvot|vla|hla",
    "cine": r"\bcine\b|trufi|fiesta|\bbtfe\b|\bssfp\b",
}
_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _HINTS.items()}


def hints_in(*texts: str) -> frozenset[str]:
    """Which kinds of image the words speak of; the words themselves are not kept."""
    # An underscore parts words here, which a regular expression takes for a letter.
    joined = " ".join(texts).replace("_", " ")[:1000]
    return frozenset(name for name, pattern in _COMPILED.items() if pattern.search(joined))


_PARTS = (
    ("imaginary", {"I", "IMAGINARY"}),
    ("real", {"R", "REAL", "PSIR", "R_IR", "R_FFE", "R_SE"}),
    ("phase", {"P", "PHASE", "PHASE MAP", "VELOCITY", "VELOCITY MAP", "PHASE CONTRAST P"}),
)


def part_of(image_type: tuple[str, ...], component: str, hints: frozenset[str]) -> str:
    """Which part of the complex signal an image shows."""
    words = {word.strip().upper() for word in (*image_type[2:], component)}
    found = next((part for part, names in _PARTS if words & names), "magnitude")
    return "real" if found == "phase" and "psir" in hints else found
