"""Audit: reads the run's topics back from the mirror, and finds out what became of every message and file."""
