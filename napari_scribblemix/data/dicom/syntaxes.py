"""Transfer syntaxes: how the bytes of a DICOM file are written."""

DEFLATED = "1.2.840.10008.1.2.1.99"
"""The whole file is packed; it is not read."""

NATIVE = {
    "1.2.840.10008.1.2": (False, "<"),
    "1.2.840.10008.1.2.1": (True, "<"),
    "1.2.840.10008.1.2.2": (True, ">"),
}
"""Uncompressed ones: whether each element names its kind, and the order of bytes."""
