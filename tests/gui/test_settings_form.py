from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtWidgets import QComboBox

from napari_scribblemix.errors import SettingsError
from napari_scribblemix.gui.widgets.settings_form import SettingsForm
from napari_scribblemix.settings import TrainSettings

FIELDS = ("method", "time", "device", "threads", "enclosure_rule")


@pytest.fixture
def form(qtbot: Any) -> SettingsForm:
    form = SettingsForm(TrainSettings, FIELDS, {"device": ("auto", "cpu")})
    qtbot.addWidget(form)
    return form


def test_nothing_is_given_that_was_not_changed(form: SettingsForm) -> None:
    assert form.values() == {}


def test_each_field_says_what_the_command_line_says(form: SettingsForm) -> None:
    for name, editor in form.editors.items():
        assert editor.toolTip() == TrainSettings.model_fields[name].description
        assert "--" not in editor.toolTip(), "there are no options in a window"


def test_choices_and_switches_are_picked(form: SettingsForm) -> None:
    method, rule = form.editors["method"], form.editors["enclosure_rule"]
    assert isinstance(method, QComboBox)
    assert isinstance(rule, QComboBox)
    method.setCurrentText("partial")
    rule.setCurrentText("no")
    assert form.values() == {"method": "partial", "enclosure_rule": False}


def test_text_is_read_by_the_model(form: SettingsForm) -> None:
    form.editors["time"].setText("90s")
    form.editors["threads"].setText("2")
    form.editors["device"].setCurrentText("cuda:1")
    settings = TrainSettings.model_validate({"folder": "p"} | form.values())
    assert (settings.time, settings.threads, settings.device) == (90.0, 2, "cuda:1")


@pytest.mark.parametrize(("name", "text"), [("time", "soon"), ("threads", "0"), ("threads", "x")])
def test_what_the_model_refuses_is_told_in_one_line(
    form: SettingsForm, name: str, text: str
) -> None:
    form.editors[name].setText(text)
    with pytest.raises(SettingsError, match=f"{name.capitalize()}: got") as caught:
        form.values()
    assert "\n" not in str(caught.value)
