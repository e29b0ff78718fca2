"""The command line: one file per command.  Nothing here may import torch at module level."""
