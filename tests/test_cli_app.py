"""How the command line starts and ends: help at once, errors in one line, exit codes."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from napari_scribblemix import __version__
from napari_scribblemix.cli import app
from napari_scribblemix.errors import LabelError, TrainingError

HEAVY = {"torch", "lightning_fabric", "numpy", "scipy", "skimage", "nibabel", "safetensors"}


def command_doing(error: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``doctor`` raise ``error``, or return 3."""

    def run(_: object) -> int:
        if error is not None:
            raise error
        return 3

    module = ModuleType("napari_scribblemix.cli.doctor")
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["segment", "-h"]])
def test_help_comes_at_once_and_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom napari_scribblemix.cli.app import main\n"
        f"code = main({arguments!r})\nprint('MODULES', *sys.modules)\nsys.exit(code)"
    )
    best = float("inf")
    loaded: set[str] = set()
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        best = min(best, time.perf_counter() - start)
        text, _, modules = done.stdout.partition("MODULES")
        assert "Usage: napari-scribblemix" in text
        loaded = {name.split(".")[0] for name in modules.split()}
    assert not loaded & HEAVY
    # About a quarter of a second on an idle machine; the bound leaves room for a busy one.
    assert best < 2.0


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in ("train", "segment", "evaluate", "import", "sample", "inspect", "doctor"):
        assert f"\n  {name} " in text


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([]) == 0
    assert "Commands:" in capsys.readouterr().out


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_the_exit_code_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    command_doing(None, monkeypatch)
    assert app.main(["doctor"]) == 3


@pytest.mark.parametrize(("kind", "code"), [(LabelError, 2), (TrainingError, 1)])
def test_an_error_is_one_line_with_its_exit_code(
    kind: type[LabelError | TrainingError],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command_doing(
        kind("Got [red]7[/red]; expected 4 in /a/very/long/path" + "/x" * 80), monkeypatch
    )
    assert app.main(["doctor"]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith("Error: Got [red]7[/red]; expected 4")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_full_memory_is_no_defect_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_doing(MemoryError(), monkeypatch)
    assert app.main(["doctor"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: The memory of this machine is full")
    assert error.count("\n") == 1


def test_an_unexpected_error_points_to_debug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_doing(ZeroDivisionError("by zero"), monkeypatch)
    assert app.main(["doctor"]) == app.DEFECT
    error = capsys.readouterr().err
    assert error.startswith("Error: Unexpected ZeroDivisionError: by zero.")
    assert "--debug" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (FileExistsError(errno.EEXIST, "File exists", "/out/masks"), "/out/masks: File exists"),
        (PermissionError(errno.EACCES, "Permission denied", "/out"), "/out: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    ],
)
def test_a_disk_that_refuses_is_one_clear_line(
    error: OSError,
    start: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command_doing(error, monkeypatch)
    assert app.main(["doctor"]) == 2
    message = f"Error: {start}; choose another folder or make room.\n"
    assert capsys.readouterr().err == message


def test_an_error_of_the_system_that_is_no_disks_is_still_a_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_doing(OSError("libcudart.so: cannot open shared object file"), monkeypatch)
    assert app.main(["doctor"]) == app.DEFECT
    assert "libcudart" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--debug", "doctor"], ["doctor", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_doing(LabelError("Got 7."), monkeypatch)
    assert app.main(arguments) == 2
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert "test_cli_app.py" in error
    assert error.rstrip().endswith("Error: Got 7.")


def test_an_interruption_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_doing(KeyboardInterrupt(), monkeypatch)
    assert app.main(["doctor"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?"),
        (["train"], "Missing argument"),
        (["train", "x", "--preset", "quick"], "'quick' is not one of 'fast', 'best', 'paper'"),
        (["train", "x", "--fast"], "No such option: --fast"),
        (["segment", "m", "x", "--frame", "1.5"], "--frame: got '1.5', expected a whole number."),
        (["import", "x", "--frame", "ED"], "--frame: got 'ED', expected a whole number."),
        (["report", "x", "--height", "tall"], "--height: got 'tall', expected a number."),
        (["train", "x", "--crop", "7"], "Got --crop 7; it should be greater than or equal to 32"),
    ],
)
def test_a_usage_error_is_one_line_too(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "napari_scribblemix", "inspect", str(tmp_path / "nothing")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert "nothing" in done.stderr
