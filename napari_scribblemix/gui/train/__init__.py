"""Step 3: how to train and with what, and the training process at work."""
