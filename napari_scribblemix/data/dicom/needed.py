"""What reading DICOM needs: an extra that is loaded late, and kept from talking.

pydicom is imported by the functions that read, never at the start.  It warns of odd headers with
their values, which may be a person's: while files are read it says nothing, and gdcm, which decodes
pixels, neither.
"""

from __future__ import annotations

import importlib
import importlib.util
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from napari_scribblemix.errors import FileError

INSTALL = "pip install 'napari-scribblemix[dicom]'"

_DAMAGED: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # RecursionError and NotImplementedError too
    MemoryError,
    AssertionError,
    struct.error,
    zlib.error,
)
_TALK = threading.RLock()


def damaged() -> tuple[type[Exception], ...]:
    """What pydicom and the decoders raise of files that are not what they should be."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*_DAMAGED, BytesLengthException, InvalidDicomError)


def is_installed() -> bool:
    """Whether the extra is there; nothing is imported."""
    return importlib.util.find_spec("pydicom") is not None


def require() -> None:
    """``FileError`` with the one command that helps, if the extra is not installed."""
    if not is_installed():
        raise FileError(f"These are DICOM files, and reading them needs an extra: {INSTALL}.")


@contextmanager
def silent() -> Iterator[None]:
    """Nothing of what pydicom or gdcm say of a file reaches a screen or a log."""
    require()
    from pydicom import config

    with _TALK, config.disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger = config.logger
        disabled, logger.disabled = logger.disabled, True
        try:
            yield
        finally:
            logger.disabled = disabled


def mute_decoders() -> None:
    """Gdcm writes to the terminal of the process; from here on it does not."""
    if importlib.util.find_spec("gdcm") is not None:
        trace = importlib.import_module("gdcm").Trace
        trace.WarningOff()
        trace.ErrorOff()
        trace.DebugOff()
