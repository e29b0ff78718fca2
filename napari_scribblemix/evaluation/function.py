"""What a patient's two phases give: volumes, ejection fraction, mass, also by body surface.

Volumes are sums over slices of area times the distance from slice to slice (so gaps are counted),
without an extra rule for the base: a slice counts as far as its mask does.  Papillary muscles and
trabeculae belong to the cavity, as in the masks that the models learnt from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from napari_scribblemix.evaluation.cardiac import ejection_fraction, myocardial_mass
from napari_scribblemix.evaluation.plausible import LEFT, RIGHT

CONVENTIONS = (
    "Volumes are sums over slices of area times the distance from slice to slice, gaps included.",
    "Papillary muscles and trabeculae are counted to the cavity, not to the mass.",
    "The base is not cut by a valve plane: a basal slice counts as far as its mask does.",
    "Mass is the volume of the wall (with scar and oedema) at end-diastole times 1.05 g/ml.",
    "Body surface area by Mosteller (1987): the root of height in cm times weight in kg over 3600.",
    "Wall thickness is that of slices with a closed ring of wall, in thirds from the base.",
    "Segments are those of the American Heart Association (Cerqueira 2002); segment 17 has none.",
)
"""How it was measured, one sentence each."""


@dataclass(frozen=True)
class Body:
    """What is known of a patient: cm, kg, beats a minute; ``None`` where it is not."""

    height_cm: float | None = None
    weight_kg: float | None = None
    heart_rate: float | None = None

    @property
    def surface(self) -> float | None:
        """Body surface area in square metres (Mosteller)."""
        if self.height_cm is None or self.weight_kg is None:
            return None
        return math.sqrt(self.height_cm * self.weight_kg / 3600.0)


@dataclass(frozen=True)
class Measure:
    """A figure: ``key`` as the table of a cohort names it, ``indexed`` by square metre."""

    key: str
    name: str
    value: float
    unit: str
    indexed: float | None = None


def measures(
    ed_ml: Mapping[str, float] | None,
    es_ml: Mapping[str, float] | None,
    wall_ml: float | None,
    body: Body,
    *,
    comparable: bool = True,
) -> list[Measure]:
    """All figures that two phases give, in the order of a report.

    Args:
        ed_ml: volumes by structure at end-diastole, ``None`` without that phase.
        es_ml: the same at end-systole.
        wall_ml: of the whole wall at end-diastole.
        body: for indexing, and for the cardiac output.
        comparable: false where two models made the masks, so that no difference means anything.
    """
    found: list[Measure] = []

    def add(key: str, name: str, value: float, unit: str, *, by_surface: bool = True) -> None:
        surface = body.surface if by_surface else None
        indexed = None if surface is None else value / surface
        found.append(Measure(key, name, value, unit, indexed))

    for prefix, name in (("lv", LEFT), ("rv", RIGHT)):
        ed, es = (
            None if ml is None or name not in ml else _there(ml[name]) for ml in (ed_ml, es_ml)
        )
        if ed is not None:
            add(f"{prefix}_edv_ml", f"{name}, end-diastolic volume", ed, "ml")
        if es is not None:
            add(f"{prefix}_esv_ml", f"{name}, end-systolic volume", es, "ml")
        if ed is not None and es is not None and comparable:
            add(f"{prefix}_sv_ml", f"{name}, stroke volume", ed - es, "ml")
            fraction = ejection_fraction(ed, es)
            add(f"{prefix}_ef", f"{name}, ejection fraction", fraction, "%", by_surface=False)
            if body.heart_rate is not None and prefix == "lv":
                output = (ed - es) * body.heart_rate / 1000.0
                add("cardiac_output_l_min", "cardiac output", output, "l/min")
    if wall_ml is not None:
        add("mass_g", "myocardial mass", myocardial_mass(_there(wall_ml)), "g")
    return found


def _there(ml: float) -> float:
    """A volume; NaN for a structure that the mask lacks, which is none of 0 ml."""
    return ml if ml > 0 else math.nan


PETERSEN = (
    "Mean and standard deviation of 804 healthy adults of 45 to 74 years, 1.5 T: S. E. Petersen "
    "et al., J Cardiovasc Magn Reson 19:18 (2017), UK Biobank, papillary muscles in the cavity."
)
"""A source of ``PUBLISHED``, by the figures of its abstract."""

HUDSMITH = (
    "Mean and standard deviation of 108 healthy adults of 21 to 68 years, 1.5 T: L. E. Hudsmith "
    "et al., J Cardiovasc Magn Reson 7:775-782 (2005), papillary muscles in the wall: by that "
    "convention the left cavity is smaller than as it is measured here."
)
"""A source of ``PUBLISHED``, by the figures of its abstract.

Ages and papillary muscles as N. Kawel-Boehm et al., J Cardiovasc Magn Reson 22:87 (2020), table 1,
have them.
"""


@dataclass(frozen=True)
class Published:
    """A published mean and standard deviation of women and men for a measure, and the source."""

    women: str
    men: str
    source: str


PUBLISHED = {
    "lv_edv_ml": Published("135 ± 26 ml", "160 ± 29 ml", HUDSMITH),
    "lv_esv_ml": Published("42 ± 12 ml", "50 ± 16 ml", HUDSMITH),
    "lv_ef": Published("61 ± 5 %", "58 ± 5 %", PETERSEN),
    "rv_edv_ml": Published("148 ± 35 ml", "190 ± 33 ml", HUDSMITH),
    "rv_esv_ml": Published("56 ± 18 ml", "78 ± 20 ml", HUDSMITH),
    "mass_g": Published("42 ± 7 g/m²", "53 ± 9 g/m²", PETERSEN),
}
"""By key of a measure."""


def share_of_wall(volumes: Mapping[str, float], name: str) -> float | None:
    """Percent of the wall that is ``name`` (scar or oedema); ``None`` if it is not known at all."""
    parts = {key.casefold(): ml for key, ml in volumes.items()}
    if name not in parts:
        return None
    wall = sum(parts.get(part, 0.0) for part in ("myocardium", "oedema", "scar"))
    return 100.0 * parts[name] / wall if wall > 0 else None
