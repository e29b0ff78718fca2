"""The measurements of a patient as a DICOM structured report, with the masks they come from.

For images that came from DICOM only: a report must name the images, and is filed with them.  So it
bears the patient's name, as they do, and is written only where somebody asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from napari_scribblemix.data.dicom.segmentation import SUFFIX as SEG_SUFFIX
from napari_scribblemix.data.dicom.structured_report import CODES, SUFFIX, write_measurements
from napari_scribblemix.data.labels import LabelScheme
from napari_scribblemix.errors import FileError, ScribbleMixError
from napari_scribblemix.project.mask_files import FullMask, MaskWriter
from napari_scribblemix.project.patients import patient_and_phase
from napari_scribblemix.report.patient import PatientReport
from napari_scribblemix.report.sources import MaskSource


class StructuredReports:
    """Writes ``NAME.sr.dcm`` and the segmentations of ED and ES for each patient of a report."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self.told: list[str] = []
        """What was told of those that were written, and why others could not be."""

    def files_there(self, patients: Sequence[str]) -> list[Path]:
        """The files that are there and may be replaced."""
        if not self._output.is_dir():
            return []
        found = sorted(self._output.iterdir())
        own = {f"{patient}{SUFFIX}" for patient in patients}
        return [
            path
            for path in found
            if path.name in own
            or (
                path.name.endswith(SEG_SUFFIX)
                and patient_and_phase(path.name.removesuffix(SEG_SUFFIX))[0] in patients
            )
        ]

    def write(self, report: PatientReport, frames: Sequence[MaskSource]) -> tuple[str, ...]:
        """Write those of one patient, who is measured in ``report``; what is there is replaced.

        Returns what is to be told, also why there is none.
        """
        try:
            told = self._write(report, frames)
        except ScribbleMixError as error:
            told = (f"There is no structured report: {error}",)
        self.told += told
        return told

    def _write(self, report: PatientReport, frames: Sequence[MaskSource]) -> tuple[str, ...]:
        """Errors as ``MaskWriter``; ``FileError`` for what is not one cine from DICOM."""
        if report.phases is None:
            raise FileError(
                "There are not both end-diastole and end-systole, which a structured report is "
                "about; leave --sr out."
            )
        by_case = {frame.case: frame for frame in frames}
        shown = [by_case[case] for case in (report.phases.ed, report.phases.es)]
        writer = MaskWriter("dicom-seg")
        for source in shown:
            writer.check(source.case, None if source.files is None else source.files.image)
        images = {source.files.image for source in shown if source.files is not None}
        if len(images) > 1:
            raise FileError(
                "End-diastole and end-systole are of two stacks; a structured report is about one."
            )
        targets = [writer.path(self._output, source.case) for source in shown]
        path = self._output / f"{report.patient}{SUFFIX}"
        notes: list[str] = []
        for source, target in zip(shown, targets, strict=True):
            notes += writer.write(target, _full_mask(source, report.scheme))
        phases = [
            writer.phase(source.files.image, source.files.frame or 0)
            for source in shown
            if source.files is not None
        ]
        values = {
            measure.key: measure.value
            for measure in report.measures
            if measure.key in CODES and math.isfinite(measure.value)
        }
        recorded = all(source.record for source in shown)
        notes += write_measurements(path, values, phases, targets, recorded=recorded)
        return tuple(dict.fromkeys(notes))


def _full_mask(source: MaskSource, scheme: LabelScheme) -> FullMask:
    mask, files, origin = source.read(), source.files, source.origin
    return FullMask(
        mask.array,
        scheme,
        mask.geometry,
        None if files is None else files.image,
        None if files is None else files.frame,
        origin is not None and bool(origin.accepted | origin.corrected),
        bool(source.record),
    )
