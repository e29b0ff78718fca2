"""Ways up that were found before: of the same voxels, the same header and the same weights only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_scribblemix.data.geometry import Geometry
from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.data.volume import Volume
from napari_scribblemix.inference.model import Model, ModelCard
from napari_scribblemix.inference.orientation import Turn
from napari_scribblemix.methods.unet import build_network
from napari_scribblemix.training.known_turns import FILE_NAME, KnownTurns

FOUND = Turn(1, mirrored=True)


def model(sha256: str) -> Model:
    card = ModelCard(
        name="known", sha256=sha256, network="fast", in_channels=1, labels=CARDIAC, spacing=1.5,
        mirrored=False, method="partial", recipe={}, steps=1, seconds=1.0, seed=0,
        code_version="0",
    )  # fmt: skip
    return Model(build_network("fast", 1, 4), card)


def image(step: float = 1.5, changed: bool = False) -> Volume:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    array[0, 0, 0] += changed
    return Volume(array, Geometry.from_affine(np.diag([step, 1.5, 8.0, 1.0]), (4, 3, 2)))


def not_again() -> Turn:
    pytest.fail("it was known")


def test_an_answer_is_known_after_it_was_saved(tmp_path: Path) -> None:
    file = tmp_path / "runs" / FILE_NAME
    known = KnownTurns(file)
    assert known.find(model("a"), image(), lambda: FOUND) == FOUND
    assert known.find(model("a"), image(), not_again) == FOUND
    assert not file.exists()
    known.save()
    assert KnownTurns(file).find(model("a"), image(), not_again) == FOUND


def test_another_image_header_or_model_is_looked_at(tmp_path: Path) -> None:
    known = KnownTurns(tmp_path / FILE_NAME)
    known.find(model("a"), image(), lambda: FOUND)
    other = Turn(2)
    assert known.find(model("b"), image(), lambda: other) == other
    assert known.find(model("a"), image(step=1.6), lambda: other) == other
    assert known.find(model("a"), image(changed=True), lambda: other) == other
    two = replace(image(), further=(image(changed=True).array,), channels=("a", "b"))
    assert known.find(model("a"), two, lambda: other) == other


def test_weights_that_are_still_trained_have_no_lasting_answer() -> None:
    known = KnownTurns()
    known.find(model(""), image(), lambda: FOUND)
    assert known.find(model(""), image(), lambda: Turn(3)) == Turn(3)
    known.save()


@pytest.mark.parametrize(
    "content", [b"", b"no json", b"[]", b'{"turns": {"a": [9, true]}}', b'{"turns": [1]}', b"\xff"]
)
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(content)
    known = KnownTurns(file)
    assert known.find(model("a"), image(), lambda: FOUND) == FOUND
    known.save()
    assert KnownTurns(file).find(model("a"), image(), not_again) == FOUND


def test_a_project_keeps_them_for_all_its_runs_and_a_plain_folder_in_the_run(
    tmp_path: Path,
) -> None:
    assert KnownTurns.of_training(tmp_path, tmp_path / "run").file == tmp_path / "run" / FILE_NAME
    (tmp_path / "project.json").touch()
    home = KnownTurns.of_training(tmp_path, tmp_path / "run").file
    assert home == tmp_path / "runs" / FILE_NAME
