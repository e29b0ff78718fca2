"""What is printed is what stands there: no markup, no commands to the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_scribblemix.cli import console
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.inference.card import ModelCard
from napari_scribblemix.resources import models_folder
from phantoms import draw, write_file

Run = Callable[..., tuple[int, str, str]]
EVIL = "[red]x[/red] [/nothing] :heart: \x1b[31m \u202ex \x9b2J"
SHOWN = r"[red]x[/red] [/nothing] :heart: \x1b[31m \u202ex \x9b2J"


@pytest.fixture(autouse=True)
def fresh_consoles() -> None:
    console._console.cache_clear()


def test_names_are_printed_as_they_are_wherever_they_stand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = console.table(EVIL, title=EVIL)
    lines.add_row(EVIL)
    console.results().print(lines)
    console.results().print(EVIL, soft_wrap=True)
    console.print_error(EVIL)
    console.print_warning(EVIL)
    captured = capsys.readouterr()
    assert captured.out.count(SHOWN) == 4
    assert captured.err == f"Error: {SHOWN}\nWarning: {SHOWN}\n"


def test_a_traceback_shows_no_commands_either(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_traceback(ValueError(EVIL))
    assert capsys.readouterr().err == f"ValueError: {SHOWN}\n"


def test_inspect_shows_file_names_with_brackets_and_half_characters(
    run: Run, tmp_path: Path
) -> None:
    names = ("[bold]a", "c\x1b[2J", "d\udce9")
    for name in names:
        write_file(tmp_path / f"{name}.nii.gz", draw(0)[0])
    code, out, err = run("inspect", tmp_path)
    assert (code, err.strip()) == (0, "")
    for name in ("[bold]a", r"c\x1b[2J", r"d\udce9"):
        assert f"\n{name} " in out
    assert "\x1b" not in out


def test_inspect_shows_a_card_without_its_commands(run: Run, tmp_path: Path) -> None:
    starter = models_folder() / "starter"
    (tmp_path / "m.safetensors").write_bytes(starter.with_suffix(".safetensors").read_bytes())
    card = json.loads(starter.with_suffix(".json").read_text())
    card["metrics"] = {"\x1b[31mred": "[/x] \x1b]0;title\x07"}
    (tmp_path / "m.json").write_text(json.dumps(card))
    code, out, _ = run("inspect", tmp_path / "m.safetensors")
    assert code == 0
    assert r"\x1b[31mred" in out
    assert r"[/x] \x1b]0;title\x07" in out
    assert "\x1b" not in out


CARD = {
    "name": "test", "network": "fast", "in_channels": 1, "labels": CARDIAC.model_dump(),
    "spacing": 2.0, "mirrored": False, "method": "partial", "recipe": {}, "steps": 1,
    "seconds": 1.0, "seed": 0, "code_version": "0",
}  # fmt: skip


def named(name: str) -> dict[str, object]:
    return CARDIAC.model_dump() | {"names": (*CARDIAC.names[:3], name)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"spacing": 1e-6}, "spacing"),
        ({"spacing": 1e-3}, "spacing"),
        ({"spacing": 1e9}, "spacing"),
        ({"spacing": float("nan")}, "spacing"),
        ({"seconds": float("inf")}, "seconds"),
        ({"steps": -1}, "steps"),
        ({"in_channels": 0}, "in_channels"),
        ({"in_channels": 10**9}, "in_channels"),
        ({"channels": ["C0", "LGE"]}, "2 names of channels for 1"),
        ({"channels": ["../x"]}, "channels"),
        ({"name": "\x1b[31m"}, "name"),
        ({"licence": "x" * 1001}, "licence"),
        ({"labels": named("../../left")}, "labels"),
        ({"labels": named("left\0")}, "labels"),
        ({"labels": named("x" * 300)}, "labels"),
        ({"labels": named("right_ventricle")}, "labels"),
    ],
)
def test_a_card_that_states_what_cannot_be_is_one_clear_line(
    run: Run, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    ModelCard.model_validate(CARD)
    (tmp_path / "m.safetensors").write_bytes(b"")
    (tmp_path / "m.json").write_text(json.dumps(CARD | {"schema_version": 1} | changes))
    code, _, err = run("inspect", tmp_path / "m.safetensors")
    assert code == 2
    assert err.startswith("Error: The model card m.json is damaged: ")
    assert said in err
    assert err.count("\n") == 1
    assert len(err) < 500
