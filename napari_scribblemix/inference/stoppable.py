"""A prediction that can be left in the middle: who asks to stop does not wait for a whole volume.

It is looked at before each pass through the network, which takes a part of a second; a validation
is hundreds of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


class LeftEarly(Exception):
    """What was being predicted is not there, because a stop was asked for."""


@contextmanager
def stoppable(network: nn.Module, stopping: Callable[[], bool]) -> Iterator[None]:
    """Let the next pass through ``network`` raise ``LeftEarly`` once ``stopping`` is true."""

    def look(_network: nn.Module, _given: Any) -> None:
        if stopping():
            raise LeftEarly

    hook = network.register_forward_pre_hook(look)
    try:
        yield
    finally:
        hook.remove()
