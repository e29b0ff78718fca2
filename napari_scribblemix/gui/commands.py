"""What napari's menus and its command palette call: Train, Segment, what has a key, the samples.

Train and Segment find the widget of the viewer, docking it if it is not there, and do as its button
does: there is one way to train, and what is wrong is told in one place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.viewer import Viewer

from napari_scribblemix.data.channels import read_channels
from napari_scribblemix.data.labels import guess_scheme
from napari_scribblemix.data.nifti import read_labels
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.guard import guarded
from napari_scribblemix.gui.state.preferences import PLUGIN
from napari_scribblemix.gui.viewer.look import class_colours, contrast_limits
from napari_scribblemix.project.layouts import survey
from napari_scribblemix.resources import sample_folder

WIDGET = "Scribble, train, review"
"""The widget's name in the manifest."""

LayerData = tuple[Any, dict[str, Any], str]


def dock(viewer: Viewer) -> ScribbleMixWidget:
    """The widget of ``viewer``, docked now if it was not."""
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)
    if not isinstance(widget, ScribbleMixWidget):
        raise TypeError(f"got {type(widget).__name__} from the manifest's widget")
    return widget


def train(viewer: Viewer) -> None:
    """Layers > Segment > Train: on the open project, else on what the chosen layer shows."""
    widget = _with_case(viewer)
    guarded(widget.session, widget.train.train)()


def segment(viewer: Viewer) -> None:
    """Layers > Segment > Segment: the case on screen, else the chosen layer as a new case."""
    widget = _with_case(viewer)
    guarded(widget.session, widget.review.segmenting.segment)()


def accept(viewer: Viewer) -> None:
    """Palette: accept the slice on screen, or take that back."""
    dock(viewer).shortcuts.run("accept")


def least_sure(viewer: Viewer) -> None:
    """Palette: go to the slice whose mask is probably the worst."""
    dock(viewer).shortcuts.run("least_sure")


def hide_mask(viewer: Viewer) -> None:
    """Palette: hide the mask, or show it."""
    dock(viewer).shortcuts.run("hide_mask")


def outline(viewer: Viewer) -> None:
    """Palette: outlines instead of the filled mask, or back."""
    dock(viewer).shortcuts.run("outline")


def other_phase(viewer: Viewer) -> None:
    """Palette: the other phase of the patient, at the same place."""
    dock(viewer).shortcuts.run("other_phase")


def both_phases(viewer: Viewer) -> None:
    """Palette: both phases of the patient side by side, or one again."""
    dock(viewer).shortcuts.run("both_phases")


def next_case(viewer: Viewer) -> None:
    """Palette: the next case of the list."""
    dock(viewer).shortcuts.run("next_case")


def case_before(viewer: Viewer) -> None:
    """Palette: the case before in the list."""
    dock(viewer).shortcuts.run("case_before")


def no_heart(viewer: Viewer) -> None:
    """Palette: all of the slice on screen is background."""
    dock(viewer).shortcuts.run("no_heart")


def copy_before(viewer: Viewer) -> None:
    """Palette: copy the strokes of the slice before to the one on screen."""
    dock(viewer).shortcuts.run("copy_before")


def copy_after(viewer: Viewer) -> None:
    """Palette: copy the strokes of the slice after to the one on screen."""
    dock(viewer).shortcuts.run("copy_after")


def cine_sample() -> list[LayerData]:
    """File > Open Sample: hearts like cine MR."""
    return sample_layers(sample_folder("cine") / "train")


def lge_sample() -> list[LayerData]:
    """File > Open Sample: hearts like late-enhancement MR."""
    return sample_layers(sample_folder("lge") / "train")


def myops_sample() -> list[LayerData]:
    """File > Open Sample: hearts of three channels, with scar and oedema."""
    return sample_layers(sample_folder("myops") / "train")


def _with_case(viewer: Viewer) -> ScribbleMixWidget:
    widget = dock(viewer)
    if widget.session.case is None and widget.board.reason_against_active() is None:
        guarded(widget.session, widget.cases.add_layer)()
        widget.cases.finish_adding()
    return widget


def sample_layers(folder: Path) -> list[LayerData]:
    """Image, each channel of it, and scribbles of the first case of a folder, as layers."""
    case = survey(folder).cases[0]
    image = read_channels(case.images, case.channels)
    place = {"scale": image.geometry.spacing, "units": ("mm",) * 3}
    names = [f"{case.id} {channel}" for channel in image.channels] or [case.id]
    layers: list[LayerData] = []
    for name, array in zip(names, image.arrays, strict=True):
        settings = {"name": name, "contrast_limits": contrast_limits(array), **place}
        layers.append((array, settings | {"visible": not layers}, "image"))
    if case.scribble is not None:
        stored = read_labels(case.scribble).array
        scheme = guess_scheme(set(stored.ravel().tolist()))
        labels = scheme.to_viewer(scheme.decode(stored))
        layers.append(
            (
                labels,
                {"name": "scribbles", "colormap": class_colours(scheme), **place},
                "labels",
            )
        )
    return layers
