"""DICOM SEG: read back by highdicom, pydicom and SimpleITK, and held against the standard.

``dicom-validator`` needs the standard's text from the network.  highdicom carries the modules of
each kind of object with their attributes; what they ask for is looked up here instead.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk
from highdicom import _standard_utils as standard
from numpy.typing import NDArray
from pydicom import Dataset, config, dcmread
from pydicom.sr.codedict import codes

from napari_scribblemix import __version__
from napari_scribblemix.data.dicom.segmentation import Phase, new_series_uid, write_segmentation
from napari_scribblemix.data.dicom.segments import CODES
from napari_scribblemix.data.dicom.source_header import mended_uid
from napari_scribblemix.data.dicom.stacks import Stack, find_stacks
from napari_scribblemix.data.dicom.written_headers import SeriesHeader
from napari_scribblemix.data.dicom.written_images import write_classic, write_enhanced
from napari_scribblemix.data.labels import CARDIAC, MYOPS, LabelScheme
from napari_scribblemix.errors import FileError, GeometryError, LabelError
from napari_scribblemix.synthesis.dicom_study import person
from napari_scribblemix.synthesis.studies import draw_cine

SLICES, PHASE = 4, 3
WHO = person(1, 1)


_EACH_FRAME = "PerFrameFunctionalGroupsSequence"
_GROUPS = {
    "PixelMeasuresSequence", "PlanePositionSequence", "PlaneOrientationSequence",
    "FrameContentSequence", "SegmentIdentificationSequence", "DerivationImageSequence",
}  # fmt: skip


def header(number: int) -> SeriesHeader:
    return SeriesHeader(number, "cine_sax", ("ORIGINAL", "PRIMARY", "M"), 800.0 + number, "091500")


@pytest.fixture(scope="module")
def drawn() -> tuple[Any, NDArray[np.uint8]]:
    return draw_cine(1, 1, slices=SLICES)


@pytest.fixture(scope="module")
def one_series(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    write_classic(folder, WHO, header(1), drawn[0])
    return folder


@pytest.fixture(scope="module")
def series_a_slice(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several")
    for z in range(SLICES):
        write_classic(folder / str(z), WHO, header(z + 1), drawn[0].slice_at(z))
    return folder


@pytest.fixture(scope="module")
def enhanced(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enhanced")
    write_enhanced(folder / "IM0001.dcm", WHO, header(1), drawn[0])
    return folder


FOLDERS = ["one_series", "series_a_slice", "enhanced"]


def stack_in(folder: Path) -> Stack:
    (stack,) = find_stacks(folder).stacks
    return stack


def mask_on(stack: Stack, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The true labels (Z, Y, X) in the order of the stack's slices."""
    images = stack.images[PHASE]
    axis = np.cross(images[0].along_row, images[0].along_column)
    places = [float(axis @ np.array(plane.position)) for plane in images]
    # Drawn from base to apex, which runs against the normal.
    return labels[::-1].copy() if places[0] < places[-1] else labels


def write(
    path: Path, stack: Stack, mask: NDArray[np.uint8], scheme: LabelScheme = CARDIAC, **more: Any
) -> tuple[str, ...]:
    phase = Phase(stack.images[PHASE], PHASE, stack.frames)
    settings = {"maker": "AUTOMATIC", "series_uid": new_series_uid()} | more
    return write_segmentation(path, mask, scheme, phase, **settings)


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


def places(dataset: Dataset, path: list[str]) -> list[Dataset]:
    """All items at ``path``, of sequences that are there."""
    found = [dataset]
    for keyword in path:
        found = [item for place in found for item in place.get(keyword, ())]
    return found


