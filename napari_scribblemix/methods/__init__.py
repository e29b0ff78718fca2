"""The methods as batched tensor code: tensors in, named loss terms out; one file per idea.

Each module names the equations of the paper that it stands for.  Nothing here knows a file, a
project or an optimiser, loops over samples, or waits for the device.
"""
