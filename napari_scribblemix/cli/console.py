"""What the commands print with: one console for results, one for messages.

Results go to standard output, everything else to standard error, so that a result can be piped.
Names and paths are printed as they are: brackets are no markup, and what a terminal would take as
a command shows as its number.
"""

from __future__ import annotations

import math
import traceback
from functools import cache
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_scribblemix.data.wording import shown

# Where no terminal tells its width, tables are not squeezed into 80 columns.
_PIPE_WIDTH = 120


class _PlainConsole(Console):
    """A console on which text is text, wherever it stands: in a line, a cell or a heading."""

    def render_str(self, text: str, **options: Any) -> Text:
        """The signs of ``text``, and nothing that acts on a terminal."""
        return super().render_str(shown(text), **options)


# One console each: a progress bar steps aside only for what its own console prints.
@cache
def _console(*, stderr: bool) -> Console:
    console = _PlainConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = max(console.width, _PIPE_WIDTH)
    return console


def results() -> Console:
    """The console on standard output."""
    return _console(stderr=False)


def messages() -> Console:
    """The console on standard error."""
    return _console(stderr=True)


def print_error(message: str) -> None:
    """One red line on standard error."""
    _print_line("Error", "bold red", message)


def print_warning(message: str, console: Console | None = None) -> None:
    """One yellow line on standard error, through ``console`` if a progress bar is drawn there."""
    _print_line("Warning", "bold yellow", message, console)


def print_traceback(error: BaseException) -> None:
    """Where an error came from, for those who mend it, on standard error."""
    for part in traceback.format_exception(error):
        for line in part.splitlines():
            messages().print(line, soft_wrap=True)


def _print_line(word: str, style: str, message: str, console: Console | None = None) -> None:
    console = console or messages()
    console.print(f"{word}: ", style=style, end="")
    # A file name may hold brackets, which are no markup; a terminal wraps the line better itself.
    console.print(" ".join(message.split()), markup=False, soft_wrap=True)


def print_summary(place: str, made: str, lost: str = "", after: str = "") -> None:
    """The last line of a command: ``Masks: out (3 written, 1 of 4 failed)``, and ``after``."""
    inside = f"{made}, {lost}" if lost else made
    results().print(f"{place} ({inside}){after}", markup=False, soft_wrap=True)


def number(value: float, digits: int) -> str:
    """``value`` with that many digits after the point, or a dash where there is none (NaN)."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def table(*columns: str, title: str | None = None, text_columns: int = 1) -> Table:
    """An empty table; the first ``text_columns`` columns are text, the others numbers."""
    result = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for index, name in enumerate(columns):
        is_text = index < text_columns
        result.add_column(name, justify="left" if is_text else "right", overflow="fold")
    return result
