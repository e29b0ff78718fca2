"""nibabel without pydicom, so that it is there sooner.

nibabel loads pydicom, where it is installed, for one kind of header extension that is not used
here.  That costs a third of a second at each start.  While ``nibabel.nifti1`` is loaded, pydicom is
therefore hidden; afterwards it can be imported as ever, by nibabel's own DICOM readers too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_HIDDEN = "pydicom"
_LOADED = "nibabel.nifti1"


class _WithoutPydicom(Loader):
    """Loads as the given loader does, with pydicom out of sight."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        modules: dict[str, Any] = sys.modules
        hidden = _HIDDEN not in modules
        if hidden:
            modules[_HIDDEN] = None
        try:
            self._loader.exec_module(module)
        finally:
            if hidden:
                del modules[_HIDDEN]


class _Finder(MetaPathFinder):
    """Finds the one module that would load pydicom."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _LOADED:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _WithoutPydicom(spec.loader)
        return spec


def keep_pydicom_out() -> None:
    """From now on ``nibabel.nifti1``, if it is not loaded yet, is loaded without pydicom."""
    if _LOADED not in sys.modules and not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
