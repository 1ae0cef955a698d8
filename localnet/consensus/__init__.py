"""From an accepted transaction to a handled one: its time, its fee, its effect, and what nodes remember of it."""
