"""The napari plugin: draw scribbles, train, watch, correct, accept, export.

A room for each step that a user sees (``images``, ``scribble``, ``train``, ``review``), and three
that they share: mutable state lives in ``state`` and in the project folder, ``viewer`` alone
touches the viewer's layers, ``widgets`` are what the panels are made of.  ``dock`` puts them
together.  Torch never enters this process: it would cost seconds at the start and freeze the window
while it trains.
"""
