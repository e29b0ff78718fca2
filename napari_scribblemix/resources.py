"""The one place that finds ``models/`` and ``sample_data/``, in a checkout or in a wheel.

In a checkout (also an editable install) both folders lie beside the package, at the root of the
repository; the wheel carries them inside the package as ``_models`` and ``_sample_data``.  This
module only finds paths: what is in the folders is read by the rooms that need it.
"""

from __future__ import annotations

from pathlib import Path

from napari_scribblemix.errors import FileError

STARTER_NAME = "starter"
"""How the bundled starter model is named on the command line."""

_PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    root = _PACKAGE.parent
    # pyproject.toml tells a checkout from a site-packages folder that happens to hold such a name.
    in_checkout = root / name
    if (root / "pyproject.toml").is_file() and in_checkout.is_dir():
        return in_checkout
    in_wheel = _PACKAGE / f"_{name}"
    if in_wheel.is_dir():
        return in_wheel
    raise FileError(
        f"The folder {name} of napari-scribblemix was not found at {in_checkout} or {in_wheel}; "
        "install the package again."
    )


def models_folder() -> Path:
    """The folder of the starter weights; ``FileError`` if the installation lacks it."""
    return _find("models")


def sample_folder(kind: str) -> Path:
    """The folder of a bundled sample, with ``train`` and ``heldout`` in it.

    ``FileError`` for a kind that is not bundled, see ``sample_kinds``.
    """
    folder = _find("sample_data") / kind
    if kind not in sample_kinds():
        raise FileError(
            f"Got the sample {kind!r}; expected one of the bundled: {', '.join(sample_kinds())}."
        )
    return folder


def sample_kinds() -> tuple[str, ...]:
    """The names of the bundled samples, sorted."""
    return tuple(sorted(p.name for p in _find("sample_data").iterdir() if p.is_dir()))


def bundled_models() -> dict[str, Path]:
    """The bundled ``.safetensors`` files by name (``starter``); empty if none is shipped."""
    return {path.stem: path for path in sorted(models_folder().glob("*.safetensors"))}


def has_starter() -> bool:
    """Whether the starter model is shipped with this installation."""
    return STARTER_NAME in bundled_models()


def find_model(path: Path) -> Path:
    """``path``, or the bundled model that it names (``starter``) if no such path exists."""
    if path.exists():
        return path
    return bundled_models().get(str(path), path)
