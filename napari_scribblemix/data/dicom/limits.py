"""How much of a DICOM file is believed, looked at before memory is taken for it."""

from __future__ import annotations

HEADER_BYTES = 32 * 2**20
"""Of a file, read to find its header; one that is longer is refused."""

MOST_READS = 600_000
"""Of the header's parts, two or three for each value; bounds the memory they take."""

MOST_FILES = 50_000
"""In a folder with all folders inside."""

MOST_DEPTH = 12
"""Folders within folders that are gone into."""

MOST_PLANES = 20_000
"""Frames of one file."""

MOST_SIDE = 4096
"""Rows or columns of an image."""

MOST_STACK_BYTES = 2 * 2**30
"""Of all frames of a stack, decoded."""

MOST_PACKED_BYTES = 2**30
"""Of a compressed file, which is read whole."""
