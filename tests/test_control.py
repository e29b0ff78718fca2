"""How a running training is paused, resumed and stopped."""

from __future__ import annotations

import threading
import time

from napari_scribblemix.training.control import Control


def test_a_stop_also_ends_a_pause() -> None:
    control = Control()
    control.pause()
    assert control.paused
    control.stop()
    assert control.stopping
    assert not control.paused


def test_waking_before_waiting_is_not_missed() -> None:
    control = Control()
    control.wake()
    begun = time.monotonic()
    control.wait(5.0)
    assert time.monotonic() - begun < 1.0


def test_waiting_ends_when_another_thread_wakes() -> None:
    control = Control()
    control.pause()
    threading.Timer(0.1, control.resume).start()
    begun = time.monotonic()
    control.wait(5.0)
    assert 0.05 < time.monotonic() - begun < 2.0
    assert not control.paused


def test_waiting_uses_no_time_of_the_processor() -> None:
    control, begun = Control(), time.process_time()
    control.wait(0.5)
    assert time.process_time() - begun < 0.1
