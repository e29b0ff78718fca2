"""The napari plugin: draw scribbles, train, watch, correct, accept, export.

Mutable state lives in ``session`` and in the project folder; ``layers`` alone touches the viewer's
layers; ``relay`` turns what the training process tells into Qt signals.  Torch never enters this
process: it would cost seconds at the start and freeze the window while it trains.
"""
