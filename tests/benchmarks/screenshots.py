"""Makes the pictures of README and docs from the bundled sample: drawn hearts, no patient.

    python tests/benchmarks/screenshots.py [--output docs/pictures] [--steps 40] [--theme dark]
                                           [--size 1280x720] [--large 1920x1080]

Opens the real window on a virtual screen, draws nothing by hand, and saves ``napari_open.png``, the
sample as it is opened, and ``napari_first.png``, the mask of the starter before anything was
trained.  Then it trains so many steps and saves ``napari_train.png`` while it trains and
``napari_review.png`` afterwards, the last one also as ``napari_review_large.png`` in a window of
the other size, to look at (it is too large for the pages).  On a busy machine that takes longer and
shows the same.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image


def on_a_screen() -> None:
    """Start again on a virtual screen."""
    if sys.platform.startswith("linux") and "SCREENSHOTS" not in os.environ:
        screen = ["xvfb-run", "-a", "-s", "-screen 0 2000x1200x24"]
        again = [*screen, sys.executable, "-W", "ignore", *sys.argv]
        sys.exit(subprocess.call(again, env=os.environ | {"SCREENSHOTS": "1"}))


def rest(seconds: float) -> None:
    """Let the window work for so long."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def wait(condition: Callable[[], bool]) -> None:
    """Let the window work until ``condition`` holds; end where that takes an hour."""
    end = time.monotonic() + 3600
    while not condition():
        rest(0.05)
        if time.monotonic() > end:
            sys.exit("The window did not get there within an hour.")


def save(window: Any, path: Path) -> None:
    """The window as a PNG of 256 colours, a third as large and not told apart by eye."""
    window.grab().save(str(path))
    with Image.open(path) as picture:
        plain = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    plain.save(path, optimize=True)
    print(f"{path} {path.stat().st_size // 1024} kB")


def scroll_to_end(widget: Any, *, start: bool = False) -> None:
    """Show the last step of the panel, or the first."""
    from napari_scribblemix.gui.widgets.scrolled import Column

    bar = widget.findChild(Column).verticalScrollBar()
    bar.setValue(bar.minimum() if start else bar.maximum())


def save_first(window: Any, widget: Any, path: Path) -> None:
    """What *Segment* shows at first start; the scribbles of the sample are hidden meanwhile."""
    widget.review_panel.segment_button.click()
    rest(0.5)
    wait(lambda: not widget.session.run.busy)
    hidden = [widget.board.layer(name) for name in ("scribbles", "enclosed background")]
    for layer in hidden:
        if layer is not None:
            layer.visible = False
    scroll_to_end(widget)
    rest(2)
    save(window, path)
    for layer in hidden:
        if layer is not None:
            layer.visible = True
    scroll_to_end(widget, start=True)


def main() -> None:
    """Open, segment, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--theme", default="dark", choices=["dark", "light"])
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--large", default="1920x1080")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    on_a_screen()

    import napari

    from napari_scribblemix.gui.commands import dock
    from napari_scribblemix.gui.state import preferences
    from napari_scribblemix.gui.widgets.scrolled import Column

    # A path that reads well in a picture; the folder itself is another one each time.
    with tempfile.TemporaryDirectory(prefix="hearts-") as folder:
        preferences.projects_folder = lambda: Path(folder)
        viewer = napari.Viewer(title="ScribbleMix")
        viewer.theme = options.theme
        window = viewer.window._qt_window
        window.resize(width, height)
        widget = dock(viewer)
        widget.open_sample("cine")
        widget.cases.finish_adding()
        rest(3)
        save(window, options.output / "napari_open.png")
        save_first(window, widget, options.output / "napari_first.png")
        widget.train_panel.more.set_value("steps", options.steps)
        widget.train_panel.train_button.click()
        wait(lambda: widget.session.run.fraction > 0.6)
        widget.findChild(Column).ensureWidgetVisible(widget.train_panel)
        rest(1)
        save(window, options.output / "napari_train.png")
        wait(lambda: not widget.session.run.busy)
        widget.review.segmenting.segment(everything=True)
        wait(lambda: not widget.session.run.busy)
        widget.review_panel.outline.setChecked(True)
        widget.review_panel.opacity.setValue(90)
        widget.draw.watch.look()
        widget.board.layer("scribbles").visible = False
        for _ in range(2):
            widget.review_panel.accept_button.click()
            widget.board.go_to_slice(widget.session.slice - 1)
        rest(2)
        scroll_to_end(widget)
        rest(1)
        save(window, options.output / "napari_review.png")
        window.resize(*map(int, options.large.split("x")))
        rest(1)
        viewer.reset_view()
        scroll_to_end(widget)
        rest(1)
        save(window, options.output / "napari_review_large.png")
        widget.shut_down()
        viewer.close()


if __name__ == "__main__":
    main()
