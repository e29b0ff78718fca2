"""The page of a patient: one HTML file that loads nothing and runs nothing.

Whatever comes from files or people (names, notes) is escaped, and a policy in the page's head
forbids scripts and anything from a network besides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from napari_scribblemix import __version__
from napari_scribblemix.data.wording import shown
from napari_scribblemix.evaluation.cardiac import frame_of
from napari_scribblemix.evaluation.cycle import is_cine
from napari_scribblemix.evaluation.function import (
    CONVENTIONS,
    PUBLISHED,
    Measure,
)
from napari_scribblemix.evaluation.plausible import LEFT, RIGHT
from napari_scribblemix.evaluation.wall import SEGMENTS
from napari_scribblemix.report.drawings import bulls_eye, curve, heart_box, montage
from napari_scribblemix.report.patient import PatientReport

_MARKS = "¹²³"
RESEARCH = "Research use only; not for diagnosis."

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#111;background:#fff;max-width:1000px;
margin:1.5em auto;padding:0 1em}
h1{font-size:1.5em;margin:0}h2{font-size:1.1em;margin:1.4em 0 .4em}
table{border-collapse:collapse}td,th{padding:.15em .8em .15em 0;text-align:left;
border-bottom:1px solid #ddd}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.research{font-weight:bold}.warn{background:#fff3cd;border-left:4px solid #c90;
padding:.4em .8em;margin:.3em 0}.montage{display:flex;flex-wrap:wrap;gap:6px}
figure{margin:0}figcaption{font-size:.8em;color:#444}svg text{font:12px system-ui,sans-serif}
.side{display:flex;flex-wrap:wrap;gap:2em;align-items:flex-start}.small{font-size:.85em;color:#333}
@media print{body{margin:0;max-width:none}figure,table,svg{break-inside:avoid}}
"""


def _text(words: str) -> str:
    return escape(shown(words))


def _figure(value: float | None, digits: int) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _digits(measure: Measure) -> int:
    return 1 if measure.unit in ("%", "l/min") else 0


def _measure_table(report: PatientReport) -> str:
    surface = report.body.surface
    rows = []
    sources: list[str] = []
    for measure in report.measures:
        published, healthy = PUBLISHED.get(measure.key), ""
        if published is not None:
            if published.source not in sources:
                sources.append(published.source)
            mark = _MARKS[sources.index(published.source)]
            healthy = f"women {published.women}, men {published.men}{mark}"
        unit = f"{measure.unit}/m²" if surface is not None and measure.indexed is not None else ""
        rows.append(
            f"<tr><td>{_text(measure.name)}</td>"
            f'<td class="n">{_figure(measure.value, _digits(measure))}</td>'
            f"<td>{_text(measure.unit)}</td>"
            f'<td class="n">{_figure(measure.indexed, 1) if unit else ""}</td>'
            f"<td>{unit}</td><td>{_text(healthy)}</td></tr>"
        )
    for name, share in report.shares.items():
        rows.append(
            f"<tr><td>{_text(name)}</td>"
            f'<td class="n">{_figure(share, 1)}</td><td>% of myocardium</td>'
            '<td class="n"></td><td></td><td></td></tr>'
        )
    healthy_head = "healthy" if sources else ""
    indexed_head = "" if surface is None else "by body surface"
    head = (
        f'<tr><th></th><th class="n"></th><th></th><th class="n">{indexed_head}</th><th></th>'
        f"<th>{healthy_head}</th></tr>"
    )
    notes = "".join(
        f'<p class="small">{mark} {_text(source)}</p>'
        for mark, source in zip(_MARKS, sources, strict=False)
    )
    return f"<table>{head}{''.join(rows)}</table>{notes}"


def _body(report: PatientReport) -> str:
    body = report.body
    known = [
        (body.height_cm, "height {:.0f} cm"),
        (body.weight_kg, "weight {:.0f} kg"),
        (body.surface, "body surface {:.2f} m² (Mosteller)"),
        (body.heart_rate, "heart rate {:.0f}/min"),
    ]
    parts = [words.format(value) for value, words in known if value is not None]
    if report.rate_from:
        parts[-1] += f" ({report.rate_from})"
    return f"<p>{_text(', '.join(parts))}.</p>" if parts else ""


