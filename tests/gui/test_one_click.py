"""Train and Segment for plain layers, through napari's own docks."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeClient
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_scribblemix import events as ev
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.gui import one_click
from napari_scribblemix.gui.state.preferences import PLUGIN
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.viewer.plain_layers import PlainImage
from napari_scribblemix.project.project import Project
from napari_scribblemix.worker.messages import SegmentJob, TrainJob
from phantoms import draw

MM = {"scale": (8.0, 1.5, 1.5), "units": ("mm",) * 3, "translate": (3.0, 2.0, 1.0)}


@pytest.fixture
def viewer(
    make_napari_viewer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    monkeypatch.setattr(one_click, "WorkerRelay", lambda: WorkerRelay(FakeClient))
    viewer = make_napari_viewer(strict_qt="raise")
    yield viewer
    one_click.end_work(id(viewer.window._qt_window))
    FakeClient.made = None
    viewer.window.remove_dock_widget("all")
    # magicgui's docks go one event loop, and one collection, after another.
    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()


def docked(viewer: Any, name: str) -> Any:
    return viewer.window.add_plugin_dock_widget(PLUGIN, name)[1]


def words(widget: Any) -> str:
    return str(widget[-1].value)


def with_strokes(viewer: Any) -> tuple[Any, Any]:
    image, _, strokes = draw(0)
    return (
        viewer.add_image(image, name="my heart", **MM),
        viewer.add_labels(CARDIAC.to_viewer(strokes), name="strokes", **MM),
    )


def project(folder: Path) -> Project:
    """Without the lock while a job is at work; to be closed."""
    return Project.open(folder / "layer-my_heart.scribblemix")


def test_train_makes_a_project_trains_and_shows_the_mask_on_the_layer_s_grid(
    viewer: Any, projects_folder: Path
) -> None:
    image, _ = with_strokes(viewer)
    widget = docked(viewer, "Train on layers")
    widget.minutes.value = 2
    widget()
    client = FakeClient.made
    (job,) = client.jobs
    assert isinstance(job, TrainJob)
    assert (job.settings.time, job.settings.cases) == (120.0, "my_heart")
    kept = project(projects_folder)
    volume = kept.read_image("my_heart")
    assert np.array_equal(kept.read_scribble("my_heart", volume.geometry), draw(0)[2])
    mask = np.zeros(image.data.shape, np.uint8)
    mask[1, 5:9, 7:20] = 3
    geometry = volume.geometry
    kept.write_prediction("my_heart", mask, geometry, {})
    client.tell(ev.Preview(case="my_heart", file="f", step=1))
    layer = viewer.layers["mask of my heart"]
    assert viewer.layers.selection.active.name == "strokes", "one goes on drawing"
    assert np.array_equal(layer.data, mask)
    for name in ("scale", "translate", "units"):
        assert np.array_equal(getattr(layer, name), getattr(image, name)), name
    # What comes next is shown in the same layer.
    mask[2] = 1
    kept.write_prediction("my_heart", mask, geometry, {})
    client.tell(ev.Preview(case="my_heart", file="f", step=2))
    assert np.array_equal(layer.data, mask)
    assert len(viewer.layers) == 3
    client.end()
    assert words(widget) == "The training finished."


def test_the_project_is_used_again_and_another_image_of_the_name_is_another_case(
    viewer: Any, projects_folder: Path
) -> None:
    with_strokes(viewer)
    widget = docked(viewer, "Segment a layer")
    for _ in range(2):
        widget()
        FakeClient.made.end(0, "The segmentation finished.")
    with project(projects_folder) as kept:
        assert [record.id for record in kept.cases] == ["my_heart"]
    assert [job.model for job in FakeClient.made.jobs] == [Path("starter")] * 2
    viewer.layers.clear()
    viewer.add_image(draw(1)[0], name="my heart", **MM)
    widget.reset_choices()
    widget()
    job = FakeClient.made.jobs[-1]
    assert isinstance(job, SegmentJob)
    assert job.cases == ("my_heart-2",)


def test_strokes_from_elsewhere_are_replaced_only_if_a_person_says_so(
    viewer: Any, projects_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, strokes = with_strokes(viewer)
    widget = docked(viewer, "Train on layers")
    asked: list[str] = []
    answer = [False]

    def ask(_window: Any, question: str) -> bool:
        asked.append(question)
        return answer[0]

    monkeypatch.setattr(one_click, "may_replace_strokes", ask)
    widget()
    FakeClient.made.end()
    # What the layer itself wrote is its own: a stroke taken back asks nobody.
    strokes.data[2] = 0
    widget()
    FakeClient.made.end()
    assert asked == []
    drawn = np.full(draw(0)[0].shape, 255, np.uint8)
    drawn[3, :2, :3] = 1
    with project(projects_folder) as kept:
        kept.write_scribble("my_heart", drawn, kept.read_image("my_heart").geometry)
    widget()
    assert len(FakeClient.made.jobs) == 2
    assert "6 pixels in 1 slice" in asked[0]
    with project(projects_folder) as kept:
        assert np.array_equal(
            kept.read_scribble("my_heart", kept.read_image("my_heart").geometry), drawn
        )
    answer[0] = True
    widget()
    assert len(FakeClient.made.jobs) == 3
    FakeClient.made.end()
    with project(projects_folder) as kept:
        now = kept.read_scribble("my_heart", kept.read_image("my_heart").geometry)
    assert np.array_equal(now == 255, strokes.data == 0)


def test_one_job_at_a_time_and_stop_ends_it(viewer: Any) -> None:
    with_strokes(viewer)
    widget, other = docked(viewer, "Train on layers"), docked(viewer, "Segment a layer")
    widget()
    other()
    assert len(FakeClient.made.jobs) == 1
    assert "at work; stop it" in words(other)
    widget[-2].changed.emit(True)
    assert FakeClient.made.stopped == 1


def test_what_is_missing_or_does_not_fit_is_told_in_one_line(
    viewer: Any, projects_folder: Path
) -> None:
    widget = docked(viewer, "Train on layers")

    def told() -> str:
        widget.reset_choices()
        widget()
        assert "\n" not in words(widget)
        return words(widget)

    assert "no image layer" in told()
    viewer.add_image(draw(0)[0], name="heart", **MM)
    assert "no labels layer" in told()
    labels = viewer.add_labels(np.zeros((4, 40, 40), int), name="small")
    assert "small is 4 x 40 x 40 but heart is 4 x 48 x 48" in told()
    viewer.layers.remove(labels)
    labels = viewer.add_labels(np.zeros((4, 48, 48), int), name="strokes")
    assert "strokes has no stroke" in told()
    assert "3 left ventricle, 4 background" in words(widget)
    labels.data[0, 0, 0] = 9
    assert "strokes: " in told()
    assert FakeClient.made is None
    assert not projects_folder.exists()


def test_a_mask_goes_back_onto_a_layer_whichever_way_it_lies(viewer: Any) -> None:
    image = draw(0)[0]
    marked = np.zeros(image.shape, np.uint8)
    marked[1, 5:9, 7:20] = 3
    for order in ((0, 1, 2), (1, 2, 0), (2, 1, 0)):
        scale = np.array((8.0, 1.5, 1.25))[list(order)]
        layer = viewer.add_image(image.transpose(order), rgb=False, scale=scale, units=("mm",) * 3)
        strokes = viewer.add_labels(marked.transpose(order).astype(int))
        chosen = PlainImage.of(layer)
        drawn = chosen.strokes(strokes, CARDIAC)
        assert drawn.shape[0] == 4
        mask = np.where(drawn == 255, 0, drawn).astype(np.uint8)
        assert np.array_equal(chosen.on_layer(mask), marked.transpose(order))
    flat = PlainImage.of(viewer.add_image(image[1]))
    assert flat.on_layer(np.ones((1, 48, 48), np.uint8)).shape == (48, 48)
