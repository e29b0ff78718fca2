"""Words from files: what can be shown is shown as it is, the rest as its number."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.data.wording import (
    brief,
    can_be_shown,
    check_name,
    check_words,
    counted,
    shown,
)

PLAIN = ["left ventricle", "Bärlapp 7", "心臓", "a\u00a0b", "قلب\u200cها", "", "[red]", ":heart:"]
HIDDEN = {
    "\x1b[31m": r"\x1b[31m",
    "\x9b2J": r"\x9b2J",
    "a\nb": r"a\nb",
    "nul\0": r"nul\x00",
    "\u202egz.iin": r"\u202egz.iin",
    "caf\udce9": r"caf\udce9",
    "a\u2028b": r"a\u2028b",
}


@pytest.mark.parametrize("text", PLAIN)
def test_words_of_any_language_are_shown_as_they_are(text: str) -> None:
    assert can_be_shown(text)
    assert shown(text) == text


@pytest.mark.parametrize("text", HIDDEN)
def test_what_acts_on_a_terminal_is_shown_as_its_number(text: str) -> None:
    assert not can_be_shown(text)
    assert shown(text) == HIDDEN[text]
    with pytest.raises(ValueError, match="expected words that can be shown"):
        check_words(text)


@given(st.text(st.characters(codec=None)))
def test_what_is_shown_can_be_shown_and_encoded(text: str) -> None:
    assert can_be_shown(shown(text))
    shown(text).encode()
    assert not {unicodedata.category(sign) for sign in shown(text)} & {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    "name", ["", " x", "x" * 61, "a/b", "a\\b", "..:x", "a\0", "\x1b[31m", "a|b", "a\nb"]
)
def test_a_name_is_short_and_can_be_part_of_a_file_name(name: str) -> None:
    with pytest.raises(ValueError, match="names of 1 to 60 characters that can be part of a file"):
        check_name(name)
    assert check_name("x" * 60) == "x" * 60


def test_one_is_no_plural() -> None:
    assert [counted(number, "case") for number in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("/data/a b/x.nii could not be read (bad).", "…/x.nii could not be read (bad)."),
        ("Got 2 in /a/b/c.nii and /d/e/f.nii.", "Got 2 in …/c.nii and …/f.nii."),
        (r"C:\Users\Eva\study\x.nii.gz is damaged.", "…/x.nii.gz is damaged."),
        ("Project: /home/eva/study.scribblemix", "Project: …/study.scribblemix"),
        ("12/04/2024, 3 km/h and/or 4 mm/px", "12/04/2024, 3 km/h and/or 4 mm/px"),
        ("Open a folder.", "Open a folder."),
    ],
)
def test_in_brief_a_path_is_its_last_part_and_the_reason_stays(text: str, short: str) -> None:
    assert brief(text) == short


def test_in_brief_both_ends_of_a_long_word_stay() -> None:
    word = "volunteer" * 6 + "_frame01"
    assert brief(f"{word} is damaged.") == "volunteervolunteer…eervolunteer_frame01 is damaged."


@given(st.text("ab /\\:._-", max_size=80))
def test_in_brief_nothing_gets_longer(text: str) -> None:
    assert len(brief(text)) <= len(text) + 2
