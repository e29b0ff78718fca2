"""Which image files are channels of one case: told by the end of their names alone.

    MyoPS      CASE_C0, CASE_LGE (or _DE), CASE_T2     cine, late enhancement, T2
    nnU-Net    CASE_0000, CASE_0001, ...               numbered from 0, at most ``MOST``

One such file alone is an image like any other, under its whole name.  So are files of which one has
a label of its own, numbers without 0000 (patients are numbered too), and those beside an image that
is called CASE itself.  No file is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from napari_scribblemix.data.channels import describe_channels
from napari_scribblemix.errors import FileError
from napari_scribblemix.project.case_files import CaseFiles

MOST = 8
"""More numbered files than this are no channels of one case but cases that were numbered."""

_NAMED = re.compile(r"(?P<case>.+)_(?P<channel>C0|DE|LGE|T2)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})")
# Delayed enhancement is late enhancement: MSCMRseg and MyoPS name the same sequence differently.
_SAME = {"DE": "LGE"}


def split_channel(name: str) -> tuple[str, str | None]:
    """The name of an image without its channel, and the channel as models call it, or ``None``."""
    match = _NAMED.fullmatch(name) or _NUMBERED.fullmatch(name)
    if match is None:
        return name, None
    channel = match["channel"].upper()
    return match["case"], _SAME.get(channel, channel)


def _is_group(channels: Collection[str]) -> bool:
    if len(channels) < 2:
        return False
    numbers = [int(channel) for channel in channels if channel.isdigit()]
    return not numbers or (min(numbers) == 0 and max(numbers) < MOST)


def group_channels(
    named: dict[str, Path], labels: Collection[str] = ()
) -> tuple[dict[str, CaseFiles], dict[str, Path]]:
    """The cases of several channels among images by name, and the images that are left.

    ``labels``: names of labels; an image that has one is a case of its own.  Channels are sorted:
    C0, LGE, T2, or by their numbers.  ``FileError`` for two files of one channel.
    """
    alone = named.keys() & set(labels)
    # Names and numbers are two ways to say it, and never mixed.
    groups: dict[tuple[str, bool], dict[str, str]] = {}
    for name in sorted(named.keys() - alone):
        case, channel = split_channel(name)
        if channel is None:
            continue
        group = groups.setdefault((case, channel.isdigit()), {})
        if channel in group:
            raise FileError(
                f"Got two images for the channel {channel} of the case {case}: "
                f"{named[group[channel]]} and {named[name]}; expected one: move one of them away."
            )
        group[channel] = name
    own = {split_channel(name)[0] for name in alone} | named.keys()
    cases: dict[str, CaseFiles] = {}
    left = dict(named)
    for (case, _), group in groups.items():
        if case in own or case in cases or not _is_group(group):
            continue
        channels = tuple(sorted(group))
        first, *further = (left.pop(group[channel]) for channel in channels)
        cases[case] = CaseFiles(case, first, further=tuple(further), channels=channels)
    return cases, left


def keep_alike(cases: Iterable[CaseFiles]) -> tuple[list[CaseFiles], list[str]]:
    """The cases that have the channels most of them have, and a line for each other one.

    Scribbled cases decide before others, and of two equally common sets of channels the larger.
    """
    cases = list(cases)
    found: dict[tuple[str, ...], list[int]] = {}
    for case in cases:
        counts = found.setdefault(case.channels, [0, 0])
        counts[0] += case.scribbled
        counts[1] += 1
    if len(found) < 2:
        return cases, []
    expected = max(found, key=lambda channels: (*found[channels], len(channels)))
    odd = [_describe_odd(case, expected) for case in cases if case.channels != expected]
    return [case for case in cases if case.channels == expected], odd


def _describe_odd(case: CaseFiles, expected: Sequence[str]) -> str:
    missing = [channel for channel in expected if channel not in case.channels]
    todo = f"add {', '.join(missing)}" if missing and case.channels else "move it elsewhere"
    return (
        f"{case.id}: got {describe_channels(case.channels)} ({case.image.name}); expected "
        f"{describe_channels(expected)} as in the other cases, so it is left out: {todo}."
    )
