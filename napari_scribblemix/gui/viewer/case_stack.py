"""The layers of the open case among those of the viewer: which are there, and in which order.

From bottom to top as ``case_layers.ORDER`` says.  Layers of others in the same viewer are left
alone, and whoever draws keeps the layer in hand whatever is put beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from napari.layers import Layer

from napari_scribblemix.gui.viewer.case_layers import ORDER, Content
from napari_scribblemix.gui.viewer.exchange import exchange, fits


class CaseStack:
    """At most one layer for each role, found again by it."""

    def __init__(self, viewer: Any) -> None:
        """``viewer``: a ``napari.Viewer``, or a ``ViewerModel`` without a window."""
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}

    @property
    def own(self) -> Collection[Layer]:
        """All layers of the case."""
        return self._layers.values()

    def layer(self, role: str) -> Any:
        """The layer of that role, or ``None`` if there is none (any more)."""
        found = self._layers.get(role)
        return found if found is not None and found in self._viewer.layers else None

    def present(self, *roles: str) -> list[Layer]:
        """Those of ``roles`` that are in the viewer."""
        return [layer for role in roles if (layer := self.layer(role)) is not None]

    def show(self, role: str, content: Content) -> Layer:
        """The layer of the role with ``content``: the one that is there if it can take it."""
        layer = self.layer(role)
        if layer is not None and fits(layer, content):
            exchange(layer, content)
            return layer
        new = content.kind(content.array, **content.settings, **content.look)
        self._put(role, new)
        if layer is not None:
            self._viewer.layers.remove(layer)
        return new

    def remove(self, role: str) -> None:
        """Take the layer of the role out of the viewer, if it is there."""
        layer = self.layer(role)
        self._layers.pop(role, None)
        if layer is not None:
            self._viewer.layers.remove(layer)

    def forget(self, layer: object) -> str | None:
        """The role of a layer that somebody took out, which has none from now on."""
        for role, own in list(self._layers.items()):
            if own is layer:
                del self._layers[role]
                return role
        return None

    def _put(self, role: str, layer: Layer) -> None:
        """Lay ``layer`` over the roles below it."""
        layers = self._viewer.layers
        active = layers.selection.active
        above = [layers.index(found) for found in self.present(*ORDER[ORDER.index(role) + 1 :])]
        layers.insert(min(above, default=len(layers)), layer)
        self._layers[role] = layer
        if active is not None and active in self._layers.values():
            layers.selection.active = active
