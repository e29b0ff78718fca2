"""A worker that waits: woken at once, and with memory given back when it waits for long."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from napari_scribblemix.worker.child import idle


def test_what_arrives_ends_the_wait_before_and_after_memory_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrived = threading.Event()
    arrived.set()
    began = time.monotonic()
    idle.wait_for(arrived)
    assert time.monotonic() - began < idle.REST
    monkeypatch.setattr(idle, "REST", 0.01)
    arrived.clear()
    waiter = threading.Thread(target=idle.wait_for, args=(arrived,))
    waiter.start()
    waiter.join(0.2)
    assert waiter.is_alive()
    arrived.set()
    waiter.join(10)
    assert not waiter.is_alive()


@pytest.mark.skipif(idle.trim_memory() is None, reason="only glibc gives memory back when asked")
def test_memory_that_is_not_used_goes_back_to_the_system() -> None:
    def held() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    # Small pieces, which the allocator keeps in its heap; the last one holds its end.
    pieces = [bytes(1000) for _ in range(60_000)]
    last = [bytes(1000) for _ in range(10)]
    before = held()
    del pieces
    idle.trim_memory()
    assert before - held() > 20e6
    assert last
