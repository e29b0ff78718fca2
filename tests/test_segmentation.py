"""DICOM SEG: read back by highdicom, pydicom and SimpleITK, and held against the standard.

``dicom-validator`` needs the standard's text from the network.  highdicom carries the modules of
each kind of object with their attributes; what they ask for is looked up here instead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from segmentations import (
    FOLDERS,
    PHASE,
    SLICES,
    WHO,
    drawn,
    enhanced,
    header,
    mask_on,
    one_series,
    series_a_slice,
    stack_in,
    uids_of,
    write,
)

from napari_scribblemix.data.dicom.segmentation import Phase, write_segmentation
from napari_scribblemix.data.dicom.source_header import new_uid
from napari_scribblemix.data.dicom.written_images import write_classic
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import FileError, GeometryError, LabelError

__all__ = ["drawn", "enhanced", "one_series", "series_a_slice"]


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


def test_an_empty_mask_is_written_too(drawn: Any, one_series: Path, tmp_path: Path) -> None:
    stack = stack_in(one_series)
    write(tmp_path / "a.seg.dcm", stack, np.zeros(stack.geometry.shape, np.uint8))
    read = hd.seg.segread(tmp_path / "a.seg.dcm")
    assert not read.pixel_array.any()


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
            series_uid=new_uid(),
        )  # fmt: skip
    assert "gone" not in str(refused.value), "a file's name may be a person's"
    assert list(tmp_path.iterdir()) == []
