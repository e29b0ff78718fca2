"""Where the user's errors end in the window: one sentence told, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.state.session import Session

P = ParamSpec("P")


def guarded(session: Session, function: Callable[P, object]) -> Callable[P, None]:
    """``function`` as a slot: what it raises of the user's errors is told by ``session``."""

    @wraps(function)
    def slot(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except ScribbleMixError as error:
            session.told.emit("error", str(error))

    return slot
