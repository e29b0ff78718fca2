"""nibabel is loaded without pydicom, which stays there for everyone else."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("pydicom")

FIRST = "from napari_scribblemix.data import nifti\nimport sys\n"


def printed(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_reading_nifti_does_not_load_pydicom() -> None:
    assert printed(FIRST + "print('nibabel.nifti1' in sys.modules, 'pydicom' in sys.modules)") == (
        "True False"
    )


def test_nibabels_own_dicom_readers_still_find_it() -> None:
    assert printed(FIRST + "from nibabel.pydicom_compat import have_dicom\nprint(have_dicom)") == (
        "True"
    )
