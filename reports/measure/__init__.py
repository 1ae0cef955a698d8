"""Measure: what one process sees of a run, in bounded and mergeable form."""
