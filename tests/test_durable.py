"""Atomic writes (data), lock and journal (project)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from napari_scribblemix.data.durable import atomic_path, atomic_write, remove_strays
from napari_scribblemix.errors import FileError, ProjectLocked
from napari_scribblemix.project.durable import FileLock, Journal


def run_python(code: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_when_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.bin"
    atomic_write(path, b"one")
    atomic_write(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    atomic_write(path, b"old")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_bytes(b"half")
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    atomic_write(path, b"old")
    code = """
import sys, time, pathlib
from napari_scribblemix.data.durable import atomic_path
with atomic_path(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""
    kill_when_ready(run_python(code, path))
    assert path.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match=r"inner\.bin could not be written"):
        atomic_write(tmp_path / "file" / "inner.bin", b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("target", ["real.bin", "nothing.bin", "link.bin"])
def test_a_link_is_replaced_and_not_what_it_points_to(tmp_path: Path, target: str) -> None:
    atomic_write(tmp_path / "real.bin", b"old")
    (tmp_path / "link.bin").symlink_to(target)
    atomic_write(tmp_path / "link.bin", b"new")
    assert not (tmp_path / "link.bin").is_symlink()
    assert (tmp_path / "link.bin").read_bytes() == b"new"
    assert (tmp_path / "real.bin").read_bytes() == b"old"
    assert not (tmp_path / "nothing.bin").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="hard links")
def test_the_other_names_of_a_file_keep_it(tmp_path: Path) -> None:
    atomic_write(tmp_path / "one.bin", b"old")
    os.link(tmp_path / "one.bin", tmp_path / "two.bin")
    atomic_write(tmp_path / "two.bin", b"new")
    assert (tmp_path / "one.bin").read_bytes() == b"old"


def test_a_name_as_long_as_a_name_may_be_can_be_written(tmp_path: Path) -> None:
    atomic_write(tmp_path / ("x" * 251 + ".bin"), b"new")
    atomic_write(tmp_path / ("é" * 120 + ".bin"), b"new")
    assert len(list(tmp_path.iterdir())) == 2


def test_strays_of_the_dead_are_removed_and_not_those_of_the_living(tmp_path: Path) -> None:
    code = """
import sys, time, pathlib
from napari_scribblemix.data.durable import atomic_path
with atomic_path(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""
    others = [".x.part", ".x.1234567.part", "x.12345678.part", ".x.12345678.part.txt"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / ".x.12345678.part").touch()
    process = run_python(code, tmp_path / "file.bin")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert remove_strays(tmp_path) == 0
    assert len(list(tmp_path.glob(".file.bin.*.part"))) == 1
    process.kill()
    process.wait()
    process.stdout.close()
    assert remove_strays(tmp_path) == 1
    assert remove_strays(tmp_path, depth=1) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "inner"])
    assert remove_strays(tmp_path / "nothing") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_strays_behind_links_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".x.12345678.part").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "folder" / ".y.12345678.part").symlink_to(tmp_path / "other" / ".x.12345678.part")
    assert remove_strays(tmp_path / "folder", depth=2) == 0
    assert (tmp_path / "other" / ".x.12345678.part").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    atomic_write(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_lock_has_one_holder_and_names_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(ProjectLocked, match=f"process {os.getpid()} on"):
        FileLock(tmp_path / "lock")
    lock.release()
    lock.release()
    FileLock(tmp_path / "lock").release()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    code = """
import sys, time, pathlib
from napari_scribblemix.project.durable import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
time.sleep(60)
"""
    process = run_python(code, tmp_path / "lock")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    with pytest.raises(ProjectLocked, match=f"process {process.pid}"):
        FileLock(tmp_path / "lock")
    process.kill()
    process.wait()
    process.stdout.close()
    FileLock(tmp_path / "lock").release()


def test_a_journal_keeps_records_in_order_until_cleared(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "scribbles" / "a.journal")
    assert journal.records() == []
    for number in range(3):
        journal.append({"number": number})
    assert [record["number"] for record in journal.records()] == [0, 1, 2]
    journal.clear()
    journal.clear()
    assert journal.records() == []


def test_a_record_cut_short_is_left_out_and_spoils_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.journal")
    journal.append({"number": 0})
    journal.append({"number": 1})
    journal.path.write_bytes(journal.path.read_bytes()[:-4])
    journal.append({"number": 2})
    assert [record["number"] for record in journal.records()] == [0, 2]


def test_a_damaged_record_is_left_out(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.journal")
    journal.append({"number": 0})
    journal.append({"number": 1})
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"number":0', b'"number":9'))
    assert [record["number"] for record in journal.records()] == [1]


@pytest.mark.parametrize("body", [b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000])
def test_a_whole_line_that_is_no_record_is_told(tmp_path: Path, body: bytes) -> None:
    journal = Journal(tmp_path / "a.journal")
    journal.path.write_bytes(b"%08x " % zlib.crc32(body) + body + b"\n")
    with pytest.raises(FileError, match=r"a\.journal holds a line that is no record"):
        journal.records()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_records_survive_a_kill(tmp_path: Path) -> None:
    code = """
import os, signal, sys, pathlib
from napari_scribblemix.project.durable import Journal
journal = Journal(pathlib.Path(sys.argv[1]))
for number in range(5):
    journal.append({"number": number})
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = run_python(code, tmp_path / "a.journal")
    assert process.wait() == -signal.SIGKILL
    assert process.stdout is not None
    process.stdout.close()
    assert len(Journal(tmp_path / "a.journal").records()) == 5
