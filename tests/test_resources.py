"""Where models and samples are found: in a checkout, in a wheel, and when they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_scribblemix import resources
from napari_scribblemix.errors import FileError


def make_installation(root: Path, *, wheel: bool) -> Path:
    package = root / "napari_scribblemix"
    package.mkdir(parents=True)
    if wheel:
        models, samples = package / "_models", package / "_sample_data"
    else:
        models, samples = root / "models", root / "sample_data"
        (root / "pyproject.toml").touch()
    (samples / "cine" / "train").mkdir(parents=True)
    (samples / "SOURCES.md").touch()
    models.mkdir()
    (models / "starter.safetensors").touch()
    (models / "starter.json").touch()
    return package


@pytest.mark.parametrize("wheel", [False, True])
def test_resources_are_found_in_a_checkout_and_in_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: bool
) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", make_installation(tmp_path, wheel=wheel))
    assert resources.sample_kinds() == ("cine",)
    assert (resources.sample_folder("cine") / "train").is_dir()
    assert [path.name for path in resources.bundled_models().values()] == ["starter.safetensors"]


def test_a_folder_of_that_name_beside_an_installed_package_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = make_installation(tmp_path, wheel=True)
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.models_folder() == package / "_models"


def test_a_broken_installation_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "napari_scribblemix")
    with pytest.raises(FileError, match="install the package again"):
        resources.models_folder()


def test_an_unknown_sample_names_the_bundled_ones() -> None:
    with pytest.raises(FileError, match=r"Got the sample 'ct'; expected .*cine, lge"):
        resources.sample_folder("ct")


def test_this_installation_has_both_samples() -> None:
    assert {"cine", "lge"} <= set(resources.sample_kinds())
