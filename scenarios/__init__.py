"""Scenarios: what is run, which question it answers, and what has to come of it.

A scenario is a profile (`config/profiles/NAME.conf`: Locust options) and a file of this room's `catalogue` for what a
profile cannot say: its users, the shape of its load, its drills and its expectations. `python -m scenarios` lists and
runs them; `locust --headless --config config/profiles/NAME.conf` is the same by hand.
"""
