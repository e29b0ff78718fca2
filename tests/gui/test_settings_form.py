"""The form of the training's settings: what can be said in it, and what cannot be typed."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox, QDoubleSpinBox

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.gui.widgets.field_editors import editor_of, unset_words
from napari_scribblemix.gui.widgets.settings_form import SettingsForm
from napari_scribblemix.settings import TrainSettings

FIELDS = (
    "method", "time", "device", "threads", "enclosure_rule", "seed", "batch", "learning_rate",
    "cases", "start",
)  # fmt: skip


@pytest.fixture
def form(qtbot: Any) -> SettingsForm:
    choices = {"device": ("auto", "cpu"), "start": ("starter", "scratch")}
    form = SettingsForm(TrainSettings, FIELDS, choices)
    qtbot.addWidget(form)
    with qtbot.waitExposed(form):
        form.show()
    form.activateWindow()
    return form


def retype(form: SettingsForm, name: str, text: str) -> Any:
    """A person goes to the field with Tab, which marks what is in it, types and presses Return."""
    editor = form.editors[name]
    for _ in range(40):
        # On a busy machine the screen is late to give the window the keyboard.
        form.activateWindow()
        editor.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.qWait(5)
        if editor.hasFocus():
            break
    for letter in text:
        QTest.keyClicks(editor, letter)
        QTest.qWait(5)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    return form.value(name)


def test_nothing_is_given_that_was_not_changed(form: SettingsForm) -> None:
    assert form.values() == {}


def test_each_field_says_what_the_command_line_says(form: SettingsForm) -> None:
    for name, editor in form.editors.items():
        assert editor.toolTip() == TrainSettings.model_fields[name].description
        assert "--" not in editor.toolTip(), "there are no options in a window"
        assert editor.accessibleName()


def test_choices_and_switches_are_picked(form: SettingsForm) -> None:
    method, rule = form.editors["method"], form.editors["enclosure_rule"]
    assert isinstance(method, QComboBox)
    assert isinstance(rule, QComboBox)
    method.setCurrentText("partial")
    rule.setCurrentText("no")
    assert form.values() == {"method": "partial", "enclosure_rule": False}


def test_what_is_typed_is_read_in_the_unit_that_stands_behind_it(form: SettingsForm) -> None:
    assert retype(form, "time", "1.5") == 90.0
    assert form.editors["time"].text() == "1.5 min"
    assert retype(form, "threads", "2") == 2
    assert retype(form, "learning_rate", "0.0003") == 0.0003
    form.editors["device"].setCurrentText("cuda:1")
    form.editors["start"].setCurrentText("my_run")
    settings = TrainSettings.model_validate({"folder": "p"} | form.values())
    assert (settings.time, settings.threads, settings.device) == (90.0, 2, "cuda:1")
    assert (settings.start, settings.learning_rate) == ("my_run", 0.0003)


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("time", "soon", None),
        ("threads", "x", None),
        ("threads", "3-", 3),
        ("batch", "1", 2),
        ("batch", "7", 6),
        ("batch", "9999", 98),
        ("seed", "1.5", 1),
    ],
)
def test_a_wrong_number_cannot_be_typed(
    form: SettingsForm, name: str, typed: str, kept: float | None
) -> None:
    found = retype(form, name, typed)
    assert found == kept
    TrainSettings.model_validate({"folder": "p"} | form.values())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("1e-4", 1e-4), ("3E-5", 3e-5), ("0.002", 0.002), ("1e-4x", 1e-4), ("fast", None), ("", None)],
)
def test_a_small_number_is_typed_as_a_person_likes(
    form: SettingsForm, typed: str, kept: float | None
) -> None:
    assert retype(form, "learning_rate", typed) == kept


@pytest.mark.parametrize("typed", ["7", "1e", "0"])
def test_a_small_number_out_of_range_or_half_typed_is_refused(
    form: SettingsForm, typed: str
) -> None:
    with pytest.raises(SettingsError, match="Learning rate: got"):
        retype(form, "learning_rate", typed)


def test_by_preset_is_there_to_be_seen_and_comes_back_when_the_field_is_emptied(
    form: SettingsForm,
) -> None:
    words = {"time": "preset", "threads": "all cores", "batch": "preset"}
    for name, word in words.items():
        editor = form.editors[name]
        assert isinstance(editor, QDoubleSpinBox)
        assert editor.text() == word
        form.set_value(name, 60)
        assert form.value(name) == 60
        line = editor.lineEdit()
        editor.setFocus()
        line.selectAll()
        QTest.keyClick(editor, Qt.Key.Key_Delete)
        QApplication.processEvents()
        assert editor.text() == word
        assert form.value(name) is None
        # Wherever one clicks into the words they are marked as a whole, and typing replaces them.
        QTest.mouseClick(line, Qt.MouseButton.LeftButton)
        QApplication.processEvents()
        assert line.selectedText() == word
        QTest.keyClicks(editor, "8")
        assert form.value(name) == 8 * (60 if name == "time" else 1)
    assert form.editors["cases"].placeholderText() == "not set"
    assert form.editors["start"].currentText() == "preset"


def test_the_arrows_lead_from_by_preset_to_the_lowest_number_and_back(
    form: SettingsForm,
) -> None:
    for name, first in (("threads", 1), ("batch", 2), ("time", 60.0)):
        editor = form.editors[name]
        QTest.keyClick(editor, Qt.Key.Key_Up)
        assert form.value(name) == first
        QTest.keyClick(editor, Qt.Key.Key_Down)
        assert form.value(name) is None


def test_every_number_of_the_settings_stays_within_its_limits(qtbot: Any) -> None:
    numbers = 0
    for name, field in TrainSettings.model_fields.items():
        if name == "folder":
            continue
        editor = editor_of(field)
        qtbot.addWidget(editor.native)
        if not isinstance(editor.native, QDoubleSpinBox):
            continue
        numbers += 1
        if field.default is None:
            assert editor.value is None
            assert editor.native.text() == unset_words(field)
        for steps in (1, -1_000_000, 1, 1_000_000):
            editor.native.stepBy(steps)
            if editor.value is not None:
                TrainSettings.model_validate({"folder": "p", name: editor.value})
    assert numbers > 7


def test_what_the_model_refuses_is_told_in_one_line(form: SettingsForm) -> None:
    form.editors["device"].setCurrentText("toaster")
    with pytest.raises(SettingsError, match="Device: got 'toaster'") as caught:
        form.values()
    assert "\n" not in str(caught.value)


def test_the_form_tells_which_field_changed(form: SettingsForm) -> None:
    heard: list[str] = []
    form.changed.connect(heard.append)
    form.set_value("threads", 3)
    form.editors["method"].setCurrentText("partial")
    form.editors["device"].setCurrentText("cpu")
    form.set_value("cases", "a*")
    QApplication.processEvents()
    assert list(dict.fromkeys(heard)) == ["threads", "method", "device", "cases"]
