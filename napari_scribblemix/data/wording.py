"""Words that come from files: which can be shown, and how the others are shown.

A name in a file may hold what a terminal takes as a command, what turns the direction of writing,
or half a character.  Such names are refused where they are read, and whatever is printed all the
same (a path, a message) shows the sign's number in its place.
"""

from __future__ import annotations

import unicodedata

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
