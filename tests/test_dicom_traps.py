"""A table of traps: odd and damaged studies, each with what must come of it.

Each study is a small cine written well and then spoilt in one way.  What comes of it is the list of
stacks (kind, phases, slices), words of the notes, and the reasons for what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_files import (
    NORMAL,
    ORIGIN,
    write_cine,
    write_enhanced,
)
from dicom_traps import (
    CINE,
    FRAMES,
    SLICES,
    Trap,
    again,
    another_patient,
    bare,
    bomb,
    cardiac_cycles,
    damaged_file,
    given,
    inverted,
    late,
    localisers,
    long_axis,
    missing_phase,
    more_phases,
    moved_sideways,
    negative,
    nested,
    one_series_a_phase,
    other_object,
    packed,
    refuses_pixels,
    repeated,
    rewritten,
    sloped,
    spoilt,
    twelve_bits,
    usual,
    wide_jpeg,
    with_groups,
    with_more,
    without_phase,
)
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from napari_scribblemix.data.dicom.reading import read_cine
from napari_scribblemix.data.dicom.stacks import find_stacks

TRAPS = (
    Trap("one series", spoilt(given()), first=usual()),
    Trap("one series a slice", spoilt(given(), per_slice=True), first=usual()),
    Trap("one series a phase", one_series_a_phase, first=usual()),
    Trap("positions against the order of the files", spoilt(given(), spacing=-10.0),
         first=usual()[:, ::-1]),
    Trap("instance numbers that say nothing", spoilt(given(InstanceNumber=1)), first=usual()),
    Trap("another frame of reference in each file",
         spoilt(given(FrameOfReferenceUID=lambda z, t: generate_uid())), first=usual()),
    Trap("another description in each file",
         spoilt(given(SeriesDescription=lambda z, t: f"scan {z} {t}")), first=usual()),
    Trap("trigger times that never agree", spoilt(given(TriggerTime=cardiac_cycles)),
         first=usual()),
    Trap("trigger times against the numbers",
         spoilt(given(InstanceNumber=lambda z, t: 500 - t)), first=usual()),
    Trap("trigger times all zero", spoilt(given(TriggerTime=0)), first=usual()),
    Trap("no trigger times, temporal positions",
         spoilt(given(TriggerTime=None, InstanceNumber=1,
                      TemporalPositionIdentifier=lambda z, t: t + 1)), first=usual()),
    Trap("no trigger times, acquisition times",
         spoilt(given(TriggerTime=None, InstanceNumber=1,
                      AcquisitionTime=lambda z, t: f"1015{t:02d}.5")), first=usual()),
    Trap("no times at all, instance numbers",
         spoilt(given(TriggerTime=None, AcquisitionTime=None, NominalInterval=None)),
         first=usual()),
    Trap("slices thinner than they are apart", spoilt(given(SliceThickness=3), spacing=17.7),
         note="3 mm thick and 17.7 mm apart (gaps of 14.7 mm)", first=usual()),
    Trap("a wrong spacing in the header", spoilt(given(SpacingBetweenSlices=2)), first=usual(),
         check=lambda c: c.stacks[0].geometry.spacing[0] == pytest.approx(10.0, abs=1e-4)),
    Trap("a slice scanned again", with_more(again), note="Slice 3 of 4: scanned 2 times",
         first=repeated()),
    Trap("a slice scanned again in the same series",
         with_more(lambda f: again(f, same_series=True)), note="Slice 3 of 4: scanned 2 times",
         first=repeated()),
    Trap("a scan that was broken off", with_more(lambda f: again(f, count=2)), first=usual()),
    Trap("a slice scanned again 1 mm away", with_more(lambda f: again(f, at=21.0)),
         note="scanned again 1.0 mm away; the last is used", uneven="(10, 11, 9 mm)"),
    Trap("a slice scanned again 0.4 mm away", with_more(lambda f: again(f, at=20.4)),
         note="scanned again 0.4 mm away; the last is used", first=repeated()),
    Trap("a slice with more phases", more_phases, note="12 phases where most have 6"),
    Trap("a lost phase", spoilt(missing_phase), note="5 phases where most have 6",
         first=without_phase()),
    Trap("a lost slice", lambda f: write_cine(f, 5, FRAMES, change=lambda d, z, t: z != 2),
         uneven="(10, 20, 10 mm)"),
    Trap("a slice 2 mm off",
         spoilt(given(ImagePositionPatient=lambda z, t: list(
             ORIGIN + (10.0 * z + 2.0 * (z == 1)) * NORMAL))), uneven="(12, 8, 10 mm)"),
    Trap("a slice 0.2 mm off",
         spoilt(given(ImagePositionPatient=lambda z, t: list(
             ORIGIN + (10.0 * z + 0.2 * (z == 1)) * NORMAL))), note="they are taken as even"),
    Trap("the same files twice",
         with_more(lambda f: [(f / f"copy{p.name}").write_bytes(p.read_bytes())
                              for p in list(f.iterdir())]),
         left_out=("there twice, as copies",), first=usual()),
    Trap("a localiser beside", with_more(localisers),
         stacks=(CINE, *[("localiser", 1, 1)] * 3), first=usual()),
    Trap("a long axis beside", with_more(long_axis),
         stacks=(CINE, ("long-axis cine", FRAMES, 1)), first=usual()),
    Trap("late enhancement on the same grid", with_more(late),
         stacks=(CINE, ("LGE", 1, SLICES)), first=usual()),
    Trap("a pair of magnitude and phase-sensitive images",
         lambda f: (late(f), late(f, part="R", series="psir")),
         stacks=(("LGE", 1, SLICES), ("LGE, phase sensitive", 1, SLICES))),
    Trap("velocities beside",
         with_more(lambda f: write_cine(f / "v", SLICES, FRAMES, change=given(
             ImageType=["DERIVED", "PRIMARY", "P"]))),
         left_out=("the phase of the signal",), first=usual()),
    Trap("a field of view moved sideways", with_more(moved_sideways),
         stacks=(CINE, ("short-axis cine", FRAMES, 3)), first=usual()),
    Trap("two patients in one folder", with_more(another_patient), stacks=(CINE, CINE),
         check=lambda c: [s.study for s in c.stacks] == [1, 2]),
    Trap("a mosaic beside",
         with_more(lambda f: other_object(f, "1.2.840.10008.5.1.4.1.1.4", "MR",
                                          ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])),
         left_out=("a mosaic",)),
    Trap("a screenshot beside",
         with_more(lambda f: other_object(f, "1.2.840.10008.5.1.4.1.1.7", "MR")),
         left_out=("a screenshot",)),
    Trap("a picture in colour beside",
         with_more(lambda f: other_object(f, "1.2.840.10008.5.1.4.1.1.4", "MR",
                                          SamplesPerPixel=3)),
         left_out=("a screenshot",)),
    Trap("a segmentation beside",
         with_more(lambda f: other_object(f, "1.2.840.10008.5.1.4.1.1.66.4", "SEG")),
         left_out=("a segmentation",)),
    Trap("a CT beside",
         with_more(lambda f: other_object(f, "1.2.840.10008.5.1.4.1.1.2", "CT")),
         left_out=("CT, not MR",)),
    Trap("no positions", spoilt(given(ImagePositionPatient=None)), stacks=(),
         left_out=("does not say where in space",)),
    Trap("a position that is no number",
         spoilt(given(ImagePositionPatient=lambda z, t: [0, 0, "nan"] if z == 9 else None)),
         stacks=(), left_out=("does not say where in space",)),
    Trap("directions that are none",
         spoilt(given(ImageOrientationPatient=[1, 0, 0, 1, 0, 0])), stacks=(),
         left_out=("does not say where in space",)),
    Trap("no pixel size", spoilt(given(PixelSpacing=None)), stacks=(),
         left_out=("how large its pixels are",)),
    Trap("one slice", lambda f: write_cine(f, 1, FRAMES), stacks=(("short-axis cine", FRAMES, 1),),
         note="its thickness of 8 mm is taken from the header"),
    Trap("one slice without a thickness",
         lambda f: write_cine(f, 1, FRAMES, change=given(SliceThickness=None)), stacks=(),
         left_out=("does not say how thick",)),
    Trap("negative pixels", spoilt(negative), first=-usual()),
    Trap("twelve bits and an overlay", spoilt(twelve_bits), first=usual() - 1500),
    Trap("small numbers bright", spoilt(inverted), note="Small numbers are bright", first=usual()),
    Trap("a slope for each slice",
         spoilt(given(RescaleSlope=lambda z, t: 0.5 + z, RescaleIntercept=-7)), check=sloped),
    Trap("big endian", rewritten(ExplicitVRBigEndian), first=usual()),
    Trap("implicit", rewritten(ImplicitVRLittleEndian), first=usual()),
    Trap("no first part of the file", bare, first=usual()),
    Trap("RLE", packed(RLELossless), first=usual()),
    Trap("JPEG-LS", packed(JPEGLSLossless), first=usual()),
    Trap("JPEG-LS of another size", wide_jpeg, check=refuses_pixels),
    Trap("groups of an Enhanced file in a classic one", spoilt(with_groups), first=usual()),
    Trap("Enhanced", lambda f: write_enhanced(f / "all.dcm", SLICES, FRAMES), first=usual()),
    Trap("Enhanced with frames that are not described",
         lambda f: write_enhanced(f / "all.dcm", SLICES, FRAMES, drop=2), stacks=(),
         left_out=("24 frames, of which 22 are described",)),
    Trap("a file cut off", damaged_file(lambda good: good[:-100]), left_out=("cut off",)),
    Trap("a header cut off", damaged_file(lambda good: good[:500]), left_out=("cut off",)),
    Trap("an empty file", damaged_file(lambda good: b""), left_out=("no DICOM",)),
    Trap("a text file", damaged_file(lambda good: b"hello " * 50), left_out=("no DICOM",)),
    Trap("a deflated file",
         damaged_file(lambda good: good.replace(b"1.2.840.10008.1.2.1\0",
                                                b"1.2.840.10008.1.2.1.99")),
         left_out=("deflated",)),
    Trap("sequences 20 000 deep", with_more(nested), left_out=("damaged",)),
    Trap("a bomb of rows", with_more(lambda f: bomb(f, Rows=60000, Columns=60000)),
         left_out=("60000 x 60000 pixels",)),
    Trap("a bomb of frames", with_more(lambda f: bomb(f, NumberOfFrames=2_000_000_000)),
         left_out=("2000000000 frames in one file",)),
    Trap("more pixels stated than there", with_more(lambda f: bomb(f, Rows=4000, Columns=4000)),
         left_out=("cut off",)),
    Trap("pixels of 12 allocated bits", with_more(lambda f: bomb(f, BitsAllocated=12)),
         left_out=("expected 8, 16 or 32",)),
)  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_a_trap_ends_as_expected(trap: Trap, tmp_path: Path) -> None:
    trap.build(tmp_path)
    contents = find_stacks(tmp_path)
    found = [(s.kind, s.frames, s.geometry.shape[0]) for s in contents.stacks]
    assert found == list(trap.stacks), contents.left_out
    notes = [note for stack in contents.stacks for note in stack.notes]
    if trap.note is not None:
        assert any(trap.note in note for note in notes), notes
    if contents.stacks:
        uneven = contents.stacks[0].uneven
        assert (uneven is not None and trap.uneven in uneven) if trap.uneven else uneven is None
    reasons = [why for _, why in contents.left_out]
    assert len(reasons) == len(trap.left_out), reasons
    for expected in trap.left_out:
        assert any(expected in why for why in reasons), reasons
    if trap.first is not None:
        assert (read_cine(contents.stacks[0])[:, :, 0, 0] == trap.first).all()
    if trap.check is not None:
        assert trap.check(contents) is not False
