"""Which files are channels of one case, by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix.errors import FileError
from napari_scribblemix.project.case_files import CaseFiles
from napari_scribblemix.project.channels import MOST, group_channels, keep_alike, split_channel


def grouped(*names: str, labels: tuple[str, ...] = ()) -> tuple[dict[str, str], list[str]]:
    """The channels of each case, and the names that are left."""
    cases, left = group_channels({name: Path(f"{name}.nii") for name in names}, labels)
    return {case: " ".join(files.channels) for case, files in cases.items()}, sorted(left)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p1_C0", ("p1", "C0")),
        ("p1_t2", ("p1", "T2")),
        ("p1_DE", ("p1", "LGE")),
        ("p1_LGE", ("p1", "LGE")),
        ("p1_0002", ("p1", "0002")),
        ("p1_ED", ("p1_ED", None)),
        ("patient001_frame01", ("patient001_frame01", None)),
        ("p1T2", ("p1T2", None)),
        ("_T2", ("_T2", None)),
        ("p1_20210304", ("p1_20210304", None)),
    ],
)
def test_the_end_of_a_name_is_the_channel(name: str, expected: tuple[str, str | None]) -> None:
    assert split_channel(name) == expected


def test_sequences_and_numbers_are_put_in_their_own_order() -> None:
    assert grouped("b_T2", "a_LGE", "b_LGE", "a_C0", "b_C0") == (
        {"a": "C0 LGE", "b": "C0 LGE T2"},
        [],
    )
    assert grouped("a_0002", "a_0000", "a_0001") == ({"a": "0000 0001 0002"}, [])


@pytest.mark.parametrize(
    "names",
    [
        ("patient001_LGE",),
        ("a_0000",),
        ("a_LGE", "b_C0"),
        ("patient001_frame01", "patient001_frame12"),
        ("cine01_ED", "cine01_ES"),
        ("scan_2021", "scan_2022"),
        ("img_0001", "img_0002"),
        tuple(f"img_{number:04d}" for number in range(MOST + 1)),
        ("a", "a_C0", "a_T2"),
    ],
)
def test_these_stay_images_of_their_own(names: tuple[str, ...]) -> None:
    assert grouped(*names) == ({}, sorted(names))


def test_an_image_with_a_label_of_its_own_is_a_case_and_so_are_its_neighbours() -> None:
    names = ("a_C0", "a_LGE", "a_T2")
    assert grouped(*names, labels=("a",)) == ({"a": "C0 LGE T2"}, [])
    assert grouped(*names, labels=("a_LGE",)) == ({}, sorted(names))
    assert grouped("img_0000", "img_0001", labels=("img_0001",))[0] == {}


def test_two_files_of_one_channel_are_an_error() -> None:
    with pytest.raises(
        FileError, match=r"two images for the channel LGE of the case a: .*move one"
    ):
        grouped("a_DE", "a_LGE", "a_C0")


def case(name: str, *channels: str, scribbled: bool = False) -> CaseFiles:
    scribble = Path("s.nii") if scribbled else None
    further = tuple(Path(channel) for channel in channels[1:])
    return CaseFiles(name, Path(f"{name}.nii"), scribble, further=further, channels=channels)


def test_scribbled_cases_decide_which_channels_are_expected() -> None:
    cases = [case("a", "C0", "T2", scribbled=True), case("b"), case("c")]
    alike, odd = keep_alike(cases)
    assert [item.id for item in alike] == ["a"]
    assert [line.split(":")[0] for line in odd] == ["b", "c"]
    assert keep_alike(cases[1:]) == (cases[1:], [])


def test_between_equally_common_sets_the_larger_wins() -> None:
    alike, (line,) = keep_alike([case("a", "C0", "LGE"), case("b", "C0", "LGE", "T2")])
    assert [item.id for item in alike] == ["b"]
    assert line.endswith("so it is left out: add T2.")
