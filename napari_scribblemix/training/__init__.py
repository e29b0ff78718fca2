"""Training: volumes to batches on the device, augmentation, and the only optimiser loop."""
