"""When a process is kept ready for the next job, and when not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from by_hand import open_folder
from fakes import FakeClient

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state import preferences, ready
from napari_scribblemix.project.project import Project

Make = Callable[..., ScribbleMixWidget]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are kept, and the window settles at once."""
    monkeypatch.setattr(ready, "_SETTLED", 20)
    monkeypatch.setattr(preferences, "ready_minutes", lambda: 15.0)


@pytest.mark.usefixtures("settled")
def test_one_is_made_ready_when_images_are_open_and_again_after_a_job(
    make_widget: Make, folder: Path, qtbot: Any
) -> None:
    widget = make_widget()
    open_folder(widget, folder)
    qtbot.waitUntil(lambda: FakeClient.made is not None and FakeClient.made.prepared > 0)
    client = FakeClient.made
    before = client.prepared
    widget.review.segmenting.segment()
    assert client.running
    qtbot.wait(100)
    assert client.prepared == before  # one job at a time needs no other process
    client.end(0, "The segmentation finished.")
    qtbot.waitUntil(lambda: client.prepared > before)


@pytest.mark.usefixtures("settled")
def test_it_is_given_up_after_a_while_and_comes_back_with_the_next_stroke(
    make_widget: Make, folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "_MINUTE", 20)
    widget = make_widget()
    open_folder(widget, folder)
    qtbot.waitUntil(lambda: FakeClient.made is not None and FakeClient.made.released > 0)
    client = FakeClient.made
    before = client.prepared
    case = widget.session.the_case()
    drawn = case.scribble.copy()
    drawn[0, :2, :2] = 3
    assert not np.array_equal(drawn, case.scribble)
    widget.session.take_scribble(drawn, (0,))
    qtbot.waitUntil(lambda: client.prepared > before)


@pytest.mark.usefixtures("settled")
def test_one_that_waits_is_ended_once_the_preference_says_none(
    make_widget: Make, folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = make_widget()
    open_folder(widget, folder)
    qtbot.waitUntil(lambda: FakeClient.made is not None and FakeClient.made.prepared > 0)
    client = FakeClient.made
    monkeypatch.setattr(preferences, "ready_minutes", lambda: 0.0)
    before, prepared = client.released, client.prepared
    widget.session.masks_changed.emit("case00")
    assert client.released > before
    qtbot.wait(100)
    assert client.prepared == prepared


def test_none_waits_where_the_preference_says_so(
    make_widget: Make, folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "_SETTLED", 20)
    widget = make_widget()
    open_folder(widget, folder)
    qtbot.wait(100)
    assert FakeClient.made is None


@pytest.mark.usefixtures("settled")
def test_none_waits_for_a_project_that_may_only_be_read(
    make_widget: Make, project: Project, qtbot: Any
) -> None:
    widget = make_widget()
    widget.open_path(project.folder)  # the fixture holds its lock
    assert widget.session.read_only
    qtbot.wait(100)
    assert FakeClient.made is None


@pytest.mark.slow
@pytest.mark.usefixtures("settled")
def test_a_real_one_dies_with_the_window_and_is_replaced_when_killed(
    make_widget: Make, folder: Path, qtbot: Any
) -> None:
    widget = make_widget(real=True)
    open_folder(widget, folder)
    qtbot.waitUntil(lambda: widget.relay._client is not None and widget.relay._client.ready)
    client = widget.relay._client
    first = client._spare
    os.kill(first.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: first.poll() is not None)
    widget.session.masks_changed.emit("case00")
    qtbot.waitUntil(lambda: client.ready)
    second = client._spare
    assert second is not first
    widget.shut_down()
    assert second.poll() is not None
