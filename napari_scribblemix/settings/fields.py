"""What a field of a settings model says of itself: type, range, unit, what nothing means.

The command line and the form in the window are both made from this.
"""

from __future__ import annotations

import re
import types
import typing
from typing import Any

from pydantic.fields import FieldInfo

from napari_scribblemix.settings.options import Unit

_LIMITS = ("ge", "gt", "le", "lt", "multiple_of")
_UNSET = re.compile(r"\[(?P<words>[^][]+)\]\s*$")


def type_and_metadata(field: FieldInfo) -> tuple[Any, list[Any]]:
    """The type of a field without None, and its metadata with that of an Annotated inside."""
    annotation: Any = field.annotation
    metadata = list(field.metadata)
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        (annotation,) = (a for a in typing.get_args(annotation) if a is not types.NoneType)
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, *inner = typing.get_args(annotation)
        metadata += inner
    return annotation, metadata


def limits(field: FieldInfo) -> dict[str, float]:
    """What the field says of ``ge``, ``gt``, ``le``, ``lt`` and ``multiple_of``."""
    return {
        key: value
        for item in type_and_metadata(field)[1]
        for key in _LIMITS
        if (value := getattr(item, key, None)) is not None
    }


def unit_of(field: FieldInfo) -> Unit | None:
    """The unit that a form shows the number in, if the field has one."""
    return next((item for item in type_and_metadata(field)[1] if isinstance(item, Unit)), None)


def when_unset(field: FieldInfo) -> str:
    """What happens where nothing is said: the brackets that end the help, or nothing."""
    found = _UNSET.search(field.description or "")
    return found["words"] if found else ""
