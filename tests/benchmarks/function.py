"""How far volumes, ejection fraction and mass of masks are off: Bland and Altman's figures.

    napari-scribblemix segment starter DATA/acdc/val/images --output MASKS
    python tests/benchmarks/function.py MASKS DATA/acdc/val/masks [--figure FILE.png]

For each patient with two phases or more in both folders: figures of predicted minus true masks,
with the phases that each side's own volumes tell.  Prints the bias (mean difference) and the limits
of agreement (bias ± 1.96 standard deviations), and how many of the phases are the same.  The figure
holds statistics only, a dot a patient.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from napari_scribblemix.report.patient import PatientReport, Wishes, measure_patient
from napari_scribblemix.report.sources import find_sources

MEASURES = {
    "lv_edv_ml": "LV EDV, ml",
    "lv_esv_ml": "LV ESV, ml",
    "lv_ef": "LV EF, points",
    "mass_g": "mass, g",
    "rv_edv_ml": "RV EDV, ml",
    "rv_esv_ml": "RV ESV, ml",
    "rv_ef": "RV EF, points",
}
SHOWN = ("lv_edv_ml", "lv_esv_ml", "lv_ef", "mass_g")
WIDTH, HEIGHT, EDGE = 460, 300, 58


def measured(masks: Path) -> dict[str, PatientReport]:
    """The reports of the patients that have both phases."""
    sources = find_sources(masks)
    reports = {
        patient: measure_patient(patient, frames, sources.scheme, Wishes()).without_pictures()
        for patient, frames in sources.patients.items()
    }
    return {patient: report for patient, report in reports.items() if report.phases is not None}


def values(report: PatientReport) -> dict[str, float]:
    return {measure.key: measure.value for measure in report.measures}


def limits(differences: np.ndarray) -> tuple[float, float, float]:
    """Bias and both limits of agreement."""
    bias, spread = float(differences.mean()), 1.96 * float(differences.std(ddof=1))
    return bias, bias - spread, bias + spread


def panel(draw: ImageDraw.ImageDraw, at: tuple[int, int], name: str, both: np.ndarray) -> None:
    """One plot: the mean of both against their difference."""
    font = ImageFont.load_default(13)
    means, differences = both.mean(axis=1), both[:, 0] - both[:, 1]
    bias, low, high = limits(differences)
    reach = 1.25 * max(abs(low), abs(high), np.abs(differences).max())
    left, right = means.min(), means.max()
    margin = 0.05 * (right - left)

    def x(value: float) -> float:
        share = (value - left + margin) / (right - left + 2 * margin)
        return at[0] + EDGE + share * (WIDTH - EDGE - 20)

    def y(value: float) -> float:
        return at[1] + 30 + (reach - value) / (2 * reach) * (HEIGHT - 80)

    draw.text((at[0] + EDGE, at[1] + 6), name, "black", font)
    draw.rectangle((x(left - margin), y(reach), x(right + margin), y(-reach)), outline="#888888")
    draw.line((x(left - margin), y(0), x(right + margin), y(0)), "#cccccc")
    for value, colour in ((bias, "#d55e00"), (low, "#0072b2"), (high, "#0072b2")):
        draw.line((x(left - margin), y(value), x(right + margin), y(value)), colour, 2)
        draw.text((at[0] + 4, y(value) - 8), f"{value:+.1f}", colour, font)
    for mean, difference in zip(means, differences, strict=True):
        px, py = x(mean), y(difference)
        draw.ellipse((px - 4, py - 4, px + 4, py + 4), fill="black")
    for value in (left, right):
        draw.text((x(value) - 12, y(-reach) + 4), f"{value:.0f}", "black", font)
    draw.text((at[0] + WIDTH / 2, y(-reach) + 20), "mean of both", "black", font, anchor="ma")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("predicted", type=Path)
    parser.add_argument("true", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    found, true = measured(options.predicted), measured(options.true)
    patients = sorted(found.keys() & true.keys())
    alike = sum(
        (found[p].phases.ed == true[p].phases.ed) + (found[p].phases.es == true[p].phases.es)
        for p in patients
        if found[p].phases and true[p].phases
    )
    print(f"{len(patients)} patients; {alike} of {2 * len(patients)} phases are the same frames")
    print(f"{'predicted minus true':20} {'true mean':>10} {'bias':>8} {'limits of agreement':>22}")
    rows: Mapping[str, np.ndarray] = {
        key: np.array([[values(found[p])[key], values(true[p])[key]] for p in patients])
        for key in MEASURES
    }
    for key, both in rows.items():
        bias, low, high = limits(both[:, 0] - both[:, 1])
        mean = both[:, 1].mean()
        print(f"{MEASURES[key]:20} {mean:10.1f} {bias:+8.1f} {low:+11.1f} to {high:+.1f}")
    if options.figure is not None:
        picture = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), "white")
        draw = ImageDraw.Draw(picture)
        for number, key in enumerate(SHOWN):
            place = (number % 2 * WIDTH, number // 2 * HEIGHT)
            panel(draw, place, f"{MEASURES[key]}: starter minus expert", rows[key])
        picture.save(options.figure, optimize=True)


if __name__ == "__main__":
    main()
