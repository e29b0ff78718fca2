"""Killed in the middle of painting: what is older than a second is there when one opens again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_scribblemix.project.layouts import survey
from napari_scribblemix.project.project import Project
from phantoms import write_folder

PAINTER = Path(__file__).with_name("painter.py")


def paint_and_kill(folder: Path, seconds: float) -> tuple[int, int]:
    """Strokes painted more than a second before the kill, and how many of them are lost."""
    process = subprocess.Popen(
        [sys.executable, PAINTER, folder],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    killed = time.time()
    lines = [first, *process.stdout.readlines()]
    process.wait()
    process.stdout.close()
    strokes = [line.split() for line in lines if line.endswith("\n")]
    old = [int(number) for number, when in strokes if killed - float(when) > 1.0]
    with Project.open(folder) as project:
        scribble = project.read_scribble("case00", project.read_image("case00").geometry).ravel()
    meanings = {1: 1, 2: 2, 3: 3, 4: 0}
    return len(old), sum(scribble[number] != meanings[number % 4 + 1] for number in old)


@pytest.fixture
def folder_of_project(tmp_path: Path) -> Path:
    folder = tmp_path / "p.scribblemix"
    with Project.create(folder) as project:
        for files in survey(write_folder(tmp_path / "study")).cases:
            project.add_case(files)
    return folder


def test_no_stroke_older_than_a_second_is_lost(folder_of_project: Path) -> None:
    painted, lost = paint_and_kill(folder_of_project, 2.0)
    assert painted > 5
    assert lost == 0
