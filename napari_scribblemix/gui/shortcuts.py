"""What the keys and napari's command palette do: as the button of the panel, where there is one.

What cannot be done now is told, with the reason that the greyed button's tooltip gives.  The keys
are the viewer's while the panel is there: a field that one types into keeps them (``keyboard``),
and what the chosen layer binds itself comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QAbstractButton, QApplication

from napari_scribblemix.gui.keys import COMMANDS, Key
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.widgets.controls import name_key, reason_of

if TYPE_CHECKING:
    from napari_scribblemix.gui.dock import ScribbleMixWidget


def _buttons(widget: ScribbleMixWidget) -> dict[str, QAbstractButton]:
    """The commands that are buttons of the panel."""
    review, scribble = widget.review_panel, widget.scribble_panel
    return {
        "accept": review.accept_button,
        "least_sure": review.uncertain_button,
        "segment": review.segment_button,
        "hide_mask": review.prediction,
        "outline": review.outline,
        "both_phases": review.both,
        "no_heart": scribble.no_heart_button,
        "copy_before": scribble.copy_button,
    }


def name_keys(widget: ScribbleMixWidget) -> None:
    """Let each button's tooltip name its key, before anybody greys one out."""
    buttons = _buttons(widget)
    for key in COMMANDS:
        if key.command in buttons:
            name_key(buttons[key.command], key.keys)


class Shortcuts:
    """Binds the keys in the viewer of ``widget`` until it is closed."""

    def __init__(self, widget: ScribbleMixWidget) -> None:
        self._widget = widget
        self._buttons = _buttons(widget)
        self._others: dict[str, Callable[[], object]] = {
            "other_phase": widget.cases.steps.to_other_phase,
            "next_case": lambda: widget.cases.steps.to_case(1),
            "case_before": lambda: widget.cases.steps.to_case(-1),
            "copy_after": lambda: widget.draw.whole_slices.copy_from(1),
        }
        self._bound: dict[str, Callable[..., Any]] = {}
        for key in COMMANDS:
            self._bind(key)
        self._application = QApplication.instance()
        self._application.focusChanged.connect(self._on_focus)

    def close(self) -> None:
        """Give the keys back."""
        self._application.focusChanged.disconnect(self._on_focus)
        viewer = self._widget.board.viewer
        for keys, bound in self._bound.items():
            found = viewer.bind_key(keys, None)
            if found is not None and found is not bound:
                # Somebody took the key meanwhile: it is theirs.
                viewer.bind_key(keys, found)
        self._bound.clear()

    def run(self, command: str) -> None:
        """Do what a command of ``COMMANDS`` says, or tell why not."""
        button = self._buttons.get(command)
        if button is None:
            guarded(self._widget.session, self._others[command])()
        elif button.isEnabled():
            button.click()
        else:
            self._widget.session.told.emit("warning", f"Not now: {reason_of(button)}")

    def _bind(self, key: Key) -> None:
        def act(_viewer: Any) -> None:
            self.run(key.command)

        def hold(_viewer: Any) -> Iterator[None]:
            self._hold(key, on=True)
            yield
            self._hold(key, on=False)

        viewer, bound = self._widget.board.viewer, hold if key.held else act
        if not any(str(known) == key.keys.replace("-", "+") for known in viewer.keymap):
            viewer.bind_key(key.keys, bound)
            self._bound[key.keys] = bound

    def _on_focus(self, _old: object, _new: object) -> None:
        """The release of a held key goes to whoever has the keyboard now."""
        for key in COMMANDS:
            if key.held:
                self._hold(key, on=False)

    def _hold(self, key: Key, *, on: bool) -> None:
        if key.keys == "Q":
            self._widget.review.blink(off=on)
        elif self._widget.seeing is not None:
            self._widget.seeing.measure(on=on)
