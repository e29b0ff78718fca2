"""Tables that are made from the program while the pages are built, so that none is a copy.

``{options} COMMAND``: the options of a command, as its ``--help`` has them.  ``{presets}``: every
number of the three presets; ``{preset-changes}``: what a method or a first model changes in them.
``{preferences}``: what napari asks under *File > Preferences*.  ``{keys}``: the keys of the window.
``{error-kinds}``: the kinds of errors and their exit codes.  PyTorch and Qt are not imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer.main
import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import napari_scribblemix
from napari_scribblemix import errors
from napari_scribblemix.cli.app import COMMANDS, build_app
from napari_scribblemix.gui.keys import COMMANDS as KEYS
from napari_scribblemix.gui.keys import DRAWING
from napari_scribblemix.training.recipe import (
    FROM_A_MODEL,
    METHOD_CHANGES,
    PRESETS,
    Augmentation,
    Recipe,
)

_SIGNS = {"Left": "←", "Right": "→", "Escape": "Esc"}
_MANIFEST = Path(napari_scribblemix.__file__).with_name("napari.yaml")


def _cell(text: object) -> str:
    """``text`` as a table's cell, shown as it is written."""
    escaped = str(text)
    for sign in "\\`*_<>[]$|":
        escaped = escaped.replace(sign, f"\\{sign}")
    return " ".join(escaped.split())


def _code(text: object) -> str:
    return "`" + str(text).replace("|", "\\|") + "`"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    headings = list(headings)
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "---|" * len(headings)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _names(parameter: Any) -> str:
    """How one writes an option: its name, and what stands behind it."""
    annotation = parameter.type_descriptor.annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    if parameter.param_type_name == "argument":
        names = parameter.metavar
    else:
        names = " / ".join([*parameter.opts, *parameter.secondary_opts])
        choices = choices or (() if parameter.is_flag else (parameter.metavar,))
    return _code(f"{names} {'|'.join(choices)}".strip())


def _default(parameter: Any) -> str:
    if parameter.required:
        return "must be given"
    if parameter.default is None or parameter.default in ([], ()):
        return ""
    if isinstance(parameter.default, bool):
        return "on" if parameter.default else "off"
    return _cell(parameter.default)


def option_rows(command: str) -> list[list[str]]:
    """Name, default and help of each option of ``command``, arguments first."""
    found: Any = typer.main.get_command(build_app())
    parameters = [p for p in found.commands[command].params if p.name != "help"]
    return [[_names(p), _default(p), _cell(p.help)] for p in parameters]


def preset_rows() -> list[list[str]]:
    """Name, the three values and meaning of each number of the presets."""
    rows = []
    for name, field in Recipe.model_fields.items():
        values = [getattr(recipe, name) for recipe in PRESETS.values()]
        if not isinstance(values[0], Augmentation):
            meaning = _cell(field.description or "")
            rows.append([_code(name), *map(_shown, values), meaning])
            continue
        for inner, inner_field in Augmentation.model_fields.items():
            shown = [_shown(getattr(value, inner)) for value in values]
            rows.append([_code(f"{name}.{inner}"), *shown, _cell(inner_field.description or "")])
    return rows


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or value == () else _cell(value)


def change_rows() -> list[list[str]]:
    """When a number of a preset is another one, and which."""
    changes = {
        **{f"{method} with {preset}": new for (method, preset), new in METHOD_CHANGES.items()},
        "any training that begins with a model": FROM_A_MODEL,
    }
    return [
        [_cell(when), "; ".join(_change(*item) for item in new.items())]
        for when, new in changes.items()
    ]


def _change(name: str, value: object) -> str:
    if isinstance(value, Augmentation):
        changed = value.model_dump(exclude_defaults=True)
        return "; ".join(_change(f"{name}.{inner}", v) for inner, v in changed.items())
    return f"{_code(name)} {f'{value:.3g}' if isinstance(value, float) else _shown(value)}"


def preference_rows() -> list[list[str]]:
    """Title, default and help of each preference in napari."""
    manifest = yaml.safe_load(_MANIFEST.read_text(encoding="utf-8"))
    return [
        [_cell(item["title"]), _cell(item["default"]), _cell(item["description"])]
        for group in manifest["contributions"]["configurations"].values()
        for item in group["properties"].values()
    ]


def key_rows(kind: str) -> list[list[str]]:
    """The keys and what they do: ``drawing``, or ``commands``, which the palette has too."""
    found = {"drawing": DRAWING, "commands": KEYS}[kind]
    return [
        [
            " ".join(_code(_SIGNS.get(one, one)) for one in key.keys.split())
            + (" held" if key.held else ""),
            _cell(key.does),
        ]
        for key in found
    ]


def error_rows() -> list[list[str]]:
    """Name, exit code and meaning of each kind of error."""
    kinds = (kind for _, kind in getmembers(errors, isclass))
    return [
        [_code(kind.__name__), str(kind.exit_code), _cell((kind.__doc__ or "").partition("\n")[0])]
        for kind in sorted(kinds, key=lambda kind: len(kind.__mro__))
        if issubclass(kind, errors.ScribbleMixError)
    ]


class _FromCode(SphinxDirective):
    """A directive whose content is Markdown that the program gives."""

    def lines(self) -> Iterator[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(self.lines()))


class Options(_FromCode):
    """What a command does, and its options."""

    required_arguments = 1

    def lines(self) -> Iterator[str]:
        """A sentence and a table."""
        (command,) = self.arguments
        known = {name: model for name, model, _ in COMMANDS}
        if command not in known:
            raise self.error(f"got the command {command!r}; expected one of {', '.join(known)}")
        yield (known[command].__doc__ or "").strip()
        yield ""
        if rows := option_rows(command):
            yield from _table(("option", "default", "what it does"), rows)


class Presets(_FromCode):
    """Every number of the presets."""

    def lines(self) -> Iterator[str]:
        """A table."""
        yield from _table(("number", *PRESETS, "what it is"), preset_rows())


class PresetChanges(_FromCode):
    """What a method or a first model changes in the presets."""

    def lines(self) -> Iterator[str]:
        """A table."""
        yield from _table(("when", "what is different then"), change_rows())


class Preferences(_FromCode):
    """What napari asks under *File > Preferences*."""

    def lines(self) -> Iterator[str]:
        """A table."""
        yield from _table(("preference", "default", "what it does"), preference_rows())


class Keys(_FromCode):
    """The keys of the window, ``drawing`` or ``commands``."""

    required_arguments = 1

    def lines(self) -> Iterator[str]:
        """A table."""
        yield from _table(("key", "what it does"), key_rows(self.arguments[0]))


class ErrorKinds(_FromCode):
    """The kinds of errors and their exit codes."""

    def lines(self) -> Iterator[str]:
        """A table."""
        yield from _table(("kind", "exit code", "what it says"), error_rows())


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives; their pages are made anew in each build."""
    for name, directive in (
        ("options", Options),
        ("presets", Presets),
        ("preset-changes", PresetChanges),
        ("preferences", Preferences),
        ("keys", Keys),
        ("error-kinds", ErrorKinds),
    ):
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
