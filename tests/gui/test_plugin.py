"""The plugin as napari finds it: by its manifest, in menus, readers and writers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManager, PluginManifest

from napari_scribblemix.cli import gui as command
from napari_scribblemix.gui import commands
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state import preferences
from napari_scribblemix.gui.state.preferences import PLUGIN
from napari_scribblemix.gui.viewer.layers import IMAGE, SCRIBBLES
from phantoms import draw, write_file

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Any]) -> Any:
    return make_napari_viewer(strict_qt="raise")


def close(widget: ScribbleMixWidget) -> None:
    widget.shut_down()


def test_the_manifest_is_valid_and_every_name_in_it_can_be_imported() -> None:
    manifest = PluginManifest.from_distribution(PLUGIN)
    manifest.validate_imports()


def test_preferences_have_the_manifest_s_defaults() -> None:
    assert preferences.brush_mm() == 3.0
    assert preferences._setting("worker", "ready_minutes") == 15
    assert preferences.show_enclosed()
    assert preferences.reviewer()
    get_plugin_settings(PLUGIN).reviewing.reviewer = "Dr A"
    assert preferences.reviewer() == "Dr A"
    get_plugin_settings(PLUGIN).reviewing.reviewer = ""


def test_the_widget_is_docked_once(viewer: Any) -> None:
    first = commands.dock(viewer)
    assert commands.dock(viewer) is first
    close(first)


def test_the_widget_that_napari_docks_knows_its_layers_again(viewer: Any) -> None:
    viewer.add_image(draw(0)[0], name="mine", scale=(8, 1.5, 1.5))
    widget = commands.dock(viewer)
    widget.images_panel.layer_button.click()
    widget.cases.finish_adding()
    panel = widget.scribble_panel
    panel._pens.button(3).click()
    layer = widget.board.layer(SCRIBBLES)
    assert viewer.layers.selection.active is layer, "and not a wrapping of it"
    assert panel._pens.button(3).isChecked()
    viewer.layers.selection.active = widget.board.layer(IMAGE)
    assert not panel.draw_button.isChecked()
    viewer.layers.selection.active = layer
    assert panel.draw_button.isChecked()
    close(widget)


def test_train_and_segment_are_in_the_layers_menu() -> None:
    items = [item.command for item in PluginManager.instance().iter_menu("napari/layers/segment")]
    assert {f"{PLUGIN}.train", f"{PLUGIN}.segment"} <= set(items)


def test_segment_makes_a_case_of_the_chosen_layer_and_starts(
    viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.add_image(draw(0)[0], name="mine", scale=(8, 1.5, 1.5))
    started: list[Any] = []
    monkeypatch.setattr(
        "napari_scribblemix.gui.train.control.TrainControl.segment",
        lambda _self, model, cases, **_: started.append((model, cases)),
    )
    commands.segment(viewer)
    assert started == [(Path("starter"), ("mine",))]
    close(commands.dock(viewer))


def test_train_without_strokes_says_so(viewer: Any) -> None:
    viewer.add_image(draw(0)[0], name="mine", scale=(8, 1.5, 1.5))
    commands.train(viewer)
    widget = commands.dock(viewer)
    assert "draw some strokes first" in widget.message.text()
    close(widget)


def test_napari_opens_a_project_in_the_widget(viewer: Any, folder: Path, tmp_path: Path) -> None:
    widget = commands.dock(viewer)
    widget.open_path(folder)
    widget.cases.finish_adding()
    project = widget.session.the_project().folder
    widget.session.close_project()
    viewer.open(str(project), plugin=PLUGIN)
    assert widget.session.the_project().folder == project
    close(widget)


def test_napari_opens_an_image_and_saves_labels_on_its_grid(viewer: Any, tmp_path: Path) -> None:
    path = tmp_path / "heart.nii.gz"
    write_file(path, draw(0)[0])
    (image,) = viewer.open(str(path), plugin=PLUGIN)
    labels = viewer.add_labels(draw(0)[1], scale=image.scale)
    target = tmp_path / "labels.nii.gz"
    labels.save(str(target), plugin=PLUGIN)
    saved, source = nibabel.load(target), nibabel.load(path)
    assert np.array_equal(saved.affine, source.affine)
    assert saved.shape == source.shape


def test_napari_opens_the_sample_as_image_and_scribbles(viewer: Any) -> None:
    layers = viewer.open_sample(PLUGIN, "lge")
    assert [layer.name for layer in layers] == ["lge01", "scribbles"]
    layers = viewer.open_sample(PLUGIN, "myops")
    assert [layer.name for layer in layers] == [
        "myops01 C0",
        "myops01 LGE",
        "myops01 T2",
        "scribbles [1]",
    ]


def test_opening_the_widget_leaves_torch_out() -> None:
    code = (
        "import sys\n"
        "import napari_scribblemix.gui.commands, napari_scribblemix.gui.__main__\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "False"


def test_gui_starts_a_process_with_what_to_open(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[list[str]] = []

    def call(arguments: list[str]) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr(command.subprocess, "call", call)
    assert run("gui", tmp_path)[0] == 0
    assert run("gui", "--sample", "cine")[0] == 0
    assert run("gui", "--sample", "myops")[0] == 0
    assert calls[0][1:] == ["-m", "napari_scribblemix.gui", str(tmp_path)]
    assert calls[1][3:] == ["--sample", "cine"]
    assert calls[2][3:] == ["--sample", "myops"]


def test_gui_says_what_is_missing(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, _, messages = run("gui", tmp_path / "nothing")
    assert code == 2
    assert "does not exist" in messages
    monkeypatch.setattr(command, "find_spec", lambda _name: None)
    code, _, messages = run("gui")
    assert code == 2
    assert "pip install" in messages
