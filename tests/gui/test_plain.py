"""A name is shown as it is written, also where it looks like markup."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from by_hand import open_folder, project_of
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtWidgets import QLabel, QMessageBox, QTreeWidget, QTreeWidgetItemIterator, QWidget

from napari_scribblemix import events as ev
from napari_scribblemix.gui import dock, telling
from napari_scribblemix.gui.dock import ScribbleMixWidget
from napari_scribblemix.gui.review import questions
from napari_scribblemix.gui.scribble.panel import Pen, QIcon
from napari_scribblemix.gui.state.run_state import Phase
from napari_scribblemix.gui.train.companions import Companion
from napari_scribblemix.gui.widgets.plain import plain, unmarked
from phantoms import write_folder

GUI = Path(dock.__file__).parent
BOLD = "<b>x<b>"
# What is shown in a place whose text Qt may take for markup.
GUESSING = {"setToolTip", "question", "QProgressDialog", "show_error", "show_warning"}


@given(st.text(st.sampled_from("ab<>/&;lt \n'\"!?"), min_size=1, max_size=20))
def test_plain_text_is_shown_letter_by_letter(text: str) -> None:
    shown = plain(text)
    if shown == text:
        assert "<" not in text
        return
    document = QTextDocument()
    document.setHtml(shown)
    assert document.toPlainText().split() == text.split()


def test_a_button_shows_an_ampersand() -> None:
    assert unmarked("a & b") == "a && b"


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    for path in sorted(GUI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                name = getattr(function, "attr", getattr(function, "id", ""))
                yield path.name, name, node


def _is_told_apart(argument: ast.expr) -> bool:
    """Whether it is a text of ours, or one that went through ``plain``."""
    if isinstance(argument, ast.Call):
        return getattr(argument.func, "id", "") == "plain"
    return isinstance(argument, ast.Constant)


def test_everything_qt_guesses_about_goes_through_one_function() -> None:
    guessed = [(file, name, call) for file, name, call in _calls() if name in GUESSING]
    assert len(guessed) > 8
    assert not [
        f"{file}:{call.lineno} {name}"
        for file, name, call in guessed
        if not any(_is_told_apart(argument) for argument in call.args)
    ]
    assert {file for file, name, _ in _calls() if name == "QLabel"} == {"controls.py"}


def _hovered(panel: QWidget) -> list[str]:
    hints = [child.toolTip() for child in panel.findChildren(QWidget)]
    for tree in panel.findChildren(QTreeWidget):
        rows = QTreeWidgetItemIterator(tree)
        while rows.value():
            hints += [rows.value().toolTip(place) for place in range(tree.columnCount())]
            rows += 1
    return hints


def test_no_name_is_markup_anywhere_in_the_panel(
    make_widget: Callable[..., ScribbleMixWidget], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notified: list[str] = []
    monkeypatch.setattr(telling, "show_error", notified.append)
    widget = make_widget()
    open_folder(widget, write_folder(tmp_path / BOLD / "study"))
    run = project_of(widget).new_run(BOLD)
    (run / "events.jsonl").write_text("")
    widget.train.companions.chosen = ()
    widget.train_panel.companions.show_chosen([Companion(tmp_path / BOLD, BOLD)])
    widget.train_panel.companions.show_problem(BOLD)
    widget.session.begin(Phase.TRAINING, run, BOLD)
    widget.session.follow(ev.Warned(message=BOLD))
    widget.session.end(f"{BOLD} failed", failed=True)
    # The plots have words of pyqtgraph's own.
    plots = widget.train_panel.curves.findChildren(QLabel)
    shown = [label for label in widget.findChildren(QLabel) if label not in plots]
    assert len(shown) > 20
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in shown)
    assert sum(BOLD in label.text() for label in shown) >= 3
    hints = _hovered(widget)
    assert sum("&lt;b&gt;x&lt;b&gt;" in hint for hint in hints) >= 2
    assert not [hint for hint in hints if "<b>" in hint]
    assert notified
    assert not [sentence for sentence in notified if "<b>" in sentence]


def test_questions_show_names_as_they_are(qtbot: object, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def question(_parent: QWidget, _title: str, words: str, *_: object) -> object:
        asked.append(words)
        return QMessageBox.StandardButton.No

    monkeypatch.setattr(QMessageBox, "question", question)
    questions.may_replace_corrections(QWidget(), {"<b>x</b>": frozenset({1})})
    assert "&lt;b&gt;x&lt;/b&gt;: 1 slice" in asked[0]


def test_a_pen_shows_the_whole_name_of_its_structure(qtbot: object) -> None:
    assert Pen("R&V 1", QIcon()).text() == "R&&V 1"
