"""What the window is made of is not looked through for garbage while somebody draws.

Python looks for objects that only hold each other, now and then through all of them.  napari, Qt
and this plugin are some 300,000 by the time a case is on screen, which takes a quarter of a second,
in the middle of a stroke.  So they are set aside once, and taken back when the panel closes; what
comes later is looked through as ever, in milliseconds.
"""

from __future__ import annotations

import gc

from napari_scribblemix.gui.state.session import Session


class LongLived:
    """Sets aside what is there when the first case of ``session`` is on screen."""

    def __init__(self, session: Session) -> None:
        self._session, self._done = session, False
        session.case_changed.connect(self._set_aside)

    def close(self) -> None:
        """Garbage among it may go again."""
        self._session.case_changed.disconnect(self._set_aside)
        if self._done:
            take_back()

    def _set_aside(self) -> None:
        if not self._done and self._session.case is not None:
            self._done = True
            set_aside()


def set_aside() -> None:
    """Look no more through what is there now."""
    gc.freeze()


def take_back() -> None:
    """Look through everything again."""
    gc.unfreeze()
