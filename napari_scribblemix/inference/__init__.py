"""Inference: the model file, whole volumes to labels on their native grid, and uncertainty."""
