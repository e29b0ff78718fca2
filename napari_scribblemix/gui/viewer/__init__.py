"""napari's viewer: the layers of the open case and how they look; no step touches them itself."""
