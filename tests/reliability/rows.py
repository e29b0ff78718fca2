"""The table: each fault, how often it is tried, and the figure to reach."""

from __future__ import annotations

from tries import Row

_ROWS = (
    Row(
        name="saving",
        fault="kill -9 before and after each fsync and rename of a save, and at random moments of "
        "saving and training",
        wanted="500 kills: 0 unloadable, 0 strays after the next start",
        short=75,
        long=500,
        fresh=True,
    ),
    Row(
        name="resuming",
        fault="a training killed at random and gone on with (`--resume`)",
        wanted="100 kills: losses and weights differ by exactly 0 on CPU",
        short=2,
        long=100,
        fresh=True,
    ),
    Row(
        name="painting",
        fault="kill -9 while painting; then the project file half written, the journal torn",
        wanted="200 kills: 0 strokes older than 1 s lost, 0 projects that do not open",
        short=2,
        long=200,
        fresh=True,
    ),
    Row(
        name="malformed",
        fault="changed, cut, huge and packed files: NIfTI, gz, JSON, safetensors, checkpoint, "
        "journal, DICOM",
        wanted="20,000 mutants: 0 foreign errors, 0 hangs, 0 over 1 GiB",
        short=108,
        long=20_000,
        fresh=True,
    ),
    Row(
        name="malicious",
        fault="models and projects made to do harm: pickles, path tricks, links, escapes, HTML, "
        "huge numbers",
        wanted="40 files: 0 executed, 0 files written outside",
        short=5,
        long=1000,
        fresh=True,
    ),
    Row(
        name="identifiers",
        fault="words planted in headers and extensions of NIfTI and DICOM, in the folder's name",
        wanted="40 canaries: 0 found",
        short=100,
        long=100,
        fresh=True,
    ),
    Row(
        name="geometry",
        fault="48 orientations, straight, oblique and sheared, said in 6 ways by sform, qform and "
        "pixdim; against nibabel and SimpleITK",
        wanted="816 headers: each voxel within 1e-4 mm, each conflict named",
        short=60,
        long=816,
    ),
    Row(
        name="labels",
        fault="labels of each kind of number, byte order, slope (0, NaN, infinite) and scheme",
        wanted="2,000 files: 0 differences",
        short=100,
        long=2000,
    ),
    Row(
        name="shapes",
        fault="shapes and kinds of file that people have: one slice, 2-D, one frame, colours, "
        "pairs, capitals, half a file",
        wanted="60 kinds: each used, or one line that says what to do",
        short=200,
        long=200,
    ),
)

ROWS = {row.name: row for row in _ROWS}
