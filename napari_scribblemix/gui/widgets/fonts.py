"""Widgets whose size is counted in letters: they are fitted anew when the font changes."""

from __future__ import annotations

from qtpy.QtCore import QEvent


class FittedToFont:
    """Beside a ``QWidget``, before it in the bases: calls ``fit`` at each change of the font."""

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Another font or style."""
        super().changeEvent(event)  # type: ignore[misc]
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit()

    def fit(self) -> None:
        """Take the size that the font asks for."""
        raise NotImplementedError
