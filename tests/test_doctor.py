"""The command doctor, as a user calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from napari_scribblemix import __version__
from napari_scribblemix.cli import doctor, doctor_report

Run = Callable[..., tuple[int, str, str]]


def test_doctor_tells_versions_devices_and_a_verdict(run: Run) -> None:
    code, out, _ = run("doctor")
    assert code == 0
    for word in ("napari-scribblemix", "Python", "torch", "CPU, ", "free disk", "Training runs on"):
        assert word in out


def test_doctor_lists_napari_and_qt_and_promises_no_window(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_qt(package: str) -> str:
        if package.startswith("Py"):
            raise PackageNotFoundError(package)
        return "9.8.7"

    monkeypatch.setattr(doctor, "version", no_qt)
    code, out, _ = run("doctor")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["napari", "9.8.7"] in rows
    assert ["PyQt6", "not", "installed"] in rows
    assert "window" not in out
    assert "napari can open" not in out
    assert "pip install" not in out


@pytest.mark.parametrize(("encoding", "sign"), [("utf-8", "✓ "), ("cp1252", "ok ")])
def test_doctor_prints_what_the_console_can_show(encoding: str, sign: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "napari_scribblemix", "doctor"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert f"\n{sign}Training runs on" in done.stdout.decode(encoding).replace("\r", "")


def test_doctor_fails_where_torch_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    code, out, _ = run("doctor")
    assert code == 1
    assert "PyTorch cannot be imported" in out


def test_doctor_warns_of_little_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "memory_gb", lambda: (0.5, 8.0))
    assert "Only 0.5 GB of memory are free" in run("doctor")[1]


def test_a_report_names_nobody_and_no_place(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_report.getpass, "getuser", lambda: "greta")
    monkeypatch.setattr(doctor_report.socket, "gethostname", lambda: "mri-7.ward.example")
    said = "Greta's machine mri-7.ward.example has no /home/greta/models; look at C:\\data\\x.nii."
    damage = doctor.Verdict(False, said)
    monkeypatch.setattr(doctor, "_resource_verdict", lambda: damage)
    path = tmp_path / "report.txt"
    code, out, _ = run("doctor", "--report", path)
    assert code == 0
    assert f"Report: {path}" in out
    text = path.read_text()
    for word in ("greta", "Greta", "mri-7", str(tmp_path), sys.executable, "/home", "data"):
        assert word not in text
    assert "look: NAME's machine NAME has no PATH; look at PATH." in text
    assert f"napari-scribblemix: {__version__}" in text
    assert "torch: " in text


def test_a_place_with_blanks_in_its_name_goes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "/home/a/Patient Maria Muster/venv"
    monkeypatch.setattr(doctor_report.sys, "executable", f"{place}/bin/python")
    monkeypatch.setattr(doctor_report.sys, "prefix", place)
    told = doctor_report.without_names(f"Python: {place}/bin/python; in {place}/lib/a.py", ())
    assert told == "Python: PATH; in PATHPATH"


def test_a_report_replaces_no_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("mine")
    code, _, err = run("doctor", "--report", path)
    assert code == 2
    assert "is there already; choose another file" in err
    assert path.read_text() == "mine"
