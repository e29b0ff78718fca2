"""Files changed by chance or on purpose: bytes, headers of NIfTI, values of JSON, packed ones."""

from __future__ import annotations

import copy
import gzip
import json
import random
from typing import Any

import numpy as np

NUMBERS = (0, 1, -1, 7, 255, 32767, -32768, 2**31 - 1, -(2**31), 2**63 - 1)
REALS = (0.0, -1.0, 1e-8, 1e-3, 1e3, 1e10, 3e38, float("nan"), float("inf"), -float("inf"), 352.0)
TEXTS = (
    "", ".", "..", "../../x", "/etc/hostname", "a" * 5000, "\0", "\x1b[2J", "\ud800", "<b>", "NaN",
    "nul", "C:\\x", "2", "true", "é" * 300,
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**30), 1e308, float("nan"), float("inf"), [], {},
    [[]], [1, 2, 3], {"a": 1}, *TEXTS,
)  # fmt: skip


def other_bytes(data: bytes, rng: random.Random, first: int = 0, last: int | None = None) -> bytes:
    """Some bytes of a stretch set, removed, doubled or zeroed, or the file cut."""
    changed = bytearray(data)
    last = min(len(changed), last or len(changed))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(first, max(first + 1, min(last, len(changed))))
        length = rng.choice((1, 1, 1, 2, 4, 8, 64))
        match rng.randrange(6):
            case 0 | 1:
                changed[at : at + length] = rng.randbytes(length)
            case 2:
                changed[at : at + length] = b"\xff" * length
            case 3:
                changed[at : at + length] = bytes(length)
            case 4:
                del changed[at : at + length]
            case 5:
                changed[at:at] = changed[at : at + length]
    if rng.random() < 0.15:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


def other_header(data: bytes, header: np.dtype[Any], rng: random.Random) -> bytes:
    """One to three fields of a NIfTI header set to what nobody expects."""
    changed = bytearray(data)
    fields: Any = np.ndarray((), dtype=header, buffer=changed)
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(header.names or ())
        kind = fields[name].dtype
        value: Any
        if kind.kind == "f":
            value = np.float64(rng.choice(REALS)).astype(kind)
        elif kind.kind in "iu":
            ends = np.iinfo(kind)
            value = min(max(rng.choice(NUMBERS), int(ends.min)), int(ends.max))
        else:
            continue
        if fields[name].shape:
            fields[name][rng.randrange(len(fields[name]))] = value
        else:
            fields[name] = value
    return bytes(changed)


def bomb(header: bytes, header_type: np.dtype[Any], rng: random.Random) -> bytes:
    """A packed file of a few kilobytes or megabytes that unpacks to very much."""
    changed = bytearray(header)
    fields: Any = np.ndarray((), dtype=header_type, buffer=changed)
    side = rng.choice((64, 256, 512, 1024, 4096, 30000))
    fields["dim"][1:4] = (side, side, rng.choice((1, 64, 512, 30000)))
    kind, bits = rng.choice(((2, 8), (4, 16), (16, 32), (64, 64), (1024, 64)))
    fields["datatype"], fields["bitpix"] = kind, bits
    fields["scl_slope"] = rng.choice((0.0, 1.0, 0.5))
    zeros = rng.choice((2**10, 2**20, 2**22, 2**24) if rng.random() < 0.9 else (2**27, 2**30))
    # Of several members, as ``cat`` of packed files has them: made at once.
    block = min(zeros, 2**24)
    return gzip.compress(bytes(changed), 1) + gzip.compress(bytes(block), 1) * (zeros // block)


def _places(content: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(content, dict | list):
        for key, value in content.items() if isinstance(content, dict) else enumerate(content):
            found += _places(value, (*at, key))
    return found


def _deep(rng: random.Random) -> str:
    depth = rng.choice((50, 1000, 100_000))
    return rng.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth))


def other_json(data: bytes, rng: random.Random) -> bytes:
    """A value of the file replaced, removed or doubled under another name; or its bytes changed."""
    if rng.random() < 0.25:
        return other_bytes(data, rng)
    content = json.loads(data)
    for _ in range(rng.randint(1, 2)):
        places = _places(content)
        if not places:
            break
        *way, last = rng.choice(places)
        holder = content
        for key in way:
            holder = holder[key]
        match rng.randrange(5):
            case 0 | 1 | 2:
                holder[last] = copy.deepcopy(rng.choice(ODD))
            case 3:
                del holder[last]
            case 4 if isinstance(holder, dict):
                holder[rng.choice(TEXTS)] = copy.deepcopy(rng.choice(ODD))
    text = json.dumps(content)
    if rng.random() < 0.05:
        text = text.replace(":", ":" + _deep(rng) + ',"x":', 1)
    if rng.random() < 0.03:
        text = text.replace("1", "1" * 5000, 1)
    return text.encode("utf-8", "surrogatepass")
