"""Words that come from files: which can be shown, and how the others are shown.

A name in a file may hold what a terminal takes as a command, what turns the direction of writing,
or half a character.  Such names are refused where they are read, and whatever is printed all the
same (a path, a message) shows the sign's number in its place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 60
"""Characters in the name of a structure or a channel."""

# Controls, halves of characters, ends of lines and paragraphs, marks that are not seen.
_HIDDEN = {"Cc", "Cs", "Zl", "Zp", "Cf"}
# Joiners and the soft hyphen belong to words of some languages.
_HARMLESS = {"\u00ad", "\u200c", "\u200d"}
_NOT_IN_FILE_NAMES = frozenset('/\\:*?"<>|')


def _is_hidden(sign: str) -> bool:
    return sign not in _HARMLESS and unicodedata.category(sign) in _HIDDEN


def can_be_shown(text: str) -> bool:
    """Whether ``text`` is one line of signs that are seen."""
    return text.isprintable() or not any(map(_is_hidden, text))


def shown(text: str) -> str:
    r"""``text`` with what cannot be shown as its number, e.g. ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        sign.encode("unicode_escape").decode() if _is_hidden(sign) else sign for sign in text
    )


def check_words(text: str) -> str:
    """``text``, if it can be shown; else ``ValueError``."""
    if not can_be_shown(text):
        raise ValueError(f"expected words that can be shown, got {text[:40]!r}")
    return text


def check_name(text: str) -> str:
    """``text``, if it can be a name and part of a file's name; else ``ValueError``."""
    fits = 0 < len(text) <= LONGEST_NAME and text == text.strip() and can_be_shown(text)
    if not fits or _NOT_IN_FILE_NAMES & set(text):
        raise ValueError(
            f"expected names of 1 to {LONGEST_NAME} characters that can be part of a file name, "
            f"got {text[:40]!r}"
        )
    return text


# A folder's name may hold blanks, but not before the next slash: that is where another path begins.
_FOLDERS = re.compile(r"(?<![\w.…])(?:[A-Za-z]:)?[\\/](?:[^\\/\n:;,()]*[^\\/\n:;,()\s][\\/])+")
_LONG_WORD = re.compile(r"\S{41,}")


def brief(text: str) -> str:
    """``text`` for a place with little room: of paths the last part, of long words both ends.

    So a message that begins with a path still has room for what is wrong.
    """
    text = _FOLDERS.sub("…/", text)
    return _LONG_WORD.sub(lambda found: f"{found[0][:18]}…{found[0][-20:]}", text)


def counted(count: int, thing: str, things: str | None = None) -> str:
    """``1 case``, ``2 cases``; ``things`` where the plural is another."""
    return f"{count} {thing}" if count == 1 else f"{count} {things or f'{thing}s'}"


_PLAIN = {"missing": "it is missing", "extra_forbidden": "this name is not known"}
_NUMBERS = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
}
_KINDS = {"tuple": "a list", "list": "a list", "dictionary": "an object", "string": "text"}


def what_is_wrong(item: Mapping[str, Any]) -> str:
    """One of the ``errors()`` of pydantic, without the words of programmers.

    Where our own validator spoke, what it said; else what was got and what was expected.
    """
    message = str(item["msg"])
    if item["type"] in _PLAIN:
        return _PLAIN[item["type"]]
    if not message.startswith("Input should be "):
        return message.removeprefix("Value error, ")
    expected = _NUMBERS.get(item["type"], message.removeprefix("Input should be "))
    for kind, plain in _KINDS.items():
        if expected == f"a valid {kind}":
            expected = plain
    got = item["input"]
    simple = got is None or isinstance(got, str | int | float)
    words = repr(got)[:40] if simple else f"a {type(got).__name__}"
    return f"got {words}, expected {expected.replace('a valid ', 'a ')}"


def first_wrong(errors: list[Any]) -> str:
    """``place: what`` of the first of the ``errors()`` of pydantic."""
    where = ".".join(map(str, errors[0]["loc"]))
    said = what_is_wrong(errors[0])
    return f"{where}: {said}" if where else said
