"""A file and its description, replaced in one step; killed in between: see ``test_killing``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_scribblemix.data import described
from napari_scribblemix.data.described import (
    checksum,
    checksum_of,
    description_of,
    is_unfinished,
    read_description,
    replace_described,
)
from napari_scribblemix.errors import FileError


def replace(folder: Path, data: bytes, number: int) -> None:
    replace_described(folder / "a.bin", data, folder / "a.json", {"number": number}, "sum")


def of(folder: Path) -> dict[str, object] | None:
    return description_of(folder / "a.bin", folder / "a.json", "sum")


def test_a_description_names_the_checksum_of_its_file(tmp_path: Path) -> None:
    replace(tmp_path, b"one", 1)
    replace(tmp_path, b"two", 2)
    assert of(tmp_path) == {"number": 2, "sum": checksum(b"two")}
    assert checksum_of(tmp_path / "a.bin") == checksum(b"two")
    assert read_description(tmp_path / "a.json") == of(tmp_path)


def test_a_description_of_another_file_says_nothing(tmp_path: Path) -> None:
    replace(tmp_path, b"one", 1)
    (tmp_path / "a.bin").write_bytes(b"by somebody else")
    assert of(tmp_path) is None
    (tmp_path / "a.bin").unlink()
    assert of(tmp_path) is None


def test_a_description_without_a_checksum_is_of_whatever_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"early")
    (tmp_path / "a.json").write_text('{"number": 0}')
    assert of(tmp_path) == {"number": 0}


def test_after_two_saves_cut_short_the_first_file_is_still_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(tmp_path, b"one", 1)
    whole = described.atomic_write

    def only_the_description(path: Path, data: bytes) -> None:
        if path.suffix == ".bin":
            raise FileError("killed here")
        whole(path, data)

    monkeypatch.setattr(described, "atomic_write", only_the_description)
    for number in (2, 3):
        with pytest.raises(FileError, match="killed here"):
            replace(tmp_path, b"two", number)
    content = json.loads((tmp_path / "a.json").read_text())
    assert is_unfinished(content)
    assert (content["number"], content["before"]["number"]) == (3, 1)
    assert of(tmp_path) == {"number": 1, "sum": checksum(b"one")}
    monkeypatch.undo()
    replace(tmp_path, b"four", 4)
    assert read_description(tmp_path / "a.json") == {"number": 4, "sum": checksum(b"four")}


@pytest.mark.parametrize("text", ["{", "[]", "3", "[" * 100_000])
def test_a_damaged_description_is_an_error_and_is_written_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.bin").write_bytes(b"early")
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(FileError, match=r"a\.json .*restore or remove it"):
        of(tmp_path)
    replace(tmp_path, b"one", 1)
    assert of(tmp_path) == {"number": 1, "sum": checksum(b"one")}
