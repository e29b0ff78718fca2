"""What the parent asks for, gathered; how a worker really ends is tried in test_worker_client."""

from __future__ import annotations

import os

import pytest

from napari_scribblemix.events import Event, Warned
from napari_scribblemix.worker.inbox import Inbox
from napari_scribblemix.worker.messages import Pause, Resume, Stop


class Pipe:
    """An inbox whose lines are read at once, in this thread: it starts none and watches nothing."""

    def __init__(self, *lines: str) -> None:
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{line}\n" for line in lines).encode())
        os.close(writing)
        self.told: list[Event] = []
        self.arrivals = 0
        self.inbox = Inbox(reading, self.told.append)
        self.inbox.on_arrival = self.arrived
        self.inbox._read()
        os.close(reading)

    def arrived(self) -> None:
        self.arrivals += 1


def test_commands_are_taken_once_in_their_order_and_the_end_is_a_stop() -> None:
    pipe = Pipe("job", Pause().model_dump_json(), Resume().model_dump_json())
    assert pipe.inbox.first_line() == b"job"
    assert pipe.inbox.take() == [Pause(), Resume(), Stop()]
    assert pipe.inbox.take() == []
    assert pipe.arrivals == 3
    assert pipe.inbox.stop_asked


def test_a_line_that_is_no_command_is_told_and_the_next_is_read() -> None:
    pipe = Pipe("job", "dance", Pause().model_dump_json())
    assert pipe.inbox.take()[0] == Pause()
    (told,) = pipe.told
    assert isinstance(told, Warned)
    assert "Got a command that is not known" in told.message


@pytest.mark.parametrize("times", [1, 3])
def test_an_end_is_one_stop_however_often_it_comes(times: int) -> None:
    pipe = Pipe()
    for _ in range(times):
        pipe.inbox.end_soon()
    assert pipe.inbox.first_line() is None
    assert pipe.inbox.take() == [Stop()]
