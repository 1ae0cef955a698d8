"""Collect: how every process's measurements come together in one place, and what is missing when they do not."""
