"""Command-line options from a settings model: name, type, default, range and help of each field.

So an option exists once, in ``settings/``.  A field's ``json_schema_extra["cli"]`` may say
``"argument"`` (positional), ``"--name"`` (another name than the field's) or ``False`` (not on the
command line).  Values are checked by the model, and what is wrong with them is told in one line.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from napari_scribblemix.data.wording import what_is_wrong
from napari_scribblemix.errors import SettingsError
from napari_scribblemix.settings import Settings, parse_duration
from napari_scribblemix.settings.fields import limits, type_and_metadata

S = TypeVar("S", bound=Settings)


def _cli(field: FieldInfo) -> object:
    extra = field.json_schema_extra
    return extra.get("cli") if isinstance(extra, dict) else None


def shown_name(name: str, field: FieldInfo) -> str:
    """How the user knows a field: ``--largest-component``, or ``FOLDER`` for an argument."""
    cli = _cli(field)
    if cli == "argument":
        return name.upper()
    return cli if isinstance(cli, str) else f"--{name.replace('_', '-')}"


def _plain_type(field: FieldInfo) -> Any:
    """The type typer shall read: text where a validator of ours reads it."""
    annotation, metadata = type_and_metadata(field)
    return str if any(isinstance(item, BeforeValidator) for item in metadata) else annotation


def _metavar(field: FieldInfo) -> str | None:
    """What stands for the value in the help; ``None`` leaves it to typer (choices, switches)."""
    _, metadata = type_and_metadata(field)
    if any(isinstance(item, BeforeValidator) and item.func is parse_duration for item in metadata):
        return "TIME"
    plain = _plain_type(field)
    if typing.get_origin(plain) is list:
        (plain,) = typing.get_args(plain)
        plain = (typing.get_args(plain) or (plain,))[0]
    return {Path: "PATH", int: "N", float: "X", str: "TEXT"}.get(plain)


def _range(field: FieldInfo) -> str:
    """The allowed range in words, e.g. `` (0.5 to 5)``; empty without one."""
    found = limits(field)
    words = []
    if "ge" in found and "le" in found:
        words.append(f"{found['ge']:g} to {found['le']:g}")
    else:
        phrases = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
        words += [f"{phrases[key]} {found[key]:g}" for key in phrases if key in found]
    if "multiple_of" in found:
        words.append(f"a multiple of {found['multiple_of']:g}")
    return f" ({', '.join(words)})" if words else ""


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    kind, annotation = inspect.Parameter.KEYWORD_ONLY, _plain_type(field)
    # Brackets in a description are text, not markup of rich.
    help_text = (field.description or "") + _range(field)
    default: Any = ... if field.is_required() else field.get_default(call_default_factory=True)
    info: Any
    if _cli(field) == "argument":
        metavar = shown_name(name, field) + ("..." if typing.get_origin(annotation) is list else "")
        info = typer.Argument(default, help=help_text, metavar=metavar)
    else:
        option = shown_name(name, field)
        # A switch that is off, or decided by the preset, says so in its description.
        shows_default = default is not None and default is not False
        if annotation is bool and default is not False:
            option = f"{option}/--no-{option.removeprefix('--')}"
        info = typer.Option(
            default, option, help=help_text, show_default=shows_default, metavar=_metavar(field)
        )
    return inspect.Parameter(name, kind, default=info, annotation=annotation)


def _explain(error: ValidationError, model: type[Settings]) -> str:
    parts = []
    for item in error.errors():
        message = item["msg"].removeprefix("Value error, ").replace("Input should", "it should")
        if str(item["input"]).lower() == "nan":
            # No limit holds it, and the one that is named would say nothing.
            message = "it should be a number"
        name = str(item["loc"][0]) if item["loc"] else ""
        field = model.model_fields.get(name)
        if field is None:
            parts.append(message)
        elif message.startswith("got "):
            parts.append(f"{shown_name(name, field)}: {message}")
        else:
            parts.append(f"got {shown_name(name, field)} {item['input']}; {message}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def read_settings(model: type[S], values: dict[str, Any]) -> S:
    """The settings of ``values`` (field name to value); ``SettingsError`` in one line if wrong."""
    given = {
        name: value
        for name, value in values.items()
        if model.model_fields[name].is_required() or value != model.model_fields[name].default
    }
    try:
        return model(**given)
    except ValidationError as error:
        raise SettingsError(_explain(error, model)) from error


def wrong_value(error: Exception) -> str | None:
    """What typer has against the text of one option, in our words; ``None`` if it is not that."""
    cause, parameter = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or parameter is None:
        return None
    is_option = parameter.param_type_name == "option"
    name = parameter.opts[-1] if is_option else parameter.metavar
    return f"{name}: {what_is_wrong(cause.errors()[0])}."


def command_function(model: type[S], run: Callable[[S], int | None]) -> Callable[..., int | None]:
    """A function for typer: the fields of ``model`` are its options, it calls ``run(settings)``."""

    def function(**values: Any) -> int | None:
        return run(read_settings(model, values))

    parameters = [
        _parameter(name, field)
        for name, field in model.model_fields.items()
        if _cli(field) is not False
    ]
    function.__doc__ = inspect.getdoc(model)
    function.__annotations__ = {p.name: p.annotation for p in parameters}
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return function
