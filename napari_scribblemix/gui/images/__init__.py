"""Step 1: what is open, the list of cases, and the way from one case to the next."""
