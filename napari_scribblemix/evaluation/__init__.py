"""How good a segmentation is, and what the heart measures.  NumPy and SciPy only."""
