"""A fault done to the program again and again, and what is counted.

A row of ``rows`` has a module ``row_NAME.py`` with an ``attack``.  That is a generator: each item
is one try, empty where the program behaved as promised, else a line on what went wrong.  All chance
comes from the generator of random numbers that it is passed, so that a seed gives the same tries
again.  Nothing here knows what the tries do.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHOWN = 40


@dataclass
class Place:
    """Where an attack works, and what it counts beside its tries."""

    folder: Path
    rng: random.Random
    measures: Counter[str] = field(default_factory=Counter)

    def highest(self, name: str, value: int) -> None:
        """Keep the largest of the values seen."""
        self.measures[name] = max(self.measures[name], value)


@dataclass(frozen=True)
class Row:
    """One fault: ``short`` tries in the test suite, ``long`` ones for the record.

    ``wanted`` is the figure to reach, in words.  ``fresh``: in a process of its own, because it
    forks, limits its memory or opens windows.
    """

    name: str
    fault: str
    wanted: str
    short: int
    long: int
    fresh: bool = False

    def attack(self, place: Place) -> Iterator[str]:
        """Its tries; the module, which may load torch or napari, is imported only now."""
        tries: Iterator[str] = importlib.import_module(f"row_{self.name}").attack(place)
        return tries


@dataclass
class Tally:
    """What came of the tries of a row."""

    row: str
    tries: int = 0
    bad: list[str] = field(default_factory=list)
    seconds: float = 0.0
    measures: dict[str, int] = field(default_factory=dict)

    def line(self, row: Row) -> str:
        """As a line of the table."""
        beside = "; ".join(f"{value} {name}" for name, value in sorted(self.measures.items()))
        told = f"{self.tries} | **{len(self.bad)}** | {beside}"
        return f"| {row.fault} | {told} | {row.wanted} |"


HEADER = "| fault | tries | bad outcomes | counted beside | wanted |\n|---|---|---|---|---|"


def attempt(row: Row, tries: int, seed: int = 0, seconds: float = float("inf")) -> Tally:
    """Do ``tries`` of a row in this process, fewer if they take longer than ``seconds``."""
    tally, begun = Tally(row.name), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tries-", ignore_cleanup_errors=True) as name:
        place = Place(Path(name), random.Random(f"{seed} {row.name}"))
        for outcome in row.attack(place):
            tally.tries += 1
            if outcome:
                tally.bad.append(outcome)
            if tally.tries >= tries or time.monotonic() - begun > seconds:
                break
        tally.measures = dict(place.measures)
    tally.seconds = time.monotonic() - begun
    return tally


def attempt_apart(row: Row, tries: int, seed: int = 0, seconds: float = float("inf")) -> Tally:
    """The same in a process of its own; ``RuntimeError`` with what it said if that fails."""
    limits = ["--tries", str(tries), "--seed", str(seed), "--seconds", str(seconds)]
    command = [sys.executable, str(HERE / "run.py"), "--only", row.name, *limits, "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        return Tally(**json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError) as error:
        raise RuntimeError(f"{row.name}: {done.returncode} {done.stderr[-3000:]}") from error
