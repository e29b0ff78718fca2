"""Do to the program what must not harm it, many times, and print the table of what came of it.

    python tests/reliability/run.py [--only ROW ...] [--tries N] [--seconds S] [--seed 0]

Without limits each row does the tries of its long form; all of them take hours.  ``--seconds`` ends
each row after so long.  The same seed gives the same tries (not the same moments: those are the
machine's).  The table is ready for ``RECORD.md``; what went wrong is printed below it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent


def main() -> int:
    """Run the rows asked for; 1 if something went wrong."""
    # This tree, also where another one is installed.
    sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "gui")]
    from rows import ROWS
    from tries import HEADER, SHOWN, attempt, attempt_apart

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="ROW")
    parser.add_argument("--tries", type=int, help="instead of those of the long form")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="longest for each row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one row, here, as a JSON line")
    options = parser.parse_args()
    if options.json:
        row = ROWS[options.only[0]]
        tally = attempt(row, options.tries or row.long, options.seed, options.seconds)
        print(json.dumps(dataclasses.asdict(tally)))
        return 0
    print(HEADER, flush=True)
    bad = []
    for name in options.only:
        row = ROWS[name]
        tally = attempt_apart(row, options.tries or row.long, options.seed, options.seconds)
        print(tally.line(row), flush=True)
        print(f"{name}: {tally.seconds:.0f} s", file=sys.stderr, flush=True)
        bad += [f"{name}: {line}" for line in tally.bad[:SHOWN]]
    print("", *bad, sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
