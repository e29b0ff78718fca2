"""The fields of a NIfTI header that place its voxels in space, kept as they stand in the file.

What is written back takes them from here, bit for bit, and nothing else of the source.  Which of
them is believed is decided in ``geometry``.
"""

from __future__ import annotations

from dataclasses import dataclass

from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header


@dataclass(frozen=True)
class HeaderForms:
    """The fields of a NIfTI header that place its voxels in space, as they stand in the file."""

    qform_code: int
    sform_code: int
    quaternion: tuple[float, ...]
    offset: tuple[float, ...]
    srow: tuple[tuple[float, ...], ...]
    pixdim: tuple[float, ...]
    unit: int
    nifti2: bool = False

    @classmethod
    def of(cls, header: Nifti1Header) -> HeaderForms:
        """Taken from ``header`` (NIfTI-1 or -2)."""
        return cls(
            qform_code=int(header["qform_code"]),
            sform_code=int(header["sform_code"]),
            quaternion=tuple(float(header[f"quatern_{axis}"]) for axis in "bcd"),
            offset=tuple(float(header[f"qoffset_{axis}"]) for axis in "xyz"),
            srow=tuple(tuple(map(float, header[f"srow_{axis}"])) for axis in "xyz"),
            pixdim=tuple(map(float, header["pixdim"][:4])),
            unit=int(header["xyzt_units"]) & 7,
            nifti2=isinstance(header, Nifti2Header),
        )

    def header(self) -> Nifti1Header:
        """A fresh header with these fields and nothing else of the source: no text, no names."""
        header = Nifti2Header() if self.nifti2 else Nifti1Header()
        header["qform_code"], header["sform_code"] = self.qform_code, self.sform_code
        for letters, name, values in (
            ("bcd", "quatern", self.quaternion),
            ("xyz", "qoffset", self.offset),
            ("xyz", "srow", self.srow),
        ):
            for letter, value in zip(letters, values, strict=True):
                header[f"{name}_{letter}"] = value
        header["pixdim"][:4] = self.pixdim
        header["xyzt_units"] = self.unit
        return header
