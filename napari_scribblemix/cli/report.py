"""``report``: a page for each patient, and one table; one bad patient does not stop the rest."""

from __future__ import annotations

from rich.progress import track

from napari_scribblemix.cli.console import (
    messages,
    number,
    print_error,
    print_summary,
    print_warning,
    results,
)
from napari_scribblemix.cli.console import table as new_table
from napari_scribblemix.cli.dicom import images_beside, mend
from napari_scribblemix.data.wording import counted
from napari_scribblemix.errors import ScribbleMixError, SettingsError
from napari_scribblemix.evaluation.cardiac import Chosen
from napari_scribblemix.evaluation.function import Body
from napari_scribblemix.project.apart import check_apart, check_writable
from napari_scribblemix.project.chosen_phases import read_chosen_phases
from napari_scribblemix.project.folder import PROJECT_FILE
from napari_scribblemix.project.notes import NoteList
from napari_scribblemix.project.patients import patient_and_phase
from napari_scribblemix.project.project import Project
from napari_scribblemix.report.cohort import read_patients
from napari_scribblemix.report.page import RESEARCH
from napari_scribblemix.report.patient import PatientReport, Wishes
from napari_scribblemix.report.sources import Sources, find_sources
from napari_scribblemix.report.structured import StructuredReports
from napari_scribblemix.report.writing import check_report, write_report
from napari_scribblemix.settings import ReportSettings

_OF_ONE = ("height", "weight", "heart_rate", "ed", "es", "insertion", "slices")

_ONE_PHASE = (
    "End-diastole and end-systole are not both there: the volumes stand in the page and in "
    "measures.csv."
)


def _of_project(settings: ReportSettings) -> dict[str, Wishes]:
    """The phases that were chosen in a project."""
    if not (settings.masks / PROJECT_FILE).is_file():
        return {}
    with Project.open(settings.masks, write=False) as project:
        chosen = read_chosen_phases(project)
    return {name: Wishes(chosen=Chosen(item.ed, item.es)) for name, item in chosen.items()}


def _together(first: Wishes, over: Wishes) -> Wishes:
    """``first`` with what ``over`` says in its place."""

    def said(one: float | None, other: float | None) -> float | None:
        return one if other is None else other

    body = Body(
        said(first.body.height_cm, over.body.height_cm),
        said(first.body.weight_kg, over.body.weight_kg),
        said(first.body.heart_rate, over.body.heart_rate),
    )
    ed = first.chosen.ed if over.chosen.ed is None else over.chosen.ed
    es = first.chosen.es if over.chosen.es is None else over.chosen.es
    insertion = said(first.insertion, over.insertion)
    return Wishes(body, Chosen(ed, es), insertion, over.slices or first.slices)


def _wishes(settings: ReportSettings, sources: Sources) -> dict[str, Wishes]:
    """What is known of each patient: from the project, then the table, then the options."""
    wishes = _of_project(settings)
    table = {} if settings.patients is None else read_patients(settings.patients)
    for name in sorted(table.keys() - sources.patients.keys()):
        print_warning(f"{name} is in {settings.patients} and has no mask.")
    for name, said in table.items():
        wishes[name] = _together(wishes.get(name, Wishes()), said)
    own = [name for name in _OF_ONE if getattr(settings, name) is not None]
    if own:
        if len(sources.patients) > 1:
            raise SettingsError(
                f"Got --{own[0].replace('_', '-')} for {len(sources.patients)} patients; expected "
                "one: write a table and give it by --patients."
            )
        body = Body(settings.height, settings.weight, settings.heart_rate)
        said = Wishes(
            body, Chosen(settings.ed, settings.es), settings.insertion, settings.slice_range
        )
        for name in sources.patients:
            wishes[name] = _together(wishes.get(name, Wishes()), said)
    return wishes


def _print_table(reports: list[PatientReport]) -> None:
    shown = new_table(
        "patient", "ED", "ES", "LV EDV ml", "LV ESV ml", "LV EF %", "RV EDV ml", "RV ESV ml",
        "RV EF %", "mass g", text_columns=3,
    )  # fmt: skip
    keys = ("lv_edv_ml", "lv_esv_ml", "lv_ef", "rv_edv_ml", "rv_esv_ml", "rv_ef", "mass_g")
    for report in reports:
        found = {measure.key: measure.value for measure in report.measures}
        phases = report.phases
        cells = [number(found.get(key, float("nan")), 1) for key in keys]
        names = (
            [patient_and_phase(case)[1] for case in (phases.ed, phases.es)] if phases else ["", ""]
        )
        shown.add_row(report.patient, *names, *cells)
    results().print(shown)


def run(settings: ReportSettings) -> int:
    """Measure, draw and write; returns 0, or 1 if a patient had to be left out."""
    check_writable(settings.output)
    mend(settings.masks, settings.images)
    images = settings.images or images_beside(settings.masks)
    # Also those that belong to no mask.
    beside_images = [*images.iterdir()] if images is not None and images.is_dir() else []
    check_apart(settings.output, [path for path in beside_images if not path.is_dir()])
    sources = find_sources(settings.masks, images)
    check_apart(settings.output, sources.images)
    wishes = _wishes(settings, sources)
    also = StructuredReports(settings.output) if settings.structured else None
    check_report(settings.output, list(sources.patients), overwrite=settings.overwrite, also=also)
    failed: list[str] = []

    def tell(patient: str, error: ScribbleMixError) -> None:
        failed.append(patient)
        print_error(f"{patient} is left out: {error}")

    notes = NoteList()
    reports = []
    written = write_report(sources, settings.output, wishes, tell, also)
    total = len(sources.patients)
    for report in track(written, "Measuring", total=total, console=messages(), transient=True):
        reports.append(report)
        notes.add(report.patient, report.notes)
        if report.phases is None:
            notes.add(report.patient, [_ONE_PHASE])
    for line in (*sources.warnings, *notes.lines()):
        print_warning(line)
    if reports:
        _print_table(reports)
    print_summary(
        f"Report: {settings.output}",
        counted(len(reports), "patient"),
        f"{len(failed)} left out" if failed else "",
        f" {RESEARCH}",
    )
    return 1 if failed else 0