def _curve(report: PatientReport) -> str:
    """The volumes over the cycle, where there are more than two frames."""
    numbered = [
        (found[1], ml)
        for case, ml in report.volumes.items()
        if (found := frame_of(case)) is not None
    ]
    numbered.sort(key=lambda item: item[0])
    if len(numbered) < 3 or report.phases is None:
        return ""
    numbers = [number for number, _ in numbered]
    trigger = report.times.trigger_ms
    timed = trigger is not None and numbers[-1] < len(trigger) and is_cine(numbers)
    places = [trigger[n] if timed and trigger is not None else float(n) for n in numbers]
    lines = []
    for name in (LEFT, RIGHT):
        index = report.scheme.find(name)
        if index is not None:
            values = [ml[name] for _, ml in numbered]
            lines.append((name, report.scheme.colours[index], values))
    at = dict(zip(numbers, places, strict=True))
    marks = []
    for role, case in (("ED", report.phases.ed), ("ES", report.phases.es)):
        found = frame_of(case)
        if found is not None:
            marks.append((f"{role} ({found[1]})", at[found[1]]))
    drawn = curve(places, "ms after the trigger" if timed else "frame", lines, marks)
    return f"<h2>Volume over the heart cycle</h2>{drawn}"


def _wall(report: PatientReport) -> str:
    wall = report.wall
    if wall is None or wall.septum is None:
        return ""
    rows = "".join(
        f'<tr><td class="n">{number}</td><td>{name}</td><td class="n">{_figure(value, 1)}</td></tr>'
        for number, (name, value) in enumerate(zip(SEGMENTS, wall.thickness, strict=True), 1)
    )
    phase = report.looks[0].role or "this scan"
    return (
        f"<h2>Wall thickness at {_text(phase)}, mm</h2>"
        f'<div class="side">{bulls_eye(wall.thickness)}<table>{rows}</table></div>'
        f'<p class="small">Anterior up, septum on the left, base outside. Anterior insertion of '
        f"the right ventricle at {wall.septum.anterior:.0f}° (0° to the right of the picture, "
        "90° up; the broken line in the slices). Where that is wrong, give the angle: by "
        "--insertion, or in the window before the report of one patient.</p>"
    )


def _montages(report: PatientReport) -> str:
    parts = []
    first = report.looks[0].mask
    alike = [look for look in report.looks if look.mask.array.shape[1:] == first.array.shape[1:]]
    box = heart_box([look.mask.array for look in alike], first.geometry.spacing[1:])
    for look in report.looks:
        own = box if look in alike else heart_box([look.mask.array], look.mask.geometry.spacing[1:])
        role = f"{look.role}: " if look.role else ""
        wall = report.wall if look is report.looks[0] else None
        parts.append(f"<h2>{role}{_text(look.case)}</h2>")
        parts.append(montage(look, report.scheme, own, wall))
    return "".join(parts)


def _lines(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(line)}</li>" for line in lines)
    return f"<h2>{title}</h2><ul>{items}</ul>" if items else ""


def page(report: PatientReport) -> str:
    """The whole HTML of a patient."""
    name = _text(report.patient)
    today = datetime.now(UTC).date().isoformat()
    warnings = "".join(f'<p class="warn">{_text(note)}</p>' for note in report.notes)
    phases = ""
    if report.phases is not None:
        phases = (
            f"<p>End-diastole: {_text(report.phases.ed)}; end-systole: {_text(report.phases.es)}."
            "</p>"
        )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{name}</title><style>{_STYLE}</style></head><body>"
        f'<h1>{name}</h1><p class="research">{RESEARCH}</p>{phases}{_body(report)}{warnings}'
        f"<h2>Measures</h2>{_measure_table(report)}"
        f"{_curve(report)}{_wall(report)}{_montages(report)}"
        f"{_lines('Who made the masks', (*report.makers, *report.qualities))}"
        f"{_lines('Who accepted them', report.reviews)}"
        f"{_lines('How it was measured', CONVENTIONS)}"
        f'<p class="small">napari-scribblemix {__version__}, {today}. {RESEARCH}</p>'
        "</body></html>\n"
    )
