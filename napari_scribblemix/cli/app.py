"""The command ``napari-scribblemix``: which commands there are, and how they end.

``--help`` must come at once, so the options are made from the settings models, and the file of a
command, with all that it needs, is imported only when it runs.  Exit codes: 0 done, 1 or 2 an error
of the user's making in one red line, 70 a defect of ours, 130 interrupted.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from napari_scribblemix import __version__, settings
from napari_scribblemix.cli.options import command_function, wrong_value
from napari_scribblemix.errors import ScribbleMixError

DEFECT = 70
"""Exit code of an error nobody foresaw (EX_SOFTWARE)."""

# A disk that refuses, also where the error names no file.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}

# Name, settings, module of this package whose ``run(settings)`` does it; shown in this order.
COMMANDS: tuple[tuple[str, type[settings.Settings], str], ...] = (
    ("train", settings.TrainSettings, "train"),
    ("segment", settings.SegmentSettings, "segment"),
    ("evaluate", settings.EvaluateSettings, "evaluate"),
    ("report", settings.ReportSettings, "report"),
    ("export", settings.ExportSettings, "export"),
    ("gui", settings.GuiSettings, "gui"),
    ("sample", settings.SampleSettings, "sample"),
    ("import", settings.ImportSettings, "import_"),
    ("inspect", settings.InspectSettings, "inspect"),
    ("make-starter", settings.StarterSettings, "make_starter"),
    ("doctor", settings.DoctorSettings, "doctor"),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (also after COMMAND).")
    ] = False,
) -> None:
    """Segment cardiac MR from a few scribbles. Research use only; not for diagnosis."""


def _later(module: str) -> Callable[[settings.Settings], int | None]:
    def run(values: settings.Settings) -> int | None:
        result: int | None = import_module(f"napari_scribblemix.cli.{module}").run(values)
        return result

    return run


def build_app() -> typer.Typer:
    """The typer application with every command of ``COMMANDS``."""
    app = typer.Typer(
        name="napari-scribblemix",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, model, module in COMMANDS:
        summary = (model.__doc__ or "").partition("\n")[0]
        app.command(name, short_help=summary)(command_function(model, _later(module)))
    return app


def _take_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """``arguments`` without ``--debug``, which may stand anywhere before a ``--``."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [a for a in arguments[:end] if a != "--debug"]
    return [*kept, *arguments[end:]], len(kept) < end


def _report(error: Exception, *, debug: bool) -> int:
    from napari_scribblemix.cli.console import print_error, print_traceback

    if debug:
        print_traceback(error)
    if isinstance(error, ScribbleMixError):
        print_error(str(error))
        return error.exit_code
    if isinstance(error, typer.TyperException):
        print_error(wrong_value(error) or error.format_message().replace("Value error, ", ""))
        return error.exit_code
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _DISK):
        place = "" if error.filename is None else f"{error.filename}: "
        print_error(f"{place}{error.strerror or error}; choose another folder or make room.")
        return ScribbleMixError.exit_code
    if isinstance(error, MemoryError):
        print_error(
            "The memory of this machine is full; close other programs, crop the images to the "
            "heart, or use a smaller --batch."
        )
        return ScribbleMixError.exit_code
    hint = "" if debug else " Run again with --debug to see where, and tell us."
    print_error(f"Unexpected {type(error).__name__}: {error}.{hint}")
    return DEFECT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code.  ``arguments`` are those of the process if ``None``."""
    given, debug = _take_debug(sys.argv[1:] if arguments is None else arguments)
    try:
        result = build_app()(
            args=given or ["--help"], prog_name="napari-scribblemix", standalone_mode=False
        )
    # The one place where every error ends, so that no user meets a traceback unasked.
    except Exception as error:  # noqa: BLE001
        return _report(error, debug=debug)
    return int(result or 0)
