"""Step 4: masks looked at, corrected, accepted, measured and exported."""
