"""How long a DICOM study takes to open: from the folder to the first picture and the whole cine.

Writes a drawn study of 12 slices x 30 phases (360 files of 256 x 256, classic MR, one series a
slice), then opens it in a process of its own, and prints seconds, those of the processor, and the
peak of memory above that of the idle program.

    python tests/benchmarks/open_dicom.py [FOLDER]

FOLDER: a study of your own instead.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CHILD = """
import resource, sys, time
from pathlib import Path
from napari_scribblemix.data.dicom.reading import read_cine
from napari_scribblemix.data.dicom.stacks import find_stacks
from napari_scribblemix.data.dicom.thumbnails import thumbnail
from napari_scribblemix.project.working_copies import unpack

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def told(what, since):
    wall, cpu = time.perf_counter() - since[0], time.process_time() - since[1]
    print(f"{what:34} {wall:6.2f} s {cpu:6.2f} s of the processor {peak() - idle:7.0f} MB")

idle, start = peak(), (time.perf_counter(), time.process_time())
import pydicom
told("pydicom loaded", start)
contents = find_stacks(Path(sys.argv[1]))
stack = max(contents.stacks, key=lambda stack: stack.frames * len(stack.steps))
told("headers read, stacks found", start)
thumbnail(stack)
told("first picture", start)
cine = read_cine(stack)
told(f"whole cine, {' x '.join(map(str, cine.shape))}", start)
del cine
since = (time.perf_counter(), time.process_time())
unpack(Path(sys.argv[1]), Path(sys.argv[2]), [stack])
told("working copy (alone)", since)
"""


def write_study(folder: Path) -> None:
    """360 files, a series a slice."""
    import numpy as np
    from dicom_files import write_cine

    generator = np.random.default_rng(0)

    def large(data: object, z: int, t: int) -> None:
        image = generator.integers(0, 1200, size=(256, 256), dtype=np.int16)
        data.Rows = data.Columns = 256  # type: ignore[attr-defined]
        data.PixelData = image.tobytes()  # type: ignore[attr-defined]

    write_cine(folder, 12, 30, change=large, per_slice=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as place:
        folder = given or Path(place) / "study"
        if given is None:
            write_study(folder)
        out = Path(place) / "out"
        subprocess.run([sys.executable, "-c", CHILD, str(folder), str(out)], check=True)


if __name__ == "__main__":
    main()
