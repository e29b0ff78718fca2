"""Hearts that were never scanned: anatomy, MR appearance, and strokes as a person draws them."""
