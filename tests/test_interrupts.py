"""A stop from outside comes at the right moment."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from napari_scribblemix.data.interrupts import ended_in_order, undisturbed


@pytest.fixture(autouse=True)
def handlers_stay() -> Iterator[None]:
    # Whoever starts the tests in the background may have Ctrl-C ignored.
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    signal.signal(signal.SIGINT, outside)


def stopped_twice(done: list[int]) -> None:
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        done.append(1)
    done.append(2)


def stopped_by_the_system(done: list[int]) -> None:
    with ended_in_order():
        with undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append(1)
        done.append(2)


def stopped_where_it_fails(done: list[int]) -> None:
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        done.append(1)
        raise ValueError("inside")


@pytest.mark.parametrize("work", [stopped_twice, stopped_by_the_system, stopped_where_it_fails])
def test_a_stop_waits_for_what_belongs_together(work: Callable[[list[int]], None]) -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        work(done)
    assert done == [1]


def test_an_error_inside_is_told() -> None:
    with pytest.raises(ValueError, match="inside"), undisturbed():
        raise ValueError("inside")


def test_other_threads_are_left_alone() -> None:
    done: list[int] = []

    def work() -> None:
        with undisturbed(), ended_in_order():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
