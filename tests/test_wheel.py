"""The built wheel works by itself: from an empty folder, in an environment without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("build", reason="the wheel is built with the packages of the extra 'test'")
pytest.importorskip("hatchling", reason="the wheel is built with the packages of the extra 'test'")

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True,
        check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT,
        cwd=folder,
    )  # fmt: skip
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def clean_bin(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that holds the wheel; dependencies are lent, not loaded."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    names = {"base": str(folder), "platbase": str(folder)}
    scripts = Path(sysconfig.get_path("scripts", "venv", names))
    site = Path(sysconfig.get_path("purelib", "venv", names))
    # A path named in a .pth file is searched last, and its own .pth files are not read: an editable
    # install of the checkout in this environment stays out of sight.
    lent = dict.fromkeys(sysconfig.get_path(key) for key in ("purelib", "platlib"))
    (site / "lent.pth").write_text("\n".join(lent))
    python = scripts / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return scripts


def test_the_wheel_holds_package_samples_and_models(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "napari_scribblemix/py.typed" in names
    assert any(name.startswith("napari_scribblemix/_models/") for name in names)
    for kind in ("cine", "lge", "myops"):
        start = f"napari_scribblemix/_sample_data/{kind}/"
        for part in ("train/images", "train/scribbles", "heldout/images", "heldout/masks"):
            assert any(name.startswith(start + part) for name in names), part


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"napari_scribblemix"}


def test_the_wheel_names_licence_extras_and_no_qt(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    lines = archive.read(name).decode().splitlines()
    assert "License-Expression: BSD-3-Clause" in lines
    assert "Classifier: Framework :: napari" in lines
    extras = {line.split(": ")[1] for line in lines if line.startswith("Provides-Extra")}
    assert extras == {"pyqt5", "pyqt6", "all", "dicom", "docs", "test"}
    base = [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert not [line for line in base if "qt" in line.lower() or "napari" in line]


def test_train_and_segment_run_from_the_wheel_in_an_empty_folder(
    clean_bin: Path, tmp_path: Path
) -> None:
    where = run(
        clean_bin / "python",
        "-c",
        "import napari_scribblemix as n; print(n.__file__)",
        cwd=tmp_path,
    )
    assert Path(where.strip()).is_relative_to(clean_bin.parent)
    program = clean_bin / "napari-scribblemix"
    run(program, "sample", "cine", "--output", "heart", cwd=tmp_path)
    run(
        program, "train", "heart/train", "--steps", "2", "--preset", "fast", "--output", "run",
        cwd=tmp_path,
    )  # fmt: skip
    run(program, "segment", "run", "heart/heldout/images", "--output", "masks", cwd=tmp_path)
    table = run(program, "evaluate", "masks", "heart/heldout/masks", cwd=tmp_path)
    assert "all structures" in table
