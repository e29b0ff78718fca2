"""Each row of the table in its short form: nothing may go wrong."""

from __future__ import annotations

import sys

import pytest
from rows import ROWS
from tries import attempt, attempt_apart

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and limits are POSIX's")


# Those with processes of their own take more than ten seconds each on a busy machine.
NAMES = [pytest.param(row.name, marks=[pytest.mark.slow] * row.fresh) for row in ROWS.values()]


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_does_no_harm(name: str) -> None:
    row = ROWS[name]
    tally = (attempt_apart if row.fresh else attempt)(row, row.short, seconds=60.0)
    assert tally.tries > 0
    assert tally.bad == []
