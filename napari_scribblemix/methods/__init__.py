"""The methods as batched tensor code: tensors in, named loss terms out; one file per idea.

Nothing here knows a file, a project or an optimiser.  ``docs`` of each module name the equation of
the paper it stands for.
"""
