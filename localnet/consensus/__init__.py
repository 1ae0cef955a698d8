"""From an accepted transaction to a settled one: its time, its fee, its effect, and what nodes remember of it."""
