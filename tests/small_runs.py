"""A run of the command line on phantoms, trained once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_scribblemix.cli.app import main
from phantoms import write_folder

Run = Callable[..., tuple[int, str, str]]


SMALL = ("--crop", "48", "--batch", "4", "--spacing", "1.5", "--device", "cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("cli") / "study", scribbled=2, masked=1)


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("trained") / "run"
    assert main(["train", str(folder), "--steps", "3", "--output", str(output), *SMALL]) == 0
    return output
