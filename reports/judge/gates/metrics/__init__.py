"""The metrics of gates; each file has a tuple `METRICS`."""
