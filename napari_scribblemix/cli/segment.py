"""``segment``: cases to masks of the same names; one bad case does not stop the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import track

from napari_scribblemix.cli.console import (
    messages,
    print_error,
    print_summary,
    print_warning,
    results,
)
from napari_scribblemix.cli.dicom import Choice, with_copies
from napari_scribblemix.data.dicom.files import is_study
from napari_scribblemix.data.interrupts import ended_in_order
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ModelError, SettingsError
from napari_scribblemix.evaluation.cardiac import pair_phases
from napari_scribblemix.evaluation.plausible import LEFT, check_phases
from napari_scribblemix.project.apart import check_outside
from napari_scribblemix.project.copy_sources import IMAGES
from napari_scribblemix.project.expected import LOW, Expected, expected_of
from napari_scribblemix.project.mask_notes import put_aside
from napari_scribblemix.project.names import case_name
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.resources import find_model
from napari_scribblemix.settings import SegmentSettings

if TYPE_CHECKING:
    from napari_scribblemix.inference.files import Outcome

_MOST = 10
"""How many masks are named."""


def run(settings: SegmentSettings) -> int:
    """Segment all images; returns 0, or 1 if any of them failed."""
    from napari_scribblemix.inference.card import read_card
    from napari_scribblemix.inference.finished import find_finished
    from napari_scribblemix.inference.outputs import check_folder, check_outputs, collect_cases

    if not find_model(settings.model).exists():
        raise ModelError(f"The model {settings.model} does not exist; check the path.")
    check_folder(settings)
    check_outside(settings.output, [path for path in settings.images if is_study(path)])
    found = collect_cases(
        with_copies(settings.images, settings.output / IMAGES, Choice.of(settings))
    )
    card = read_card(settings.model)
    cases, kept = list(found.cases), dict[Path, Expected]()
    if settings.resume:
        with messages().status("Looking at what is there"):
            done = find_finished(cases, settings, card.sha256, card.labels.names[1:])
        check_outputs(cases, settings, {*done.kept, *done.replaceable})
        cases, kept = list(done.left), done.kept
        if done.changed:
            print_warning(
                f"Kept as changed by hand: {counted(len(done.changed), 'mask')} "
                f"({done.changed[0].name})."
            )
    else:
        check_outputs(cases, settings)
    if settings.mirror and card.upright:
        raise SettingsError(
            "Got --mirror, but this model knows hearts one way up only and finds less in mirror "
            "images; leave it out, or use a model trained with mirrors (--preset best)."
        )
    # Only now the slow import of torch: a wrong path is told at once.
    from napari_scribblemix.inference.files import segment_files
    from napari_scribblemix.inference.model import load_model
    from napari_scribblemix.training.device import choose_device, set_threads

    set_threads(settings.threads)
    model = load_model(settings.model, choose_device(settings.device))
    for note in model.notes:
        print_warning(note)
    written = failed = 0
    notes, told = NoteList(), set[str]()
    measured: dict[str, dict[str, float]] = {}
    expected = {case_name(mask): each for mask, each in kept.items()}
    damage = put_aside(settings.output)
    outcomes = segment_files(model, cases, settings)
    for outcome in _until_stopped(outcomes, settings, len(cases)):
        if outcome.error is not None:
            failed += 1
            if outcome.told not in told:  # the frames of a cine are one file
                print_error(outcome.told)
            told.add(outcome.told)
        written += len(outcome.masks)
        notes.add(outcome.image.name, outcome.notes)
        names = [case_name(mask) for mask in outcome.masks]
        measured |= dict(zip(names, outcome.volumes_ml, strict=True))
        qualities = (expected_of(each.record()) for each in outcome.expected)
        expected |= dict(zip(names, qualities, strict=True))
    for pair in pair_phases({case: ml.get(LEFT, 0.0) for case, ml in measured.items()}):
        notes.add(pair.patient, [*pair.notes, *check_phases(measured[pair.ed], measured[pair.es])])
    for line in (*found.warnings, *([damage] if damage else []), *notes.lines()):
        print_warning(line)
    lost = f"{failed} of {counted(len(cases), 'image')} failed" if failed else ""
    there = f", {len(kept)} there before" if settings.resume else ""
    print_summary(f"Masks: {settings.output}", f"{written} written{there}", lost)
    for line in quality_lines(expected):
        results().print(line, markup=False, soft_wrap=True)
    return 1 if failed else 0


def _until_stopped(
    outcomes: Iterator[Outcome], settings: SegmentSettings, of: int
) -> Iterator[Outcome]:
    """The outcomes with a progress bar; whoever stops it is told what is there."""
    try:
        with ended_in_order():
            yield from track(outcomes, "Segmenting", total=of, console=messages(), transient=True)
    except KeyboardInterrupt:
        print_warning(
            f"Stopped. The masks made so far are whole, in {settings.output}; some images and "
            "frames have none. The same command with --resume goes on."
        )
        raise


def quality_lines(expected: Mapping[str, Expected]) -> list[str]:
    """How good the masks probably are, by case: the mean, and the poor ones, the worst first."""
    known = {name: each for name, each in expected.items() if each.case is not None}
    if not known:
        return []
    mean = sum(each.case or 0.0 for each in known.values()) / len(known)
    lines = [f"Expected Dice: {mean:.2f} (mean of {counted(len(known), 'mask')})."]
    poor = sorted((each.case or 0.0, name) for name, each in known.items() if each.poor)
    if poor:
        lines.append(
            f"Look at these first: {counted(len(poor), 'mask')} with slices that are probably "
            f"poor (expected Dice below {LOW:.1f}; slices count from 0)."
        )
    for value, name in poor[:_MOST]:
        numbers = ", ".join(map(str, sorted(known[name].poor)))
        slices = "slice" if len(known[name].poor) == 1 else "slices"
        lines.append(f"  {name}: {value:.2f}, {slices} {numbers}")
    if len(poor) > _MOST:
        lines.append(f"  and {len(poor) - _MOST} more")
    return lines
