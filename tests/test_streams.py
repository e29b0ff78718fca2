"""Events out, lines in, and nothing else between."""

from __future__ import annotations

import os
import subprocess
import sys

from napari_scribblemix.events import Warned, parse_event
from napari_scribblemix.worker.streams import EventWriter, read_lines

NOISY = """
import os, sys
from napari_scribblemix.events import Warned
from napari_scribblemix.worker.streams import EventWriter, read_lines, take_pipes
reading, writing = take_pipes()
writer = EventWriter(writing)
print("a library prints", flush=True)
os.system("echo a program prints")
os.write(1, b"C code prints\\n")
assert sys.stdin.readline() == ""
for line in read_lines(reading):
    writer.write(Warned(message=line.decode()))
"""


def test_stray_prints_and_reads_do_not_touch_the_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOISY], input=b"one\ntwo\n", capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    events = [parse_event(line) for line in done.stdout.splitlines()]
    assert events == [Warned(message="one"), Warned(message="two")]
    assert done.stderr.count(b"prints") == 3


def test_lines_are_whole_however_they_arrive() -> None:
    reading, writing = os.pipe()
    for part in (b"fir", b"st\nsec", b"ond\ncut off"):
        os.write(writing, part)
    os.close(writing)
    assert list(read_lines(reading)) == [b"first", b"second"]
    os.close(reading)


def test_a_parent_that_is_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    EventWriter(writing).write(Warned(message="nobody hears"))
    os.close(writing)
