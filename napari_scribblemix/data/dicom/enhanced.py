"""The frames of an Enhanced MR file, each with functional groups of its own or shared by all."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from napari_scribblemix.data.dicom.planes import Plane, part_of
from napari_scribblemix.data.dicom.tags import (
    directions,
    item,
    number,
    numbers,
    seconds,
    vector,
    word,
    words,
)

if TYPE_CHECKING:
    from pydicom import Dataset


def plane_of_frame(base: Plane, frame: int, own: Dataset, shared: Dataset | None) -> Plane:
    """Frame number ``frame`` of a file whose header gave ``base``: what the groups say counts."""

    def group(keyword: str) -> Dataset | None:
        return item(own, keyword) or item(shared, keyword)

    place = vector(numbers(group("PlanePositionSequence"), "ImagePositionPatient"))
    axes = directions(numbers(group("PlaneOrientationSequence"), "ImageOrientationPatient"))
    measures = group("PixelMeasuresSequence")
    pixel = numbers(measures, "PixelSpacing")
    content, heart = group("FrameContentSequence"), group("CardiacSynchronizationSequence")
    values, kind = group("PixelValueTransformationSequence"), group("MRImageFrameTypeSequence")
    echo, modifier = group("MREchoSequence"), group("MRModifierSequence")
    trigger = number(heart, "NominalCardiacTriggerDelayTime")
    if trigger is None:
        trigger = base.times[0]
    taken = seconds(word(content, "FrameAcquisitionDateTime"))
    cycle = number(heart, "RRIntervalTimeNominal")
    slope, thickness = number(values, "RescaleSlope"), number(measures, "SliceThickness")
    component = word(kind, "ComplexImageComponent")
    part = part_of(words(kind, "FrameType"), component, base.hints) if kind else base.part
    return dataclasses.replace(
        base,
        frame=frame,
        position=place or base.position,
        along_row=axes[0] if axes else base.along_row,
        along_column=axes[1] if axes else base.along_column,
        pixel=(pixel[0], pixel[1]) if len(pixel) == 2 else base.pixel,
        thickness=abs(thickness) if thickness else base.thickness,
        times=(
            trigger,
            number(content, "TemporalPositionIndex"),
            base.times[2] if taken is None else taken,
            float(frame + 1),
        ),
        cycle_ms=cycle if cycle and cycle > 0 else base.cycle_ms,
        part=part,
        inversion=base.inversion or word(modifier, "InversionRecovery") == "YES",
        echo_ms=number(echo, "EffectiveEchoTime") or base.echo_ms,
        slope=slope if slope else base.slope,
        intercept=_or(number(values, "RescaleIntercept"), base.intercept),
        uid=base.uid + frame.to_bytes(4, "big"),
    )


def _or(found: float | None, otherwise: float) -> float:
    return otherwise if found is None else found
