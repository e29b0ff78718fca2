"""Changed, cut, huge and packed files of every kind that the program reads.

Each mutant is read in all the ways that the program reads such a file.  It may be read or end in
one of our own errors, of one line; anything else is bad: a foreign error, a second line, a hang,
more memory than the cap, a spacing that no scanner makes.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import random
import resource
import signal
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from mutants import bomb, other_bytes, other_header, other_json
from readers import READERS, kept_project
from tries import Place

from napari_scribblemix.errors import ScribbleMixError

CAP = 1024 * 2**20
"""Bytes that reading one file may take: twice the largest volume that is read, as floats."""

HANG_SECONDS = 180


@dataclass(frozen=True)
class Kind:
    """``path`` in the project, how its bytes are changed, and how it is read."""

    path: str
    reader: str
    change: Callable[[bytes, random.Random], bytes]


def _volume(kind: Any, dtype: type, order: str = "<") -> tuple[bytes, np.dtype[Any]]:
    values = np.random.default_rng(0).integers(0, 5, (7, 6, 5)).astype(dtype)
    made = kind(values, np.diag([1.4, 1.4, 8, 1]))
    made.set_qform(made.affine, code=1)
    header = made.header.template_dtype
    data = made.to_bytes()
    return data, header.newbyteorder(order) if order != "<" else header


def _other_nifti(_: bytes, rng: random.Random) -> bytes:
    kind = rng.choice((nibabel.Nifti1Image, nibabel.Nifti2Image))
    data, header = _volume(kind, rng.choice((np.uint8, np.int16, np.float32, np.float64)))
    if rng.random() < 0.7:
        return other_header(data, header, rng)
    return other_bytes(data, rng, last=header.itemsize if rng.random() < 0.5 else None)


def _other_packed(data: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.25:
        return other_bytes(gzip.compress(_other_nifti(data, rng), 1), rng)
    return gzip.compress(_other_nifti(data, rng), 1)


def _bomb(_: bytes, rng: random.Random) -> bytes:
    return bomb(*_volume(nibabel.Nifti1Image, np.uint8), rng)


def _other_journal(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, or the words with a checksum that fits them."""
    if rng.random() < 0.4:
        return other_bytes(data, rng)
    body = other_json(data.split(b"\n")[0][9:], rng)
    return b"%08x " % zlib.crc32(body) + body + b"\n"


KINDS = (
    Kind("a.nii", "volume", _other_nifti),
    Kind("a.nii.gz", "volume", _other_packed),
    Kind("bomb.nii.gz", "volume", _bomb),
    Kind("scribbles/heart.nii.gz", "scribble", _other_packed),
    Kind("scribbles/heart.journal", "scribble", _other_journal),
    Kind("project.json", "project", other_json),
    Kind("reviews/heart.json", "review", other_json),
    Kind("predictions/heart.json", "prediction", other_json),
    Kind("phases.json", "phases", other_json),
    Kind("view.json", "view", other_json),
    Kind("masks.json", "masks", other_json),
    Kind("runs/one/model.json", "model", other_json),
    Kind("runs/one/model.safetensors", "model", lambda d, r: other_bytes(d, r, last=3000)),
    Kind("runs/one/settings.json", "run", other_json),
    Kind("runs/one/events.jsonl", "run", other_json),
    Kind("runs/one/checkpoint/state.pt", "checkpoint", other_bytes),
    Kind("study/a.dcm", "dicom", lambda d, r: other_bytes(d, r, first=132)),
    Kind("study/b.dcm", "dicom", lambda d, r: other_bytes(d, r, first=132)),
)


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _hung(*_: object) -> None:
    raise TimeoutError(f"no end after {HANG_SECONDS} s")


def _judged(kind: Kind, folder: Path, place: Place) -> str:
    """What is wrong with how a mutant was read."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    signal.alarm(HANG_SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            READERS[kind.reader](folder, folder / kind.path)
    except ScribbleMixError as error:
        place.measures["refused"] += 1
        if "\n" in str(error):
            return f"several lines: {error}"
    except (Exception, RecursionError) as error:  # noqa: BLE001
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
    more = _peak() - before
    place.highest("MiB most for one file", more // 2**20)
    return f"took {more // 2**20} MiB" if more > CAP else ""


def attack(place: Place) -> Iterator[str]:
    """Mutants of each kind in turn, without end."""
    signal.signal(signal.SIGALRM, _hung)
    logging.disable()
    folder = kept_project(place.folder)
    good = {kind.path: (folder / kind.path).read_bytes() for kind in KINDS}
    # Beyond it an allocation fails, and the error of that must be one of ours too.
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + 2 * CAP
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    while True:
        for kind in KINDS:
            data = kind.change(good[kind.path], place.rng)
            path = folder / kind.path
            path.write_bytes(data)
            wrong = _judged(kind, folder, place)
            path.write_bytes(good[kind.path])
            for other in ("project.damaged.json", "masks.json.damaged"):
                with contextlib.suppress(FileNotFoundError):
                    (folder / other).unlink()
            if wrong:
                descriptor, kept = tempfile.mkstemp(prefix="mutant-", suffix=path.name)
                os.write(descriptor, data)
                os.close(descriptor)
                wrong = f"{kind.path}: {wrong} ({kept})"
            yield wrong
