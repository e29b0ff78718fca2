"""The references of a DICOM SEG to the true images, series and frames that it lies on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_scribblemix.data.dicom.planes import Plane
from napari_scribblemix.data.dicom.source_header import mended_uid
from napari_scribblemix.data.dicom.syntaxes import MR_IMAGE
from napari_scribblemix.data.dicom.tags import word

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class Source:
    """What is referenced for one slice: ``frame`` counts from 1, ``None`` in a classic image."""

    sop_class: str
    instance: str
    series: str
    frame: int | None


def stand_in_uid(z: int) -> str:
    """What the stand-in for the image of slice ``z`` is called."""
    return f"2.25.{z + 1}"


def sources_of(headers: list[Dataset], planes: Sequence[Plane]) -> tuple[list[Source], list[str]]:
    """What is referenced for each of ``planes``, and what was mended of it."""
    sources: list[Source] = []
    mended: set[str] = set()
    for header, plane in zip(headers, planes, strict=True):
        instance, series = word(header, "SOPInstanceUID"), word(header, "SeriesInstanceUID")
        named = mended_uid(instance, str(plane.path.name))
        sources.append(
            Source(
                sop_class=word(header, "SOPClassUID") or MR_IMAGE,
                instance=named,
                series=mended_uid(series, "series"),
                frame=plane.frame + 1 if "NumberOfFrames" in header else None,
            )
        )
        if named != instance:
            mended.add(named)
    told = (
        f"{len(mended)} of the images have a UID that is not valid in DICOM; the segmentation lies "
        "in the right place, but a viewer may not find the images it belongs to."
    )
    return sources, [told] if mended else []


def refer_to(result: Dataset, sources: list[Source]) -> None:
    """Turn the references to stand-ins into those to the true images."""
    from pydicom import Dataset

    by_stand_in = {stand_in_uid(z): source for z, source in enumerate(sources)}
    for groups in result.PerFrameFunctionalGroupsSequence:
        for derivation in groups.get("DerivationImageSequence", ()):
            for item in derivation.SourceImageSequence:
                # Frames of several segments may share the item.
                if (source := by_stand_in.get(item.ReferencedSOPInstanceUID)) is not None:
                    _name(item, source)
    result.ReferencedSeriesSequence = []
    for uid in dict.fromkeys(source.series for source in sources):
        one = Dataset()
        one.SeriesInstanceUID = uid
        one.ReferencedInstanceSequence = _instances([s for s in sources if s.series == uid])
        result.ReferencedSeriesSequence.append(one)
    result.SourceImageSequence = _instances(sources)


def _instances(sources: list[Source]) -> list[Dataset]:
    """Each image once; an Enhanced one with all the frames of this phase."""
    from pydicom import Dataset

    found: dict[str, list[Source]] = {}
    for source in sources:
        found.setdefault(source.instance, []).append(source)
    items = []
    for several in found.values():
        item = Dataset()
        _name(item, several[0])
        frames = [source.frame for source in several if source.frame is not None]
        if frames:
            item.ReferencedFrameNumber = frames if len(frames) > 1 else frames[0]
        items.append(item)
    return items


def _name(item: Dataset, source: Source) -> None:
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.sop_class, source.instance
    if source.frame is not None:
        item.ReferencedFrameNumber = source.frame
