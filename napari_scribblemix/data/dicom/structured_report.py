"""DICOM SR: what was measured of a heart, by TID 1500 (imaging measurement report).

A group for each ventricle, as TID 1501 has it: codes of LOINC and SNOMED CT from the standard's own
lists (CID 3468, 3469, 3833, 12200) with units of UCUM.  Each group names the images of both phases,
and a volume the segmentation that it was counted in.  Figures by body surface, wall thickness and
the curve are in the page and the table only.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribblemix import __version__
from napari_scribblemix.data.dicom.needed import damaged, silent
from napari_scribblemix.data.dicom.references import Source, sources_of
from napari_scribblemix.data.dicom.segmentation import Phase
from napari_scribblemix.data.dicom.segments import PROGRAM
from napari_scribblemix.data.dicom.source_header import new_uid, read_header, taken_over
from napari_scribblemix.data.durable import atomic_write
from napari_scribblemix.errors import FileError

if TYPE_CHECKING:
    from highdicom.sr import Measurement, MeasurementsAndQualitativeEvaluations
    from pydicom import Dataset

SUFFIX = ".sr.dcm"
_SERIES_NUMBER = 9001

Code = tuple[str, str, str]

_LEFT: Code = ("87878005", "SCT", "Left ventricle")
_RIGHT: Code = ("53085002", "SCT", "Right ventricle")
_MR_OF_HEART: Code = ("241620005", "SCT", "Magnetic resonance imaging of heart")
_ML: Code = ("mL", "UCUM", "milliliter")
_PERCENT: Code = ("%", "UCUM", "percent")
_GRAM: Code = ("g", "UCUM", "gram")
_L_MIN: Code = ("l/min", "UCUM", "liter per minute")


@dataclass(frozen=True)
class _Coded:
    """Name, unit and ventricle of a measure, and the phase whose mask it was counted in."""

    name: Code
    unit: Code
    side: Code
    phase: int | None = None


CODES = {
    "lv_edv_ml": _Coded(("8821-1", "LN", "Left Ventricular ED Volume"), _ML, _LEFT, 0),
    "lv_esv_ml": _Coded(("8823-7", "LN", "Left Ventricular ES Volume"), _ML, _LEFT, 1),
    "lv_sv_ml": _Coded(("90096001", "SCT", "Stroke Volume"), _ML, _LEFT),
    "lv_ef": _Coded(("8811-2", "LN", "Left ventricular ejection fraction by MR"), _PERCENT, _LEFT),
    "mass_g": _Coded(("18087-7", "LN", "Left Ventricle Mass"), _GRAM, _LEFT, 0),
    "cardiac_output_l_min": _Coded(("82799009", "SCT", "Cardiac Output"), _L_MIN, _LEFT),
    "rv_edv_ml": _Coded(("8822-9", "LN", "Right Ventricular ED Volume"), _ML, _RIGHT, 0),
    "rv_esv_ml": _Coded(("8824-5", "LN", "Right Ventricular ES Volume"), _ML, _RIGHT, 1),
    "rv_sv_ml": _Coded(("429483009", "SCT", "RV Stroke Volume"), _ML, _RIGHT),
    "rv_ef": _Coded(
        ("8818-7", "LN", "Right ventricular ejection fraction by MR"), _PERCENT, _RIGHT
    ),
}
"""The measures that have a code, by their keys."""


def write_measurements(
    path: Path,
    values: Mapping[str, float],
    phases: Sequence[Phase],
    segmentations: Sequence[Path],
    *,
    recorded: bool,
) -> tuple[str, ...]:
    """Write ``values`` (by the keys of ``CODES``) as a Comprehensive SR, durably.

    ``phases`` are end-diastole and end-systole of one stack, ``segmentations`` the DICOM SEG of
    each; ``recorded``: a model of this program made the masks.  Returns what was mended of the
    images' headers on the copy.  The file bears the patient's name, as its images do.
    ``FileError`` if an image or a segmentation is gone or cannot be named.
    """
    with silent():
        planes = [plane for phase in phases for plane in phase.planes]
        anchored = phases[0].anchor or planes[0]
        read = {path: read_header(path) for path in {p.path for p in (*planes, anchored)}}
        headers = [read[plane.path] for plane in planes]
        sources, _ = sources_of(headers, planes)  # what is odd of them is told of the masks
        common, mended = taken_over(headers[0], headers[1:], read[anchored.path])
        masks = [read_header(each) for each in segmentations]
        try:
            data = _encode(values, common, sources, masks, recorded=recorded)
        except damaged() as error:
            raise FileError(
                f"The images of {path.name} cannot be named in a DICOM report "
                f"({type(error).__name__}); leave --sr out."
            ) from error
    atomic_write(path, data)
    return tuple(mended)


def _instances(sources: Sequence[Source]) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = {}
    for source in sources:
        found.setdefault(source.instance, []).append(source)
    return found


def _evidence(
    common: Dataset, sources: Sequence[Source], masks: Sequence[Dataset]
) -> list[Dataset]:
    """Each image once, with patient and study of ``common``, then the segmentations."""
    from pydicom import Dataset

    found = []
    for first, *_ in _instances(sources).values():
        image = Dataset()
        image.update(common)
        image.SOPClassUID, image.SOPInstanceUID = first.sop_class, first.instance
        image.SeriesInstanceUID = first.series
        found.append(image)
    return [*found, *masks]


def _measurement(key: str, value: float, masks: Sequence[Dataset]) -> Measurement:
    from highdicom.sr import CodedConcept, Measurement, SourceImageForMeasurement

    coded = CODES[key]
    refer = None
    if coded.phase is not None and coded.phase < len(masks):
        mask = masks[coded.phase]
        refer = [SourceImageForMeasurement(mask.SOPClassUID, mask.SOPInstanceUID)]
    return Measurement(
        CodedConcept(*coded.name), round(value, 2), CodedConcept(*coded.unit),
        referenced_images=refer,
    )  # fmt: skip


def _group(
    side: Code,
    values: Mapping[str, float],
    sources: Sequence[Source],
    masks: Sequence[Dataset],
    *,
    recorded: bool,
) -> MeasurementsAndQualitativeEvaluations:
    from highdicom import sr

    images = []
    for uid, several in _instances(sources).items():
        frames = sorted(s.frame for s in several if s.frame is not None) or None
        images.append(sr.SourceImageForMeasurementGroup(several[0].sop_class, uid, frames))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=new_uid(), identifier=side[2]),
        finding_type=sr.CodedConcept(*side),
        finding_sites=[sr.FindingSite(sr.CodedConcept(*side))],
        algorithm_id=sr.AlgorithmIdentification(PROGRAM, __version__) if recorded else None,
        measurements=[_measurement(key, value, masks) for key, value in values.items()],
        source_images=images,
    )


def _encode(
    values: Mapping[str, float],
    common: Dataset,
    sources: Sequence[Source],
    masks: Sequence[Dataset],
    *,
    recorded: bool,
) -> bytes:
    from highdicom import sr
    from pydicom.sr.codedict import codes

    device = sr.DeviceObserverIdentifyingAttributes(
        uid=new_uid(), name=PROGRAM, model_name=f"{PROGRAM} {__version__}"
    )
    observer = sr.ObserverContext(sr.CodedConcept(*codes.DCM.Device[:3]), device)
    groups = []
    for side in (_LEFT, _RIGHT):
        own = {key: value for key, value in values.items() if CODES[key].side == side}
        if own:
            groups.append(_group(side, own, sources, masks, recorded=recorded))
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=sr.CodedConcept(*_MR_OF_HEART),
        imaging_measurements=groups,
    )
    result = sr.ComprehensiveSR(
        evidence=_evidence(common, sources, masks),
        content=content[0],
        series_instance_uid=new_uid(),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=PROGRAM,
    )
    result.SeriesDescription = f"Measurements ({PROGRAM}), research use only"
    buffer = io.BytesIO()
    result.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
