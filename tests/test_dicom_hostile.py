"""Files that were changed by chance or on purpose: a reason or a line each, never more memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from dicom_files import image, write_cine, write_enhanced
from pydicom import dcmread
from pydicom.uid import JPEGLSLossless, RLELossless, generate_uid

from napari_scribblemix.data.dicom import decoding
from napari_scribblemix.data.dicom.files import is_dicom, is_study
from napari_scribblemix.data.dicom.reading import read_cine
from napari_scribblemix.data.dicom.stacks import find_stacks
from napari_scribblemix.errors import FileError, ScribbleMixError
from napari_scribblemix.project.working_copies import described, fingerprint

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 50
MB = 2**20


def read_all(path: Path, *, decode: bool = True) -> int:
    """Everything that is done with a file, errors of ours aside; how many stacks it gave.

    Without ``decode`` compressed pixels are left alone: each file would start a process.
    """
    stacks = find_stacks([path]).stacks
    for stack in stacks:
        described(stack, body=True)
        fingerprint(stack)
        if not decode and stack.images[0][0].storage.length is None:
            continue
        try:
            read_cine(stack, uneven=True)
        except ScribbleMixError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017
    return len(stacks)


def samples(folder: Path) -> dict[str, bytes]:
    (classic,) = write_cine(folder / "a", 1, 1)
    enhanced = write_enhanced(folder / "b.dcm", 2, 2)
    kinds = {"classic": classic.read_bytes(), "enhanced": enhanced.read_bytes()}
    for name, syntax in (("rle", RLELossless), ("jpegls", JPEGLSLossless)):
        data = dcmread(classic)
        data.compress(syntax)
        data.save_as(folder / f"{name}.dcm", enforce_file_format=True)
        kinds[name] = (folder / f"{name}.dcm").read_bytes()
    return kinds


@pytest.mark.parametrize("kind", ["classic", "enhanced", "rle", "jpegls"])
@pytest.mark.parametrize("way", ["bytes", "lengths", "cut"])
def test_a_file_changed_by_chance_ends_in_a_reason_or_a_line(
    kind: str, way: str, tmp_path: Path
) -> None:
    good = samples(tmp_path)[kind]
    generator = np.random.default_rng(len(kind) * 7 + len(way))
    path = tmp_path / "changed.dcm"
    for _ in range(ROUNDS):
        changed = bytearray(good)
        if way == "cut":
            del changed[int(generator.integers(len(good))) :]
        else:
            # Anything anywhere after the preamble, or the largest numbers, as lengths have them.
            for at in generator.integers(132, len(good), size=int(generator.integers(1, 8))):
                size = 1 if way == "bytes" else int(generator.integers(1, 5))
                new = generator.integers(256, size=size) if way == "bytes" else [255] * size
                changed[at : at + size] = bytes(int(number) for number in new)
        path.write_bytes(changed)
        read_all(path, decode=False)
    path.write_bytes(good)
    assert read_all(path) == 1


def test_what_a_header_states_takes_no_memory_before_it_is_believed(tmp_path: Path) -> None:
    # Warm: what is loaded once does not count.
    (good,) = write_cine(tmp_path / "good", 1, 1)
    read_all(good)
    bad = tmp_path / "bad"
    bad.mkdir()
    for number, sizes in enumerate(
        ({"Rows": 65535, "Columns": 65535}, {"NumberOfFrames": 2**31 - 1}, {"Rows": 4096})
    ):
        data = image(0, 0, series=generate_uid())
        for keyword, size in sizes.items():
            setattr(data, keyword, size)
        data.save_as(bad / f"{number}.dcm", enforce_file_format=True)
    whole = good.read_bytes()
    at = whole.index(b"\x10\x00\x20\x00LO")
    # An element that says it is four gigabytes long.
    (bad / "long.dcm").write_bytes(
        whole[:at] + b"\x09\x00\x10\x00OB\0\0\xf0\xff\xff\xff" + whole[at:]
    )
    (bad / "zeros.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * (MB // 2))
    tracemalloc.start()
    try:
        contents = find_stacks(bad)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert contents.stacks == ()
    assert sum(len(paths) for paths in contents.files_left_out.values()) == 5
    assert peak < 64 * MB


def test_a_stack_of_more_than_2_gb_is_left_out(tmp_path: Path) -> None:
    write_cine(tmp_path, 2, 2)
    # Sparse files: the pixels are there as far as their size goes, and are never read.
    for path in sorted(tmp_path.iterdir()):
        data = dcmread(path)
        data.Rows = data.Columns = 4096
        data.NumberOfFrames = 1
        data.PixelData = b""
        data.save_as(path, enforce_file_format=True)
        stated = path.read_bytes()
        size = (4096 * 4096 * 2).to_bytes(4, "little")
        path.write_bytes(stated[:-4] + size)
        with path.open("ab") as file:
            file.truncate(len(stated) + 4096 * 4096 * 2)
    import napari_scribblemix.data.dicom.stacks as stacks_module

    assert find_stacks(tmp_path).stacks[0].frames == 2
    limit = stacks_module.MOST_STACK_BYTES
    stacks_module.MOST_STACK_BYTES = 2**27
    try:
        contents = find_stacks(tmp_path)
    finally:
        stacks_module.MOST_STACK_BYTES = limit
    assert contents.stacks == ()
    assert contents.left_out == (("4 images", "a stack of more than 2 GB, which is not read"),)


def test_a_link_to_nothing_and_a_folder_that_leads_to_itself_do_no_harm(tmp_path: Path) -> None:
    write_cine(tmp_path / "study", 3, 2)
    (tmp_path / "study" / "gone.dcm").symlink_to(tmp_path / "nowhere")
    (tmp_path / "study" / "loop").symlink_to(tmp_path / "study")
    contents = find_stacks(tmp_path / "study")
    assert [stack.frames for stack in contents.stacks] == [2]
    assert [what for what, _ in contents.left_out] == ["1 file"]


def test_many_damaged_compressed_images_end_in_one_line_each(tmp_path: Path) -> None:
    good = samples(tmp_path)["jpegls"]
    generator = np.random.default_rng(3)
    at = good.index(b"\xff\xd8")
    path = tmp_path / "changed.dcm"
    for _ in range(3):
        changed = bytearray(good)
        for place in generator.integers(at + 40, len(good) - 8, size=20):
            changed[place] = int(generator.integers(256))
        path.write_bytes(changed)
        read_all(path)


def test_a_decoder_that_dies_is_a_line_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples(tmp_path)
    (stack,) = find_stacks([tmp_path / "jpegls.dcm"]).stacks
    (tmp_path / "shadow").mkdir()
    # In place of gdcm and of the other library: one that ends its process as C++ does.
    for name in ("gdcm", "jpeg_ls", "pylibjpeg"):
        (tmp_path / "shadow" / f"{name}.py").write_text("import os\nos.abort()\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'shadow'}:{ROOT}")
    with pytest.raises(FileError, match="could not be read"):
        read_cine(stack)


def test_a_process_that_decodes_is_held_to_its_memory() -> None:
    code = (
        "from napari_scribblemix.data.dicom import decoding\n"
        "decoding._hold_memory()\n"
        "try:\n    bytearray(5 * 2**30)\nexcept MemoryError:\n    print('held')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "held\n"


def jpeg_2000(columns: int, rows: int) -> bytes:
    sizes = b"".join(number.to_bytes(4, "big") for number in (columns, rows, 0, 0))
    return b"\xff\x4f\xff\x51" + bytes(4) + sizes


@pytest.mark.parametrize(
    ("coded", "stated"),
    [
        (jpeg_2000(20, 24), True),
        (jpeg_2000(9, 24), False),
        (b"\xff\xd8\xff\xf7\0\x0b\x08\0\x18\0\x14\x01" + bytes(8), True),
        (b"\xff\xd8\xff\xe0\0\x04\0\0\xff\xc3\0\x0b\x08\0\x18\xff\xff\x01" + bytes(8), False),
        (b"\xff\xd8\xff\xd9" + bytes(8), False),
    ],
)
def test_a_compressed_image_must_be_as_large_as_its_header_says(coded: bytes, stated: bool) -> None:
    if stated:
        decoding.check_coded(coded, (24, 20))
    else:
        with pytest.raises(ValueError, match="size"):
            decoding.check_coded(coded, (24, 20))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.timeout(60)
def test_a_pipe_in_the_folder_is_passed_over_and_not_waited_for(tmp_path: Path) -> None:
    write_cine(tmp_path, 3, 2)
    os.mkfifo(tmp_path / "pipe")
    assert len(find_stacks(tmp_path).stacks) == 1
    assert is_study(tmp_path)
    assert not is_dicom(tmp_path / "pipe")
