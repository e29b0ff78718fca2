"""The README's commands: CI runs its test command as it stands, the others run here, shortened."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from napari_scribblemix.cli import app

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "napari-scribblemix"
# Of these, windows open: the window's own tests start them.
WINDOWS = {"gui"}


def bash_lines(text: str) -> list[str]:
    """The lines of all bash blocks, continued lines joined, comments left out."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def program_calls(lines: list[str]) -> list[list[str]]:
    """The arguments of every call of our program in ``lines``, in order."""
    calls = []
    for line in lines:
        for command in line.split("&&"):
            words = shlex.split(command, comments=True)
            if words and Path(words[0]).name == PROGRAM:
                calls.append(words[1:])
    return calls


def shortened(arguments: list[str]) -> list[str]:
    """The same call with two training steps instead of a time or a number of steps."""
    result = list(arguments)
    for option in ("--time", "--steps", "--epochs"):
        if option in result:
            place = result.index(option)
            result[place : place + 2] = ["--steps", "2"]
    return result


LINES = bash_lines((ROOT / "README.md").read_text(encoding="utf-8"))
CALLS = program_calls(LINES)


def test_readme_shows_the_main_job_and_the_tests_as_one_line_each() -> None:
    from_nothing = [line for line in LINES if "python3 -m venv" in line]
    assert sum(".venv/bin/pytest" in line for line in from_nothing) == 1
    assert sum(f".venv/bin/{PROGRAM} train" in line for line in from_nothing) == 1
    for line in from_nothing:
        assert "-c .constraints.txt" in line


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extraction = next(line for line in script.splitlines() if line.startswith("test_command="))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'{extraction}; printf %s "$test_command"'],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    (expected,) = (line for line in LINES if ".venv/bin/pytest" in line)
    assert done.stdout == expected
    assert script.rstrip().endswith('bash -euo pipefail -c "$test_command"')


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_command_is_understood(call: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_later", lambda module: lambda settings: None)
    assert app.main(call) == 0


def test_the_commands_run_one_after_the_other(tmp_path: Path) -> None:
    ran = []
    for call in dict.fromkeys(map(tuple, map(shortened, CALLS))):
        own_data = any(re.match(r"my[-_]", word) for word in call)
        if own_data or call[0] in WINDOWS:
            continue
        done = subprocess.run(
            [sys.executable, "-m", "napari_scribblemix", *call],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(call)}\n{done.stdout}\n{done.stderr}"
        ran.append(call[0])
    assert {"sample", "train", "segment", "evaluate"} <= set(ran)
