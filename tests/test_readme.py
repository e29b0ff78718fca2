"""Commands that README and docs show: CI runs the test command as it stands, the rest run here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from shown_commands import PROGRAM, bash_lines, program_calls, shortened

from napari_scribblemix.cli import app

ROOT = Path(__file__).resolve().parent.parent
# Of these, windows open: the window's own tests start them.
WINDOWS = {"gui"}


LINES = bash_lines((ROOT / "README.md").read_text(encoding="utf-8"))
CALLS = program_calls(LINES)
PAGES = sorted((ROOT / "docs").rglob("*.md"))
IN_DOCS = [c for p in PAGES for c in program_calls(bash_lines(p.read_text(encoding="utf-8")))]


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
    for call in dict.fromkeys(map(tuple, map(shortened, CALLS + IN_DOCS))):
        own_data = any(re.match(r"my[-_]", word) for word in call)
        if own_data or call[0] in WINDOWS:
            continue
        done = subprocess.run(
            [sys.executable, "-m", "napari_scribblemix", *call],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(call)}\n{done.stdout}\n{done.stderr}"
        ran.append(call[0])
    assert {"sample", "train", "segment", "evaluate", "inspect"} <= set(ran)
