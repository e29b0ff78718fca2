"""What several test files need: the program as called, the real data where it is at hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from napari_scribblemix.cli.app import main
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.layouts import find_cases
from napari_scribblemix.project.project import Project
from phantoms import draw, write_file, write_folder

# One Qt for napari and for pytest-qt, which would each choose their own.
os.environ["PYTEST_QT_API"] = os.environ.setdefault("QT_API", "pyqt5")
# napari's settings of whoever runs the tests are neither read nor changed.
os.environ["NAPARI_CONFIG"] = ""

ROOT = Path(__file__).resolve().parent.parent

# A loaded machine is slow, not wrong; and the same commit always tries the same examples.
settings.register_profile("scribblemix", deadline=None, derandomize=True)
settings.load_profile("scribblemix")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets (``acdc``, ``mscmr``, ``myops``); skips if absent."""
    named = os.environ.get("SCRIBBLEMIX_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not (folder / "acdc").is_dir():
        pytest.skip(f"no real data at {folder}; name its folder in SCRIBBLEMIX_DATA")
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call the program in this process; gives exit code, output and messages."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def plain(tmp_path: Path) -> list[CaseFiles]:
    """The cases of a folder: one scribbled, one unlabelled, one with a mask."""
    return find_cases(write_folder(tmp_path / "plain", scribbled=1, unlabelled=1, masked=1))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A new project with one case, ``heart``, on which nobody has drawn."""
    write_file(tmp_path / "heart.nii.gz", draw(0)[0])
    with Project.create(tmp_path / "p.scribblemix") as project:
        project.add_case(CaseFiles("heart", tmp_path / "heart.nii.gz"))
        yield project
