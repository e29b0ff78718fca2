"""What several test files need: the real data, where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

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
