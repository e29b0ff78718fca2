"""Scribble-supervised segmentation of cardiac MR in napari and on the command line."""

__version__ = "0.1.0"
