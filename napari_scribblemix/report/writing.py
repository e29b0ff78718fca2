"""The files of a report: a page for each patient and a table; nothing is replaced unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.data.links import is_taken
from napari_scribblemix.errors import FileError, ScribbleMixError, SettingsError
from napari_scribblemix.report.cohort import cohort_csv
from napari_scribblemix.report.page import page
from napari_scribblemix.report.patient import PatientReport, Wishes, measure_patient
from napari_scribblemix.report.sources import Sources
from napari_scribblemix.report.structured import StructuredReports

TABLE = "measures.csv"


def page_path(output: Path, patient: str) -> Path:
    """Where the page of a patient goes."""
    return output / f"{patient}.html"


def files_there(
    output: Path, patients: Sequence[str], also: StructuredReports | None = None
) -> list[Path]:
    """The files of a report, and of structured ones beside, that are there already."""
    planned = [*(page_path(output, patient) for patient in patients), output / TABLE]
    there = [path for path in planned if is_taken(path)]
    return there if also is None else [*there, *also.files_there(patients)]


def check_report(
    output: Path,
    patients: Sequence[str],
    *,
    overwrite: bool,
    also: StructuredReports | None = None,
) -> None:
    """``SettingsError`` if files are there that would be replaced, ``FileError`` for no folder."""
    if output.exists() and not output.is_dir():
        raise FileError(f"Got {output}, which is a file; choose a folder for the report.")
    there = files_there(output, patients, also)
    if there and not overwrite:
        raise SettingsError(
            f"{len(there)} of the files to write are already in {output} ({there[0].name}); use "
            "--overwrite to replace them, or another --output."
        )


def write_report(
    sources: Sources,
    output: Path,
    wishes: Mapping[str, Wishes],
    failed: Callable[[str, ScribbleMixError], None],
    also: StructuredReports | None = None,
) -> Iterator[PatientReport]:
    """Measure and write a page for each patient as it goes, and the table at the end.

    What cannot be measured is handed to ``failed`` with the patient's name, and does not stop the
    others.  ``also`` writes structured reports beside; one that cannot be is a note of its patient.
    ``FileError`` if the disk refuses.
    """
    reports = []
    for patient, frames in sources.patients.items():
        try:
            report = measure_patient(patient, frames, sources.scheme, wishes.get(patient, Wishes()))
            html = page(report)
        except ScribbleMixError as error:
            failed(patient, error)
            continue
        atomic_write(page_path(output, patient), html.encode())
        # Pictures are on the disk now; of many patients they would fill the memory.
        report = report.without_pictures()
        if also is not None:
            report = replace(report, notes=(*report.notes, *also.write(report, frames)))
        reports.append(report)
        yield reports[-1]
    if reports:
        atomic_write(output / TABLE, cohort_csv(reports).encode())