@pytest.mark.parametrize("kind", FOLDERS)
def test_voxels_and_places_are_read_back(
    kind: str, drawn: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stack = stack_in(request.getfixturevalue(kind))
    mask = mask_on(stack, drawn[1][PHASE])
    assert write(tmp_path / "a.seg.dcm", stack, mask) == ()
    read = hd.seg.segread(tmp_path / "a.seg.dcm")
    for number in (1, 2, 3):
        frames = read.get_pixels_by_source_instance if kind != "enhanced" else None
        if frames is not None:
            uids = [dcmread(p.path, stop_before_pixels=True).SOPInstanceUID
                    for p in stack.images[PHASE]]  # fmt: skip
            got = frames(uids, segment_numbers=[number])[..., 0]
        else:
            uid = dcmread(stack.images[PHASE][0].path, stop_before_pixels=True).SOPInstanceUID
            wanted = [plane.frame + 1 for plane in stack.images[PHASE]]
            got = read.get_pixels_by_source_frame(
                uid, wanted, segment_numbers=[number], ignore_spatial_locations=True
            )[..., 0]
        assert np.array_equal(got, mask == number)
    volume = read.get_volume(combine_segments=True)
    # Slices without any structure are no frames: compared where there are some.
    known = (mask > 0).any(axis=(1, 2))
    assert sorted(volume.array.sum(axis=(1, 2)).tolist()) == sorted(
        mask[known].sum(axis=(1, 2)).tolist()
    )
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ stack.geometry.affine
    for voxel in np.argwhere(volume.array == 3)[::40]:
        place = (volume.affine @ [*voxel, 1.0])[:3]
        x, y, z = np.linalg.solve(affine, [*place, 1.0])[:3]
        assert mask[round(z), round(y), round(x)] == 3
        assert max(abs(x - round(x)), abs(y - round(y)), abs(z - round(z))) < 1e-3


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_images_of_this_phase_and_no_others_are_referenced(
    kind: str, drawn: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    stack = stack_in(request.getfixturevalue(kind))
    write(tmp_path / "a.seg.dcm", stack, mask_on(stack, drawn[1][PHASE]))
    read = dcmread(tmp_path / "a.seg.dcm")
    images = [dcmread(p.path, stop_before_pixels=True) for p in stack.images[PHASE]]
    named = {
        (series.SeriesInstanceUID, item.ReferencedSOPInstanceUID, item.ReferencedSOPClassUID)
        for series in read.ReferencedSeriesSequence
        for item in series.ReferencedInstanceSequence
    }
    assert named == {(i.SeriesInstanceUID, i.SOPInstanceUID, i.SOPClassUID) for i in images}
    assert len(read.ReferencedSeriesSequence) == (SLICES if kind == "series_a_slice" else 1)
    for groups in read.PerFrameFunctionalGroupsSequence:
        (item,) = groups.DerivationImageSequence[0].SourceImageSequence
        place = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        (plane,) = (
            p for p in stack.images[PHASE] if np.linalg.norm(np.array(p.position) - place) < 1e-3
        )
        source = dcmread(plane.path, stop_before_pixels=True)
        assert item.ReferencedSOPInstanceUID == source.SOPInstanceUID
        expected = plane.frame + 1 if kind == "enhanced" else None
        assert item.get("ReferencedFrameNumber") == expected
    assert all(not uid.startswith("2.25.") or len(uid) > 10 for uid in uids_of(read))


def uids_of(dataset: Dataset) -> list[str]:
    found: list[str] = []
    for element in dataset.iterall():
        if element.VR == "UI" and element.value:
            found.append(str(element.value))
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


def test_simpleitk_reads_the_same_voxels(drawn: Any, one_series: Path, tmp_path: Path) -> None:
    stack = stack_in(one_series)
    mask = mask_on(stack, drawn[1][PHASE])
    write(tmp_path / "a.seg.dcm", stack, mask)
    frames = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.seg.dcm")))
    read = dcmread(tmp_path / "a.seg.dcm")
    places = [np.array(plane.position) for plane in stack.images[PHASE]]
    for frame, groups in zip(frames, read.PerFrameFunctionalGroupsSequence, strict=True):
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        at = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        z = int(np.argmin([np.linalg.norm(at - place) for place in places]))
        assert np.array_equal(frame > 0, mask[z] == number)


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


def test_an_empty_mask_is_written_too(drawn: Any, one_series: Path, tmp_path: Path) -> None:
    stack = stack_in(one_series)
    write(tmp_path / "a.seg.dcm", stack, np.zeros(stack.geometry.shape, np.uint8))
    read = hd.seg.segread(tmp_path / "a.seg.dcm")
    assert not read.pixel_array.any()


def test_what_is_invalid_in_the_headers_is_mended_on_the_copy_and_told(
    drawn: Any, one_series: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for number, path in enumerate(sorted(one_series.iterdir())):
        data = dcmread(path)
        values = {
            "PatientBirthDate": "00000000", "StudyDate": "20120000", "PatientSex": "female",
            "FrameOfReferenceUID": f"2.25.{number + 1}", "SOPInstanceUID": f"1.2.0{number}.x",
        }  # fmt: skip
        with config.disable_value_validation():
            for keyword, value in values.items():
                data[keyword].value = value
            data.save_as(damaged / path.name)
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
    folder = tmp_path / "several"
    folder.mkdir()
    for number, path in enumerate(sorted(one_series.iterdir())):
        data = dcmread(path)
        data.FrameOfReferenceUID = f"2.25.{number + 1}"
        data.save_as(folder / path.name)
    stack = stack_in(folder)
    mask, uid = mask_on(stack, drawn[1][PHASE]), new_series_uid()
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


def test_uneven_slices_keep_their_own_places(drawn: Any, tmp_path: Path) -> None:
    cine, labels = drawn
    moved = [cine.slice_at(z) for z in range(SLICES)]
    affine = moved[-1].affine.copy()
    affine[:3, 3] += affine[:3, 2] * 0.8
    moved[-1] = replace(moved[-1], affine=affine)
    for z, stack in enumerate(moved):
        write_classic(tmp_path / "in" / str(z), WHO, header(z + 1), stack)
    stack = stack_in(tmp_path / "in")
    assert stack.uneven is not None
    write(tmp_path / "a.seg.dcm", stack, mask_on(stack, labels[PHASE]))
    read = dcmread(tmp_path / "a.seg.dcm")
    there = {
        tuple(np.round(np.array(g.PlanePositionSequence[0].ImagePositionPatient, float), 3))
        for g in read.PerFrameFunctionalGroupsSequence
    }
    assert there <= {tuple(np.round(p.position, 3)) for p in stack.images[PHASE]}


def test_a_mask_that_does_not_fit_is_refused(drawn: Any, one_series: Path, tmp_path: Path) -> None:
    stack = stack_in(one_series)
    mask = mask_on(stack, drawn[1][PHASE])
    with pytest.raises(GeometryError, match="3 x 128 x 144 for 4 DICOM images"):
        write(tmp_path / "a.seg.dcm", stack, mask[1:])
    mask[0, 0, 0] = 255
    with pytest.raises(LabelError, match="unlabelled"):
        write(tmp_path / "a.seg.dcm", stack, mask)
    gone = replace(stack.images[PHASE][0], path=tmp_path / "gone.dcm")
    phase = Phase((gone, *stack.images[PHASE][1:]))
    with pytest.raises(FileError, match="put the DICOM files back") as refused:
        write_segmentation(
            tmp_path / "a.seg.dcm", mask * (mask < 4), CARDIAC, phase, maker="AUTOMATIC",
            series_uid=new_series_uid(),
        )  # fmt: skip
    assert "gone" not in str(refused.value), "a file's name may be a person's"
    assert list(tmp_path.iterdir()) == []
