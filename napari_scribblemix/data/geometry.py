"""Where the voxels of a file lie: spacing, orientation, and which header field to believe.

Arrays in memory are (Z, Y, X), slices first; a ``Geometry`` knows the way to the file's own axis
order and keeps the header's forms as they were, so that what is written back has the same shape and
affine bit for bit.  Two fields of a NIfTI header can give two spacings; the rule is in ``resolve``,
and whatever it decides against the header's face is said in ``note``.  No resampling here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from nibabel.affines import voxel_sizes
from nibabel.nifti1 import Nifti1Header
from nibabel.orientations import aff2axcodes
from numpy.typing import NDArray

from napari_scribblemix.data.forms import HeaderForms
from napari_scribblemix.data.limits import check_spacing, short_axis
from napari_scribblemix.errors import GeometryError

SPACING_TOLERANCE = 1e-3
"""Relative difference up to which two spacings are the same (headers round to float32 or worse)."""

PIXDIM_NOTE = (
    "The affine has 1 mm steps in every direction but pixdim does not: spacing taken from pixdim."
)
NO_FORM_NOTE = "The header states no orientation (form codes 0): spacing taken from pixdim."
AFFINE_NOTE = "Affine and pixdim state different spacings: spacing taken from the affine (sform)."
UNIT_NOTE = "The header's unit of length is not mm: converted."
SLICE_NOTE = "The slices lie along an axis other than the file's third, by their spacing."
SHORT_AXIS_NOTE = (
    "The slices lie along an axis other than the file's third, because that one is by far the "
    "shortest."
)

_MILLIMETRES = {1: 1000.0, 3: 0.001}
_UNIT_NAMES = {1: "metre", 3: "micrometre"}
# Of the volume that three edges of the same lengths at right angles would have.
_FLAT = 1e-6


@dataclass(frozen=True, eq=False)
class Geometry:
    """The place of an image in space.

    ``affine`` (4, 4) float64 takes a voxel index in FILE order to mm, after the rule of
    ``resolve``; ``file_shape`` has two or three entries; ``slice_axis`` is the file axis along
    which slices lie; ``note`` says what was decided against the header's face.
    """

    affine: NDArray[np.float64]
    file_shape: tuple[int, ...]
    slice_axis: int
    forms: HeaderForms
    note: str | None = None

    @classmethod
    def from_affine(cls, affine: NDArray[Any], file_shape: Sequence[int]) -> Geometry:
        """For an image made here: ``affine`` (4, 4) in mm, ``file_shape`` in file order (X, Y, Z).

        ``GeometryError`` if the affine cannot be inverted.
        """
        header = Nifti1Header()
        header.set_data_shape(tuple(file_shape))
        header.set_xyzt_units("mm")
        header.set_sform(affine, code=1)
        header.set_qform(affine, code=1, strip_shears=True)
        return resolve(header, tuple(file_shape))

    @property
    def _order(self) -> tuple[int, int, int]:
        """File axes in memory order: slices, rows (Y), columns (X)."""
        first, second = (axis for axis in range(3) if axis != self.slice_axis)
        return self.slice_axis, second, first

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape in memory (Z, Y, X)."""
        shape = (*self.file_shape, 1)
        z, y, x = self._order
        return shape[z], shape[y], shape[x]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size (z, y, x) in mm."""
        sizes = voxel_sizes(self.affine)
        z, y, x = self._order
        return float(sizes[z]), float(sizes[y]), float(sizes[x])

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in ml."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def pixel_area_mm2(self) -> float:
        """Area of one pixel of a slice in mm²."""
        return self.spacing[1] * self.spacing[2]

    @property
    def axis_codes(self) -> str:
        """Towards which side of the patient each file axis runs, e.g. ``LPS``."""
        return "".join(aff2axcodes(self.affine))

    def from_file(self, array: NDArray[Any]) -> NDArray[Any]:
        """``array`` in file order to (Z, Y, X), a view."""
        if array.shape != self.file_shape:
            raise GeometryError(
                f"Got an array of {format_shape(array.shape)}; expected the file's "
                f"{format_shape(self.file_shape)}."
            )
        return array.reshape((*self.file_shape, 1)[:3]).transpose(self._order)

    def to_file(self, array: NDArray[Any]) -> NDArray[Any]:
        """``array`` (Z, Y, X) to file order, a view; ``GeometryError`` for another shape."""
        if array.shape != self.shape:
            raise GeometryError(
                f"Got an array of {format_shape(array.shape)} but the image is "
                f"{format_shape(self.shape)}; choose the image it was made from."
            )
        return array.transpose(np.argsort(self._order)).reshape(self.file_shape)


def format_shape(shape: Sequence[int]) -> str:
    """A shape as the messages print it: ``10 x 256 x 256``."""
    return " x ".join(str(size) for size in shape)


def _same(a: NDArray[Any], b: NDArray[Any] | float) -> bool:
    return bool(np.allclose(a, b, rtol=SPACING_TOLERANCE, atol=0.0))


def _believed(header: Nifti1Header, dimensions: int) -> tuple[NDArray[np.float64], str | None]:
    """The affine in the header's unit, and what was decided against the header's face."""
    affine = np.array(header.get_best_affine(), dtype=np.float64)
    sizes = voxel_sizes(affine)
    pixdim = np.abs(np.array(header["pixdim"][1:4], dtype=np.float64))
    if dimensions == 2 and not (sizes[2] > 0 and pixdim[2] > 0):
        # A flat image need not state a slice thickness.
        affine[:3, 2], pixdim[2] = np.cross(affine[:3, 0], affine[:3, 1]), 1.0
        affine[:3, 2] /= np.linalg.norm(affine[:3, 2]) or 1.0
        sizes = voxel_sizes(affine)
    if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
        return affine, NO_FORM_NOTE
    usable = bool(np.all(np.isfinite(pixdim)) and np.all(pixdim > 0))
    if not usable or _same(sizes, pixdim):
        return affine, None
    if _same(sizes, 1.0):
        affine[:3, :3] *= pixdim / sizes
        return affine, PIXDIM_NOTE
    return affine, AFFINE_NOTE


def _slice_axis(sizes: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[int, str | None]:
    """The axis of the slices, and a note if it is not the third.

    It has by far the thickest steps, or, where none has, by far the fewest: an array (slices, rows,
    columns) saved with an identity affine.
    """
    if len(shape) < 3:
        return 2, None
    coarsest = int(np.argmax(sizes))
    if sizes[coarsest] > 2.0 * np.delete(sizes, coarsest).max():
        return coarsest, SLICE_NOTE if coarsest != 2 else None
    shortest = short_axis(shape)
    return (2, None) if shortest in (None, 2) else (shortest, SHORT_AXIS_NOTE)


def _check_affine(affine: NDArray[np.float64], sizes: NDArray[np.float64]) -> None:
    shown = " x ".join(f"{size:g}" for size in sizes)
    if not np.all(np.isfinite(affine)):
        raise GeometryError(
            f"Got a header that places its voxels nowhere (sizes {shown} mm, origin "
            f"{' x '.join(f'{place:g}' for place in affine[:3, 3])}); expected finite numbers: "
            "repair the header."
        )
    volume = abs(np.linalg.det(affine[:3, :3] / np.where(sizes > 0, sizes, 1.0)))
    if not np.all(sizes > 0) or volume < _FLAT:
        raise GeometryError(
            f"Got a header with voxel sizes {shown} mm; expected three positive ones along "
            "different axes: repair the header."
        )


def resolve(header: Nifti1Header, file_shape: tuple[int, ...]) -> Geometry:
    """The geometry of a NIfTI file of the spatial ``file_shape`` (2 or 3 sizes).

    NIfTI's own order (sform, then qform, then pixdim alone) holds, with one exception: where the
    affine has 1 mm steps along all axes and pixdim has not, pixdim is right (ACDC images).  Any
    other disagreement is settled for the affine.  Each of these is stated in ``note``.
    ``GeometryError`` if no valid spacing is left, or one that no scanner makes (see ``limits``).
    """
    with np.errstate(all="ignore"):  # numbers that are too large are refused below
        affine, note = _believed(header, len(file_shape))
    forms = HeaderForms.of(header)
    notes = [note] if note else []
    if factor := _MILLIMETRES.get(forms.unit):
        affine[:3] *= factor
        notes.append(UNIT_NOTE)
    with np.errstate(all="ignore"):
        sizes = voxel_sizes(affine)
    _check_affine(affine, sizes)
    axis, note = _slice_axis(sizes, file_shape)
    notes += [note] if note else []
    affine.setflags(write=False)
    shape = tuple(map(int, file_shape))
    geometry = Geometry(affine, shape, axis, forms, " ".join(notes) or None)
    unit = _UNIT_NAMES.get(forms.unit, "mm")
    check_spacing(geometry.spacing, geometry.shape, unit, factor or 1.0)
    return geometry


def states_a_place(geometry: Geometry) -> bool:
    """Whether the header says where in space the voxels lie, so that it can be gone by."""
    note = geometry.note or ""
    return PIXDIM_NOTE not in note and NO_FORM_NOTE not in note


def grid_distance(a: Geometry, b: Geometry) -> float:
    """Largest distance in mm between the places of one corner voxel; inf if the shapes differ."""
    if a.file_shape != b.file_shape:
        return float("inf")
    last = np.array((*a.file_shape, 1)[:3]) - 1
    corners = np.array([(*(np.array(c) * last), 1) for c in product((0, 1), repeat=3)])
    apart = corners @ (a.affine - b.affine)[:3].T
    return float(np.linalg.norm(apart, axis=1).max())


def same_grid(a: Geometry, b: Geometry, tolerance: float = 0.01) -> bool:
    """Whether both have the same shape and no voxel lies further apart than ``tolerance`` mm."""
    return grid_distance(a, b) <= tolerance
