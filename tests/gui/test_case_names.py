"""Names of cases with too little room: what tells them apart is seen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_scribblemix.gui.images.case_names import Shortening


def test_of_names_that_differ_at_the_end_the_end_is_seen() -> None:
    names = ["anna_mueller_visit_before", "anna_mueller_visit_after"]
    first, second = (Shortening(names)(name, 12, len) for name in names)
    assert first.endswith("before")
    assert second.endswith("after")


LONG = [f"patient_01234567{number}_study_2019" for number in range(80, 95)]


@pytest.mark.parametrize(
    ("width", "seen"),
    [
        (40, "patient_0123456780_study_2019"),
        (24, "p…nt_0123456780_…dy_2019"),
        (14, "…_0123456780…"),
        (8, "…456780…"),
        (4, "…80…"),
    ],
)
def test_what_all_names_bear_gives_way_before_what_tells_them_apart(width: int, seen: str) -> None:
    assert Shortening(LONG)(LONG[0], width, len) == seen
    assert len({Shortening(LONG)(name, width, len) for name in LONG}) == len(LONG)


def test_of_numbers_that_differ_at_their_beginning_the_beginning_is_seen() -> None:
    names = ["8230000", "8240000", "9250000"]
    assert [Shortening(names)(name, 4, len) for name in names] == ["823…", "824…", "925…"]


def test_letters_give_way_before_numbers() -> None:
    assert Shortening()("patient001_frame01", 18, len) == "patient001_frame01"
    assert Shortening()("patient001_frame01", 8, len) == "…t001…01"


NAMES = st.from_regex(r"[a-zé_]{0,12}[0-9]{1,6}[a-z_]{0,30}[0-9]{0,6}", fullmatch=True)


@given(st.lists(NAMES, min_size=1), st.integers(1, 60))
def test_a_shortened_name_is_no_wider_than_it_may_and_whole_where_it_fits(
    names: list[str], width: int
) -> None:
    for name in names:
        short = Shortening(names)(name, width, len)
        assert len(short) <= width
        if len(name) <= width:
            assert short == name
        # In its order, and nothing that is not in it.
        assert re.fullmatch(".*".join(map(re.escape, short.split("…"))), name)
