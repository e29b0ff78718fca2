"""Images that lie in space in every way a header can say, compared with nibabel and SimpleITK.

For each, labels are written on the image's grid.  nibabel must see the image's own affine and each
value at its voxel, SimpleITK each voxel at the place where it sees that of the image.  Where fields
of the header disagree, what was decided must be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from tries import Place

from napari_scribblemix.data.nifti import read_image, write_labels
from napari_scribblemix.errors import ScribbleMixError

TOLERANCE_MM = 1e-4
SIZES, SHAPE = (1.25, 1.5, 9.0), (7, 6, 4)
FORMS = ("both", "sform", "qform", "conflict", "none", "identity")
TURNS = ("straight", "oblique", "sheared")
CORNERS = np.array(list(product((0, 1), repeat=3)))
Affine = NDArray[np.float64]


def _affine(order: tuple[int, ...], flips: tuple[int, ...], turn: str, place: Place) -> Affine:
    """Axis ``order[i]`` of space for file axis i, perhaps turned or sheared by a little."""
    steps = np.zeros((3, 3))
    for axis in range(3):
        steps[order[axis], axis] = flips[axis] * SIZES[axis]
    if turn != "straight":
        a, b = (place.rng.uniform(-0.6, 0.6) for _ in range(2))
        first = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        second = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        steps = first @ second @ steps
    if turn == "sheared":
        steps = steps @ np.array([[1, place.rng.uniform(-0.2, 0.2), 0], [0, 1, 0.1], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:3, 3] = [place.rng.uniform(-200, 200) for _ in range(3)]
    return affine


def _image(path: Path, affine: Affine, forms: str, rng: np.random.Generator) -> None:
    """An image whose header states ``affine`` in the way of ``forms``."""
    made = nibabel.Nifti1Image(rng.integers(0, 500, SHAPE).astype(np.int16), affine)
    header: Any = made.header
    straight = forms not in ("none", "identity")
    if straight:
        made.set_sform(affine, 1 if forms != "qform" else 0)
        made.set_qform(affine, 1 if forms in ("both", "qform", "conflict") else 0)
    data = bytearray(made.to_bytes())
    fields: Any = np.ndarray((), header.template_dtype, buffer=data)
    fields["pixdim"][1:4] = SIZES
    if forms == "conflict":
        fields["pixdim"][1:4] = np.multiply(SIZES, (1.0, 1.0, 1.2))
    if not straight:
        fields["qform_code"], fields["sform_code"] = 0, int(forms == "identity")
        for row, name in enumerate("xyz"):
            fields[f"srow_{name}"] = np.eye(4)[row]
    path.write_bytes(data)


def _far(first: Affine, second: Affine) -> float:
    """The largest distance between corners, in mm."""
    ends = np.c_[CORNERS * (np.array(SHAPE) - 1), np.ones(len(CORNERS))].T
    return float(np.linalg.norm((first @ ends - second @ ends)[:3], axis=0).max())


def _in_space(path: Path) -> tuple[Affine, Any] | None:
    """The affine (in SimpleITK's LPS) and the values; ``None`` where it refuses the file."""
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError:
        return None
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine, sitk.GetArrayFromImage(image)


def _wrong(source: Path, forms: str, place: Place) -> str:
    volume = read_image(source)
    if forms in ("conflict", "none", "identity") and volume.geometry.note is None:
        return "the conflict was not named"
    labels = (np.arange(volume.array.size).reshape(volume.array.shape) % 251).astype(np.uint8)
    target = source.with_name("labels.nii.gz")
    write_labels(target, labels, volume.geometry)
    first, second = nibabel.load(source), nibabel.load(target)
    far = _far(first.affine, second.affine)
    if forms not in ("none", "identity"):
        far = max(far, _far(first.affine, volume.geometry.affine))
    place.highest("nm largest distance", round(far * 1e6))
    if far > TOLERANCE_MM or first.shape != second.shape:
        return f"nibabel sees it {far} mm off"
    if not np.array_equal(volume.geometry.from_file(np.asarray(second.dataobj)), labels):
        return "nibabel sees other labels"
    before, after = _in_space(source), _in_space(target)
    if before is None or after is None:
        place.measures["refused by SimpleITK"] += 1
        return "" if before is None else "SimpleITK refuses the labels and not the image"
    if _far(before[0], after[0]) > TOLERANCE_MM:
        return "SimpleITK sees the labels elsewhere"
    wanted = volume.geometry.to_file(labels).transpose()
    return "" if np.array_equal(after[1], wanted) else "SimpleITK sees other labels"


def attack(place: Place) -> Iterator[str]:
    """All orientations in all ways of saying them, straight, oblique and sheared."""
    rng = np.random.default_rng(0)
    ways = product(permutations(range(3)), product((1, -1), repeat=3), FORMS, TURNS)
    every = list(ways)
    place.rng.shuffle(every)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    for order, flips, forms, turn in every:
        if turn == "sheared" and forms == "qform":
            continue  # a qform cannot say it
        path = place.folder / "image.nii"
        try:
            _image(path, _affine(order, flips, turn, place), forms, rng)
            wrong = _wrong(path, forms, place)
        except (ScribbleMixError, nibabel.spatialimages.HeaderDataError) as error:
            wrong = str(error)
        yield wrong and f"{order} {flips} {forms} {turn}: {wrong}"
