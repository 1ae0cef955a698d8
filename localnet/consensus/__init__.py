"""From an accepted transaction to a handled one: timestamp, fee, effect, and record cache."""
