"""UIDs of the DICOM standard: what an image is, and how the bytes of a file are written."""

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4.1"

DEFLATED = "1.2.840.10008.1.2.1.99"
"""The whole file is packed; it is not read."""

NATIVE = {
    "1.2.840.10008.1.2": (False, "<"),
    "1.2.840.10008.1.2.1": (True, "<"),
    "1.2.840.10008.1.2.2": (True, ">"),
}
"""Uncompressed ones: whether each element names its kind, and the order of bytes."""
