"""The commands that README and docs show, as test_readme and test_docs read them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

PROGRAM = "napari-scribblemix"


def bash_lines(text: str) -> list[str]:
    """The lines of all bash blocks, continued lines joined, comments left out."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def program_calls(lines: list[str]) -> list[list[str]]:
    """The arguments of every call of our program in ``lines``, in order."""
    calls = []
    for line in lines:
        for command in line.split("&&"):
            words = shlex.split(command, comments=True)
            if words and Path(words[0]).name == PROGRAM:
                calls.append(words[1:])
    return calls


def shortened(arguments: list[str]) -> list[str]:
    """The same call with two training steps instead of a time or a number of steps."""
    result = list(arguments)
    for option in ("--time", "--steps", "--epochs"):
        if option in result:
            place = result.index(option)
            result[place : place + 2] = ["--steps", "2"]
    return result
