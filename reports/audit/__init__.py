"""Audit: reads the run's topics back from the mirror, and settles what became of every message and file."""
