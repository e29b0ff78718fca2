"""Window actions in a random order, and what must hold after each of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from by_hand import STARTED, predict, project_of
from fakes import FakeClient

from napari_scribblemix import events as ev
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.viewer.layers import IMAGE, PREDICTION, SCRIBBLES, UNCERTAINTY


def say(line: str) -> None:
    """Print at once: the process may die next."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Walk:
    """``make`` opens the widget anew, ``click_cross`` closes it, ``turn`` runs the event loop."""

    def __init__(
        self,
        make: Callable[[], ScribbleMixWidget],
        click_cross: Callable[[ScribbleMixWidget], None],
        turn: Callable[[float], None],
        rng: np.random.Generator,
    ) -> None:
        self._make, self._click_cross, self._turn, self._rng = make, click_cross, turn, rng
        self.widget = make()
        self.viewer: Any = self.widget.board.viewer
        self._others: list[Any] = []
        self._step = 0

    def go(self, actions: int) -> None:
        """So many actions; what was done is printed before it is done."""
        possible = [name for name in dir(self) if name.startswith("do_")]
        for number in range(actions):
            name = str(self._rng.choice(possible))
            say(f"{number} {name}")
            getattr(self, name)()
            self._turn(0.01)
            self.check()

    def check(self) -> None:
        """What is on screen is the open case, and the strokes are on the disk."""
        widget = self.widget
        case, board = widget.session.the_case(), widget.board
        widget.draw.watch.look()
        for role, array in ((IMAGE, case.image.array), (PREDICTION, case.prediction)):
            layer = board.layer(role)
            if layer is not None and not np.array_equal(layer.data, array):
                raise ValueError(f"the layer {role} does not show {case.id}")
        layer = board.layer(SCRIBBLES)
        if layer is not None:
            kept = project_of(widget).read_scribble(case.id, case.image.geometry)
            if not np.array_equal(widget.session.scheme.to_viewer(kept), layer.data):
                raise ValueError(f"the strokes of {case.id} are not those on the disk")

    def _any(self, *things: Any) -> Any:
        return things[int(self._rng.integers(len(things)))]

    # -- cases and slices --

    def do_change_case(self) -> None:
        self.widget.cases.show_case(
            self._any(*(state.id for state in self.widget.session.case_states()))
        )

    do_change_case_too = do_change_case

    def do_go_to_slice(self) -> None:
        self.widget.board.go_to_slice(int(self._rng.integers(4)))

    def do_slider(self) -> None:
        dims = self.viewer.dims
        dims.set_current_step(0, int(self._rng.integers(dims.nsteps[0])))

    def do_turn_view(self) -> None:
        dims = self.viewer.dims
        self._any(dims.roll, dims.transpose)()

    def do_3d(self) -> None:
        self.viewer.dims.ndisplay = self._any(2, 3)

    def do_reset_view(self) -> None:
        self.viewer.reset_view()

    # -- strokes and masks --

    def do_draw(self) -> None:
        self.widget.scribble_panel.draw_button.click()

    def do_stroke(self) -> None:
        layer = self.widget.board.layer(SCRIBBLES)
        if layer is not None:
            z, y, x = (np.array([int(self._rng.integers(n))]) for n in layer.data.shape)
            layer.data_setitem((z, y, x), int(self._rng.integers(5)))

    def do_undo(self) -> None:
        panel = self.widget.scribble_panel
        self._any(panel.undo_wanted, panel.redo_wanted).emit()

    def do_mask(self) -> None:
        predict(self.widget, int(self._rng.integers(1, 4)))

    def do_review(self) -> None:
        panel = self.widget.review_panel
        self._any(
            panel.accept_button, panel.accept_all_button, panel.take_button,
            panel.uncertain_button, panel.prediction, panel.outline, panel.uncertainty,
        ).click()  # fmt: skip

    def do_next_slice(self) -> None:
        self.widget.scribble_panel.next_wanted.emit()

    # -- layers by hand --

    def do_delete_layer(self) -> None:
        layers = self.viewer.layers
        if len(layers) > 1:
            layers.remove(self._any(*layers))

    def do_delete_several(self) -> None:
        board = self.widget.board
        chosen = [board.layer(role) for role in (PREDICTION, UNCERTAINTY, SCRIBBLES)]
        self.viewer.layers.selection = {layer for layer in chosen if layer is not None}
        self.viewer.layers.remove_selected()

    def do_choose_again(self) -> None:
        tree = self.widget.images_panel.tree
        if chosen := tree.selectedItems():
            tree.itemClicked.emit(chosen[0], 0)

    def do_add_layer_of_another(self) -> None:
        settings = self._any(
            {"scale": (8000, 1, 1), "units": ("um",) * 3}, {"scale": (2, 1, 1)}, {}
        )
        self.viewer.add_image(np.zeros((5, 20, 20), np.float32), **settings)

    def do_hide_layer(self) -> None:
        layer = self._any(*self.viewer.layers)
        layer.visible = not layer.visible

    # -- window and training --

    def do_close_and_open(self) -> None:
        self._click_cross(self.widget)
        self._turn(0.02)
        self.widget = self._make()

    def do_train(self) -> None:
        widget = self.widget
        if not widget.session.run.busy and widget.train_panel.train_button.isEnabled():
            widget.train_panel.train_button.click()
            widget.session.follow(STARTED)
        elif widget.session.run.training:
            self._step += 10
            done = ev.Progress(
                step=self._step, fraction=0.1, elapsed=1.0, eta=9.0, slices_per_second=5.0,
                learning_rate=0.1, loss=1.0, terms={},
            )  # fmt: skip
            widget.session.follow(done)

    def do_end_training(self) -> None:
        if self.widget.session.run.busy:
            FakeClient.made.end()

    def do_theme(self) -> None:
        self.viewer.theme = self._any("dark", "light")
