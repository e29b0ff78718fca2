"""Options made from a settings model."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
import typer
from pydantic import Field
from typer.testing import CliRunner

from napari_scribblemix.cli.app import COMMANDS
from napari_scribblemix.cli.options import command_function, read_settings, shown_name
from napari_scribblemix.errors import SettingsError
from napari_scribblemix.settings import Duration, Settings


class Example(Settings):
    """Do something. [brackets stay]"""

    folder: Path = Field(description="Where.", json_schema_extra={"cli": "argument"})
    kind: Literal["a", "b"] = Field("a", description="Which.")
    time: Duration | None = Field(None, gt=0, description="How long. [forever]")
    side: int = Field(32, ge=8, le=64, multiple_of=2, description="Pixels.")
    share: float | None = Field(None, gt=0, le=1, description="Part.")
    mirror: bool | None = Field(None, description="Both ways.")
    tidy: bool = Field(True, description="Clean up.")
    loud: bool = Field(False, description="Say more.")
    file: Path | None = Field(None, description="Write.", json_schema_extra={"cli": "--json"})
    hidden: int = Field(7, json_schema_extra={"cli": False})


class Runner:
    def __init__(self) -> None:
        self.seen: list[Example] = []
        self.app = typer.Typer(add_completion=False, rich_markup_mode=None)
        self.app.command()(command_function(Example, self.seen.append))

    def __call__(self, *arguments: str) -> Example:
        result = CliRunner().invoke(self.app, arguments)
        if result.exception is not None:
            raise result.exception
        return self.seen[-1]

    def help(self) -> str:
        return " ".join(CliRunner().invoke(self.app, ["--help"]).output.split())


def test_defaults_are_those_of_the_model() -> None:
    assert Runner()("x") == Example(folder=Path("x"))


def test_only_what_was_given_counts_as_set() -> None:
    assert Runner()("x", "--side", "16").model_fields_set == {"folder", "side"}


def test_every_kind_of_field_is_read() -> None:
    got = Runner()(
        "x", "--kind", "b", "--time", "10m", "--side", "40", "--no-mirror", "--no-tidy", "--loud",
        "--json", "out.json",
    )  # fmt: skip
    assert got == Example(
        folder=Path("x"), kind="b", time=600, side=40, mirror=False, tidy=False, loud=True,
        file=Path("out.json"),
    )  # fmt: skip


def test_help_shows_range_default_and_brackets() -> None:
    text = Runner().help()
    assert "Do something. [brackets stay]" in text
    assert "--side N Pixels. (8 to 64, a multiple of 2) [default: 32]" in text
    assert "--time TIME How long. [forever] (above 0)" in text
    assert "--kind <a|b>" in text
    assert "--mirror / --no-mirror" in text
    assert "--no-loud" not in text
    assert "hidden" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--side", "6"], "Got --side 6; it should be greater than or equal to 8."),
        (["--side", "9"], "Got --side 9; it should be a multiple of 2."),
        (["--time", "soon"], "--time: got 'soon'; expected a time such as 90s, 10m or 1.5h."),
        (["--share", "nan"], "Got --share nan; it should be a number."),
        (["--share", "inf"], "Got --share inf; it should be less than or equal to 1."),
        (["--time", "0s"], "Got --time 0s; it should be greater than 0."),
        (["--side", "7", "--time", "x"], "--time: got 'x'; .*; got --side 7; "),
    ],
)
def test_a_wrong_value_is_told_in_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        Runner()("x", *arguments)
    assert "\n" not in str(caught.value)


def test_settings_can_be_read_without_a_command_line() -> None:
    assert read_settings(Example, {"folder": "x", "mirror": True}).mirror is True


@pytest.mark.parametrize("model", [c[1] for c in COMMANDS], ids=[c[0] for c in COMMANDS])
def test_every_option_of_every_command_is_described(model: type[Settings]) -> None:
    assert model.__doc__
    for name, field in model.model_fields.items():
        assert field.description, shown_name(name, field)
