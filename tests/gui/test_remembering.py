"""A project that is opened again looks as it was left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from by_hand import open_folder, project_of
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.state.last_view import VIEW_FILE, LastView, read_view
from napari_scribblemix.gui.widgets.section import Section
from napari_scribblemix.project.project import Project

Make = Callable[..., ScribbleMixWidget]


def section(widget: ScribbleMixWidget, title: str) -> Section:
    return next(s for s in widget.findChildren(Section) if s.title == title)


def leave(widget: ScribbleMixWidget) -> Path:
    """Change all that is remembered, and close the panel."""
    widget.session.open_case("case02")
    widget.board.go_to_slice(0)
    widget.train_panel.form.set_value("time", 90)
    widget.train_panel.more.set_value("threads", 3)
    QTest.mouseClick(section(widget, "2  Scribble").header, Qt.MouseButton.LeftButton)
    section(widget, "More settings").unfold(True)
    folder = project_of(widget).folder
    widget.shut_down()
    return folder


@pytest.mark.parametrize("way", ["project", "folder"])
def test_what_was_chosen_is_there_again(make_widget: Make, folder: Path, way: str) -> None:
    first = make_widget(show=True)
    open_folder(first, folder)
    project = leave(first)
    again = make_widget()
    open_folder(again, project if way == "project" else folder)
    session = again.session
    assert (session.the_case().id, session.slice) == ("case02", 0)
    assert again.board.slice_on_screen() == 0
    assert again.train_panel.form.values()["time"] == 90
    assert again.train_panel.more.values() == {"threads": 3}
    assert not section(again, "2  Scribble").isExpanded()
    assert section(again, "More settings").isExpanded()
    assert section(again, "3  Train").isExpanded()


def test_a_new_project_opens_at_its_first_case(make_widget: Make, folder: Path) -> None:
    widget = make_widget()
    open_folder(widget, folder)
    assert widget.session.the_case().id == "case00"
    assert widget.session.slice == widget.session.the_case().slices // 2


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"slice": -1}', '{"case": "gone", "slice": 99}', '{"threads": "x"}']
)
def test_a_view_that_cannot_be_is_left_alone(make_widget: Make, folder: Path, content: str) -> None:
    first = make_widget()
    open_folder(first, folder)
    project = project_of(first).folder
    first.shut_down()
    (project / VIEW_FILE).write_text(content)
    again = make_widget()
    open_folder(again, project)
    assert again.session.the_case().id == "case00"
    assert again.message.text() == ""


def test_nothing_is_written_into_a_project_of_somebody_else(
    make_widget: Make, project: Project
) -> None:
    widget = make_widget()
    open_folder(widget, project.folder)
    assert not project_of(widget).writable
    widget.session.open_case("case01")
    widget.shut_down()
    assert read_view(project) is None


def test_the_view_reads_back() -> None:
    view = LastView(case="a", slice=3, time=60.0, threads=2, sections={"1  Images": False})
    assert LastView.model_validate_json(view.model_dump_json()) == view
