"""A real window in a process of its own, driven through a scenario; a crash is its exit code.

    PYTHONPATH=tests python tests/gui/real_window.py closings FOLDER over:cross running:viewer
    PYTHONPATH=tests python tests/gui/real_window.py changes FOLDER 40
    PYTHONPATH=tests python tests/gui/real_window.py starts FOLDER 2
    PYTHONPATH=tests python tests/gui/real_window.py layers FOLDER viewer
    PYTHONPATH=tests python tests/gui/real_window.py live FOLDER quit
    PYTHONPATH=tests python tests/gui/real_window.py walk FOLDER SEED ACTIONS

Used by ``test_real_window`` and the benchmark ``gui_walk``.  It prints ``done`` at the end; errors
that reach nobody are printed and make the exit code 1; a crash prints the stacks of all threads.
"""

from __future__ import annotations

import faulthandler
import gc
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import napari
import numpy as np
from by_hand import open_folder, predict, project_of
from fakes import FakeClient
from qtpy.QtWidgets import QMessageBox
from real_live import live
from turning import click_cross, close, sample_window, train, turn, wait_for
from walk import Walk, say

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.gui.__main__ import main as start
from napari_scribblemix.gui.commands import dock
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.one_click import work_of
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.preferences import PLUGIN
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.state.run_curves import CurveData
from napari_scribblemix.gui.viewer.layers import SCRIBBLES
from phantoms import draw

_errors: list[str] = []


def _note(kind: Any, error: Any, trace: Any) -> None:
    _errors.append("".join(traceback.format_exception(kind, error, trace)))
    sys.stderr.write(_errors[-1])


def closings(folder: Path, steps: list[str]) -> None:
    """Each step: a training (``running``, ``over``, only its ``plots``, ``none``), then a closing.

    After a cross the widget is opened again in the same window.
    """
    viewer = napari.Viewer()
    for step in steps:
        state, route = step.split(":")
        widget = dock(viewer)
        open_folder(widget, folder)
        turn(0.2)
        if state == "plots":
            widget.train_panel.curves.show_curves(CurveData(), empty=True)
            turn(0.5)
        elif state != "none":
            train(widget, over=state == "over")
        close(viewer, widget, route)
        turn(0.5)
        say(f"closed {step}")


def wait_for_a_step(line: Any) -> None:
    """Until a line of words says how much time is left."""
    wait_for(lambda: "left" in str(line.value), "a step of the training")


def layers(folder: Path, route: str) -> None:
    """*Train on layers* with a real worker, and the window closed in the middle of its training."""
    preferences.projects_folder = lambda: folder / "projects"
    image, _, strokes = draw(0)
    viewer = napari.Viewer()
    viewer.add_image(image, name="my heart", scale=(8.0, 1.5, 1.5), units=("mm",) * 3)
    viewer.add_labels(
        CARDIAC.to_viewer(strokes), name="strokes", scale=(8.0, 1.5, 1.5), units=("mm",) * 3
    )
    widget = viewer.window.add_plugin_dock_widget(PLUGIN, "Train on layers")[1]
    widget.minutes.value = 30
    widget()
    work = work_of(viewer)
    wait_for_a_step(widget[-1])
    client = work._relay._client
    if route == "viewer":
        viewer.close()
    else:
        viewer.window._qt_window.close(quit_app=route == "quit")
    turn(0.5)
    del viewer, widget, work
    gc.collect()
    turn(0.5)
    wait_for(lambda: not client.running, "the end of the worker")
    saved = list(folder.glob("projects/layer-my_heart.scribblemix/runs/*/model.safetensors"))
    say("saved" if len(saved) == 1 else f"got {saved}")


def starts(folder: Path, times: int) -> None:
    """The program is started with the same folder so many times; its image is all in sight."""
    preferences.projects_folder = lambda: folder.parent / "projects"

    def look() -> None:
        viewer = napari.current_viewer()
        wait_for(lambda: len(viewer.layers) > 1, "a case on screen")
        turn(0.5)
        canvas = viewer.window._qt_viewer.canvas.native
        low, high = viewer.layers.extent.world[:, -2:]
        seen = np.array((canvas.height(), canvas.width())) / viewer.scene.camera.zoom
        if (high - low > seen).any():
            raise ValueError(f"the image is {high - low}, of which {seen} is seen")
        viewer.close()
        turn(0.5)
        say("seen")

    napari.run = look
    for _ in range(times):
        start([str(folder)])


def changes(folder: Path, times: int) -> None:
    """Changes of case in the bundled sample with strokes, masks and uncertainty on screen."""
    viewer, widget = sample_window(folder)
    turn(0.2)
    widget.review_panel.uncertainty.setChecked(True)
    ids = [state.id for state in widget.session.case_states()]
    widget.draw.draw()
    spent = 0.0
    for number in range(times):
        begin = time.process_time()
        widget.cases.show_case(ids[(number + 1) % len(ids)])
        spent += time.process_time() - begin
        turn(0.02)
        case = widget.session.the_case()
        if number < len(ids) - 1:  # one case stays without a mask
            predict(widget, 1 + number % 3)
        layer = widget.board.layer(SCRIBBLES)
        z, y, x = number % case.slices, number % 48, (number * 7) % 48
        layer.data_setitem((np.array([z]), np.array([y]), np.array([x])), number % 4 + 1)
        widget.draw.watch.look()
        kept = project_of(widget).read_scribble(case.id, case.image.geometry)
        if not np.array_equal(widget.session.scheme.to_viewer(kept), layer.data):
            raise ValueError(f"change {number}: the strokes on screen are not those on the disk")
        turn(0.02)
    say(f"{times} changes, {1000 * spent / times:.0f} ms of CPU each")
    viewer.close()
    turn(0.2)


def walk(folder: Path, seed: int, actions: int) -> None:
    """Window actions at random; training is played by a worker that is none."""
    viewer = napari.Viewer()

    def make() -> ScribbleMixWidget:
        widget = ScribbleMixWidget(viewer, WorkerRelay(FakeClient))
        viewer.window.add_dock_widget(widget, name="ScribbleMix")
        open_folder(widget, folder)
        return widget

    walker = Walk(make, click_cross, turn, np.random.default_rng(seed))
    walker.go(actions)
    viewer.close()
    turn(0.2)


def main(arguments: list[str]) -> int:
    """Run a scenario."""
    faulthandler.enable()
    sys.excepthook = _note
    QMessageBox.question = staticmethod(lambda *_: QMessageBox.StandardButton.Yes)
    what, folder, *rest = arguments
    if what == "closings":
        closings(Path(folder), rest)
    elif what == "layers":
        layers(Path(folder), rest[0])
    elif what == "live":
        live(Path(folder), rest[0])
    elif what == "starts":
        starts(Path(folder), int(rest[0]))
    elif what == "changes":
        changes(Path(folder), int(rest[0]))
    else:
        walk(Path(folder), int(rest[0]), int(rest[1]))
    if _errors:
        return 1
    say("done")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
