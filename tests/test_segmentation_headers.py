"""What a DICOM segmentation says of itself, and that nothing of the standard is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from highdicom import _standard_utils as standard
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from segmentations import (
    FOLDERS,
    PHASE,
    changed,
    drawn,
    enhanced,
    mask_on,
    one_series,
    places,
    series_a_slice,
    stack_in,
    uids_of,
    write,
)

from napari_scribblemix import __version__
from napari_scribblemix.data.dicom.segmentation import Phase, write_segmentation
from napari_scribblemix.data.dicom.segments import CODES
from napari_scribblemix.data.dicom.source_header import mended_uid, new_uid
from napari_scribblemix.data.labels import CARDIAC, MYOPS, LabelScheme

__all__ = ["drawn", "enhanced", "one_series", "series_a_slice"]


_EACH_FRAME = "PerFrameFunctionalGroupsSequence"


_GROUPS = {
    "PixelMeasuresSequence", "PlanePositionSequence", "PlaneOrientationSequence",
    "FrameContentSequence", "SegmentIdentificationSequence", "DerivationImageSequence",
}  # fmt: skip


def missing(dataset: Dataset) -> list[str]:
    """What the modules that a segmentation must have ask for and do not find."""
    modules = standard.get_iod_module_map()["segmentation"]
    wanted = {m["key"] for m in modules if m["usage"] == "M"}
    wanted |= {"frame-of-reference", "common-instance-reference"}
    found = []
    for name in sorted(wanted):
        for attribute in standard.get_module_attribute_map()[name]:
            kind, keyword = attribute["type"], attribute["keyword"]
            # A functional group stands in one of the two; which are there is asked for below.
            if attribute["path"] in (["SharedFunctionalGroupsSequence"], [_EACH_FRAME]):
                continue
            for place in places(dataset, attribute["path"]):
                absent = keyword not in place
                empty = not absent and place[keyword].is_empty
                if (kind == "1" and (absent or empty)) or (kind == "2" and absent):
                    found.append(f"{name}: {'.'.join([*attribute['path'], keyword])}")
    shared = set(dataset.SharedFunctionalGroupsSequence[0].dir())
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        found += sorted(_GROUPS - shared - set(groups.dir()))
    return found


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_standard_finds_nothing_missing(
    kind: str, drawn: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stack = stack_in(request.getfixturevalue(kind))
    write(tmp_path / "a.seg.dcm", stack, mask_on(stack, drawn[1][PHASE]))
    read = dcmread(tmp_path / "a.seg.dcm")
    assert missing(read) == []
    for uid in uids_of(read):
        assert mended_uid(uid) == uid
    broken = dcmread(tmp_path / "a.seg.dcm")
    del broken.SegmentSequence[1].SegmentLabel
    broken.StudyInstanceUID = ""
    assert len(missing(broken)) == 2, "the check itself sees what is missing"


def test_each_segment_says_what_it_is_and_who_made_it(
    drawn: Any, one_series: Path, tmp_path: Path
) -> None:
    stack = stack_in(one_series)
    mask = mask_on(stack, drawn[1][PHASE])
    mask[mask == 2] = np.where(np.arange((mask == 2).sum()) % 3 == 0, 5, 2)
    write(tmp_path / "a.seg.dcm", stack, mask, MYOPS, maker="SEMIAUTOMATIC")
    read = dcmread(tmp_path / "a.seg.dcm")
    segments = list(read.SegmentSequence)
    assert [s.SegmentNumber for s in segments] == [1, 2, 3, 4, 5]
    kinds = [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in segments]
    assert kinds == ["53085002", "49848007", "87878005", "79654002", "12402003"]
    assert segments[2].SegmentLabel == "left ventricular cavity"
    for number, segment in enumerate(segments, start=1):
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentAlgorithmName == f"napari-scribblemix {__version__}"
        colour = hd.color.CIELabColor.from_dicom_value(segment.RecommendedDisplayCIELabValue)
        wanted = [int(MYOPS.colours[number][i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(np.subtract(colour.to_rgb(), wanted)).max() <= 2
    assert read.InstanceNumber == PHASE + 1
    assert "phase 4 of 8" in read.ContentDescription


def test_the_codes_are_those_of_the_standard() -> None:
    in_standard = {
        "right ventricle": codes.cid7152.RightVentricle,
        "left ventricle": codes.cid7152.LeftVentricle,
        "myocardium": codes.SCT.LeftVentricleMyocardium,
        "scar": codes.SCT.ScarTissue,
        "oedema": codes.SCT.Edema,
    }
    assert {name: CODES[name].kind[0] for name in CODES} == {
        name: code.value for name, code in in_standard.items()
    }
    categories = {coded.category[0] for coded in CODES.values()}
    known = {getattr(codes.cid7150, name).value for name in codes.cid7150.dir()}
    assert categories <= known


def test_a_structure_of_another_name_is_tissue(
    drawn: Any, one_series: Path, tmp_path: Path
) -> None:
    scheme = LabelScheme(
        names=("background", "thrombus"), colours=("#000000", "#ff8800"), file_values=(0, 7),
        unlabelled_value=9,
    )  # fmt: skip
    stack = stack_in(one_series)
    write(tmp_path / "a.seg.dcm", stack, (mask_on(stack, drawn[1][PHASE]) == 3).astype(np.uint8),
          scheme)  # fmt: skip
    (segment,) = dcmread(tmp_path / "a.seg.dcm").SegmentSequence
    assert segment.SegmentLabel == "thrombus"
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Tissue"


def test_what_is_invalid_in_the_headers_is_mended_on_the_copy_and_told(
    drawn: Any, one_series: Path, tmp_path: Path
) -> None:
    damaged = changed(
        one_series,
        tmp_path / "damaged",
        lambda number: {
            "PatientBirthDate": "00000000", "StudyDate": "20120000", "PatientSex": "female",
            "FrameOfReferenceUID": f"2.25.{number + 1}", "SOPInstanceUID": f"1.2.0{number}.x",
        },
    )  # fmt: skip
    before = {path: path.read_bytes() for path in damaged.iterdir()}
    stack = stack_in(damaged)
    notes = write(tmp_path / "a.seg.dcm", stack, mask_on(stack, drawn[1][PHASE]))
    told = " ".join(notes)
    for word in ("PatientBirthDate", "StudyDate", "PatientSex", "frames of reference", "UID"):
        assert word in told
    assert "20120000" not in told, "a value may be a person's"
    assert {path: path.read_bytes() for path in damaged.iterdir()} == before
    read = dcmread(tmp_path / "a.seg.dcm")
    assert missing(read) == []
    assert (read.PatientBirthDate, read.StudyDate, read.PatientSex) == ("", "", "")
    assert all(mended_uid(uid) == uid for uid in uids_of(read))
    sound = write(tmp_path / "b.seg.dcm", stack_in(one_series), mask_on(stack, drawn[1][PHASE]))
    assert sound == ()


def test_all_phases_of_a_series_name_one_study_and_frame_of_reference(
    drawn: Any, one_series: Path, tmp_path: Path
) -> None:
    folder = changed(
        one_series,
        tmp_path / "several",
        lambda number: {"FrameOfReferenceUID": f"2.25.{number + 1}"},
    )
    stack = stack_in(folder)
    mask, uid = mask_on(stack, drawn[1][PHASE]), new_uid()
    for frame in (PHASE, PHASE + 2):
        phase = Phase(stack.images[frame], frame, stack.frames, anchor=stack.images[0][0])
        notes = write_segmentation(
            tmp_path / f"{frame}.seg.dcm", mask, CARDIAC, phase, maker="AUTOMATIC", series_uid=uid
        )
        assert "several frames of reference" in " ".join(notes)
    read = [dcmread(path) for path in sorted(tmp_path.glob("*.seg.dcm"))]
    named = {(r.StudyInstanceUID, r.FrameOfReferenceUID) for r in read}
    first = dcmread(stack.images[0][0].path)
    assert named == {(first.StudyInstanceUID, first.FrameOfReferenceUID)}


def test_a_mask_of_unknown_making_names_no_algorithm_of_ours(
    drawn: Any, one_series: Path, tmp_path: Path
) -> None:
    stack = stack_in(one_series)
    write(tmp_path / "a.seg.dcm", stack, mask_on(stack, drawn[1][PHASE]), maker=None)
    read = dcmread(tmp_path / "a.seg.dcm")
    assert missing(read) == []
    for segment in read.SegmentSequence:
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentAlgorithmName == "not recorded"
        assert "SegmentationAlgorithmIdentificationSequence" not in segment
    assert hd.seg.segread(tmp_path / "a.seg.dcm").number_of_segments == len(read.SegmentSequence)
