"""A sheet for each patient and a table of all: what masks measure, and what they look like."""
