"""Step 2: the classes, the pens, and the way of each stroke to the disk."""
